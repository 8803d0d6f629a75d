#pragma once
/*
 * distribution.h: what differs between the distributions a router may run: package names, paths,
 * units. One table.
 */
#include "render/render.h"

struct distribution {
	const char *name;
	const char *const *packages; /* NULL-terminated, as the lists below */
	const char *const *enable;   /* beside one dnsmasq@NETWORK.service for each network */
	const char *const *disable;
	const char *const *mask;
	const char *const *absent; /* paths that would compete with ours */
	const char *nft, *dnsmasq, *dnscrypt_proxy, *wait_online, *sysctl; /* programs */
	const char *dnsmasq_group;
	const char *high_package_manager, *low_package_manager; /* etckeeper's words */
};

const struct distribution *distribution_get(enum render_distribution id);

/* Units, packages and paths of the distribution into the bundle. */
int distribution_apply(const struct distribution *d, struct bundle *out, struct err **err);
