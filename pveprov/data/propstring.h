#pragma once
/*
 * propstring.h: Proxmox's property strings: "virtio=BC:24:11:AA:BB:01,bridge=vmbr1,firewall=1".
 *
 * Order is kept; one item, usually the first, may be a bare value, which belongs to the default key
 * ("01:00,pcie=1").
 */
#include "base/buf.h"
#include "base/err.h"

struct propstring_item {
	char *key; /* never NULL; the default key's name for a bare value */
	char *value;
	bool bare;
};

struct propstring {
	struct propstring_item *items;
	size_t n;
};

enum { PROPSTRING_ITEMS_MAX = 256 };

/*
 * Parses text; default_key names a bare value (NULL: a bare value is an error). Empty items are
 * skipped, as the server does. Duplicate keys, empty keys, control characters and more than
 * PROPSTRING_ITEMS_MAX items are errors (ERR_INTERNAL: the server sent it). *ret is overwritten on
 * success only.
 */
int propstring_parse(const char *text, const char *default_key, struct propstring *ret,
		     struct err **err);

const char *propstring_get(const struct propstring *p, const char *key); /* NULL where absent */

/* 1, on, yes, true / 0, off, no, false; absent or anything else is `otherwise`. */
bool propstring_flag(const struct propstring *p, const char *key, bool otherwise);

/* Sets or replaces; a replaced bare value stays bare. value NULL removes. */
void propstring_set(struct propstring *p, const char *key, const char *value);

/*
 * Equality by meaning: the order of items, the letter case of MAC addresses and the spelling of
 * flags (1, on, true) do not matter.
 */
bool propstring_equal(const struct propstring *a, const struct propstring *b);

/* malloc'd text, items in order. */
char *propstring_text(const struct propstring *p);

void propstring_free(struct propstring *p);
#define _cleanup_propstring_ _cleanup_(propstring_free)
