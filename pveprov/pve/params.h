#pragma once
/*
 * params.h: parameters of a call, encoded as they are added, and paths with encoded segments.
 *
 * Sent as form body with POST and PUT, in the query with GET and DELETE. A key added twice is an
 * array. The memory is wiped when it is freed, as a password may be in it. A zeroed struct is an
 * empty list.
 */
#include "base/buf.h"

struct pve_params {
	struct buf encoded; /* "key=value&key=value" */
};

void pve_params_add(struct pve_params *p, const char *key,
		    const char *value); /* NULL value: nothing is added */
void pve_params_add_len(struct pve_params *p, const char *key, const char *value, size_t len);
void pve_params_addf(struct pve_params *p, const char *key, const char *fmt, ...) PRINTF(3, 4);
void pve_params_add_int(struct pve_params *p, const char *key, int64_t value);
void pve_params_add_bool(struct pve_params *p, const char *key,
			 bool value); /* 1 or 0: nothing else is accepted */
void pve_params_add_all(struct pve_params *p, const struct pve_params *more); /* NULL: nothing */
bool pve_params_empty(const struct pve_params *p);
void pve_params_free(struct pve_params *p);
#define _cleanup_pve_params_ _cleanup_(pve_params_free)

/*
 * A path below /api2/json as printf makes it, but every %s is percent-encoded ('/' too):
 * "/nodes/%s/qemu/%u/config". Knows %s, %u (unsigned) and %% only. malloc'd.
 */
char *pve_path(const char *fmt, ...) PRINTF(1, 2);

/* Percent-encodes all but unreserved characters: `sshkeys` wants its value encoded once more.
 * malloc'd. */
char *pve_percent_encode(const char *text);
char *pve_percent_decode(const char *text); /* malloc'd; a broken escape stays as it is */
