#pragma once
/*
 * upstream.h: the made-up internet: DHCP on the segments that the lab's machines see, a name
 * server, an encrypted resolver (DNS over HTTPS, certificate of the lab's own authority, at the
 * addresses of the well-known public ones), and a web server that also offers the apt repository.
 * Where a segment has IPv6, router advertisements and DHCPv6 prefix delegation as a provider gives
 * them. It lives in a network namespace of its own; its addresses are ones that a router takes for
 * internet.
 */
#include "base/deadline.h"
#include "data/addr.h"
#include "lab/image.h"

/* A segment that it is connected to. */
struct upstream_link {
	char device[16];
	struct addr_cidr address; /* ours, and the gateway that DHCP hands out */
	struct addr_range dhcp;
	struct addr dns;
	struct addr_cidr address6; /* announced by router advertisements; family 0: no IPv6 here */
	struct addr delegated6;	   /* the first prefix that DHCPv6 delegates here */
};

struct upstream_spec {
	int netns;
	const char *dir; /* for its files */
	const struct image *image;
	const struct upstream_link *links;
	size_t n_links;
	const struct clock *clock;
};

struct upstream;

/* Everything answers when it returns. */
int upstream_open(const struct upstream_spec *spec, struct upstream **ret, struct err **err);
struct upstream *upstream_free(struct upstream *u);
DEFINE_CLEANUP(struct upstream *, upstream_free)

/* A name of the made-up internet and its addresses. */
struct upstream_host {
	const char *name;
	const char *addresses[3];
};

/* The table of them; ends with a NULL name. */
const struct upstream_host *upstream_hosts(void);
