#pragma once
/*
 * propstring.h: Proxmox's property strings: "virtio=BC:24:11:AA:BB:01,bridge=vmbr1,firewall=1".
 *
 * Order is kept; the first item may be a bare value, which belongs to the default key ("01:00,pcie=1"). Comparison is
 * by meaning: order, letter case of MAC addresses, 1/on/true and 0/off/false do not matter where the caller says so.
 */
#include "base/buf.h"
#include "base/err.h"

struct propstring_item {
	char *key; /* never NULL; the default key's name for a bare first value */
	char *value;
	bool bare;
};

struct propstring {
	struct propstring_item *items;
	size_t n;
};

/*
 * Parses text; default_key names a bare first value (NULL: a bare value is an error).
 * Duplicate keys, empty keys and control characters are errors (ERR_INTERNAL: the server sent it).
 */
int propstring_parse(const char *text, const char *default_key, struct propstring *ret, struct err **err);

const char *propstring_get(const struct propstring *p, const char *key); /* NULL where absent */

/* Sets or replaces; value NULL removes. */
void propstring_set(struct propstring *p, const char *key, const char *value);

/* malloc'd text, items in order. */
char *propstring_text(const struct propstring *p);

void propstring_free(struct propstring *p);
#define _cleanup_propstring_ _cleanup_(propstring_free)
