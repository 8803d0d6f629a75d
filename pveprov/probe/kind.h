#pragma once
/*
 * kind.h: what a kind of probe is, inside probe/. One file each, one table (probe_kinds in kinds.c).
 */
#include "base/strv.h"
#include "probe/probe.h"

#include <jansson.h>

struct probe_kind {
	const char *name; /* "default-route": the recipe's word */
	const char *look; /* probe.sh's function: look_NAME */
	int64_t timeout_ms;
	/* Words for probe.sh, none of them with a blank. */
	void (*words)(const struct probe *p, struct strv *out);
	char *(*label)(const struct probe *p);	  /* malloc'd: "ping 1.1.1.1" */
	char *(*expected)(const struct probe *p); /* malloc'd */
	/* Whether `text` is what is expected; what was seen is added to `seen` in any case. */
	bool (*judge)(const struct probe *p, const char *text, struct buf *seen);
};

extern const struct probe_kind probe_lease, probe_default_route, probe_resolver, probe_ping, probe_resolve, probe_tcp,
	probe_refused, probe_interface, probe_services, probe_ruleset, probe_encrypted_dns;

extern const struct probe_kind *const probe_kinds[]; /* NULL-terminated, by name */

/* The first line of text, or "nothing": for answers that make no sense. */
void probe_seen_line(const char *text, struct buf *seen);

/* The array that iproute2 printed (new reference), or NULL: then `seen` has its error. */
json_t *probe_ip_json(const char *text, struct buf *seen);

/* The one interface in such an array (borrowed), or NULL. */
const json_t *probe_ip_link(const json_t *links);
