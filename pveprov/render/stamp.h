#pragma once
/*
 * stamp.h: DNS stamps (draft-denis-dns-stamps): everything needed to reach an encrypted resolver,
 * in one string, so that no list of servers has to be downloaded and no name resolved first.
 */
#include "base/err.h"

/* What a resolver promises; informal, a stamp carries them as bits. */
enum { STAMP_DNSSEC = 1, STAMP_NO_LOGS = 2, STAMP_NO_FILTER = 4 };

/* A resolver that is known by name. Reached by DNS over HTTPS on port 443. */
struct stamp_resolver {
	const char *name;
	const char *address; /* IPv4 */
	const char *host;    /* of the certificate */
	const char *path;
	unsigned promises;
};

/* The built-in resolver of that name (all of recipe_resolver_names have one), or NULL. */
const struct stamp_resolver *stamp_resolver(const char *name);

/* malloc'd "sdns://..." of a DNS-over-HTTPS server; no pinned certificate hash. */
char *stamp_doh(const char *address, const char *host, const char *path, unsigned promises);

/*
 * Checks a stamp from a recipe: "sdns://", strict base64url, a protocol that dnscrypt-proxy speaks
 * (DNSCrypt or DoH), and an address in it. ERR_RECIPE. The malloc'd address with its port
 * ("9.9.9.9:443") goes to *ret_address.
 */
int stamp_check(const char *stamp, char **ret_address, struct err **err);
