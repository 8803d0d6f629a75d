#pragma once
/*
 * job.h: one rendering, inside render/ only: what is rendered, for which distribution, into which
 * bundle.
 *
 * Each kind of file has one function `int NOUN_render(const struct job *j, struct err **err)` in
 * NOUN.c. The checks of render.c have passed when it is called: names are safe to write unquoted
 * into every language used here, no interface has two roles, and every interface is either a NIC of
 * the VM or a port of its card.
 */
#include "render/distribution.h"
#include "render/render.h"

struct job {
	const struct recipe_vm *vm;
	const struct recipe_router *router; /* vm->router */
	const struct render_facts *facts;
	const struct distribution *distribution;
	struct bundle *out;
};

/* Starts a file: a comment that says who wrote it, from what, and what was assumed. `mark` begins a
 * comment. */
void job_header(const struct job *j, struct buf *b, const char *mark);

/* Puts what was written into the bundle; fails when the buffer overflowed. */
int job_file(const struct job *j, const char *path, struct buf *b, struct err **err);

/* The NIC of the VM with that name, or NULL. */
const struct recipe_nic *job_nic(const struct job *j, const char *interface);

/* Whether routers near the admin interface are listened to for its own IPv6 address. */
bool job_admin_dynamic6(const struct job *j);

/* The domain of a network: its own or its interface's name. */
const char *job_domain(const struct recipe_network *n);

/* Whether the network may use a service of the router. */
bool job_allows(const struct recipe_network *n, enum recipe_allow_kind kind);

/* Whether the network has a dnsmasq: it may use DNS or DHCP. */
bool job_serves(const struct recipe_network *n);

/* Whether IPv6 is routed for the network: it has an address or will get one by prefix delegation.
 */
bool job_ipv6(const struct job *j, const struct recipe_network *n);

/* Whether a forward leads from one network to another. */
bool job_forwards(const struct job *j, const char *from, const char *to);

/* Whether what is written unquoted is safe to write, and whether the parts fit together.
 * ERR_RECIPE. */
int check_job(const struct recipe *r, const struct job *j, struct err **err);

int cloudinit_render(const struct job *j, struct err **err);
int dnscrypt_render(const struct job *j, struct err **err);
int dnsmasq_render(const struct job *j, struct err **err);
int etckeeper_render(const struct job *j, struct err **err);
int firewall_unit_render(const struct job *j, struct err **err);
int networkd_render(const struct job *j, struct err **err);
int nftables_render(const struct job *j, struct err **err);
int online_render(const struct job *j, struct err **err);
int resolv_render(const struct job *j, struct err **err);
int sysctl_render(const struct job *j, struct err **err);
