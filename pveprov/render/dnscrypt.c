#include "render/job.h"
#include "render/stamp.h"
#include "base/text.h"

#define CONFIG "/etc/dnscrypt-proxy/dnscrypt-proxy.toml"

/*
 * The keys of dnscrypt-proxy 2.1 (Debian 13, Arch). It refuses unknown keys.
 * netprobe: waits for a route to the first server, second by second, however late wan's lease
 * comes. Nothing is sent. The bootstrap resolvers have no use with addresses in every stamp, but
 * the key's default would be one more address.
 */
static const char settings[] = "listen_addresses = ['127.0.0.1:53', '[::1]:53']\n"
			       "max_clients = 250\n"
			       "ipv4_servers = true\n"
			       "ipv6_servers = true\n"
			       "dnscrypt_servers = true\n"
			       "doh_servers = true\n"
			       "require_dnssec = false\n"
			       "require_nolog = false\n"
			       "require_nofilter = false\n"
			       "timeout = 5000\n"
			       "keepalive = 30\n"
			       "cert_refresh_delay = 240\n"
			       "ignore_system_dns = true\n"
			       "netprobe_timeout = -1\n"
			       "block_ipv6 = false\n"
			       "block_unqualified = true\n"
			       "block_undelegated = true\n"
			       "cache = true\n"
			       "cache_size = 4096\n"
			       "cache_min_ttl = 60\n"
			       "cache_max_ttl = 86400\n"
			       "cache_neg_min_ttl = 10\n"
			       "cache_neg_max_ttl = 600\n";

/* Servers by name, stamp and the first one's address. Names are ours or "stamp-N": safe in TOML. */
struct servers {
	struct strv names;
	struct strv stamps;
	char *first_address;
};

static void servers_free(struct servers *s)
{
	strv_free(&s->names);
	strv_free(&s->stamps);
	free(s->first_address);
}

static int add_builtin(struct servers *s, const char *name, struct err **err)
{
	const struct stamp_resolver *r = stamp_resolver(name);

	if (!r) {
		const char *near = text_nearest(name, recipe_resolver_names);
		err_set(err, ERR_RECIPE, "resolver '%s' is not built in", name);
		return near ? err_hint(err, "did you mean '%s'? others are given as 'stamps'", near)
			    : err_hint(err, "give it as a stamp (sdns://...) in 'stamps'");
	}
	if (strv_contains(&s->names, name))
		return err_set(err, ERR_RECIPE, "resolver '%s' is named twice", name);
	strv_add(&s->names, name);
	strv_take(&s->stamps, stamp_doh(r->address, r->host, r->path, r->promises));
	return 0;
}

static int collect(const struct recipe_dns *dns, struct servers *s, struct err **err)
{
	for (size_t i = 0; i < dns->dnscrypt.n; i++)
		if (add_builtin(s, dns->dnscrypt.v[i], err) < 0)
			return -1;
	for (size_t i = 0; i < dns->stamps.n; i++) {
		strv_addf(&s->names, "stamp-%zu", i + 1);
		strv_add(&s->stamps, dns->stamps.v[i]);
	}
	if (!s->names.n) {
		err_set(err, ERR_RECIPE, "the router has no resolver");
		return err_hint(err, "for example dns: { dnscrypt: [cloudflare, quad9] }");
	}
	for (size_t i = 0; i < s->stamps.n; i++) {
		_cleanup_free_ char *address = NULL;
		if (stamp_check(s->stamps.v[i], &address, err) < 0)
			return -1;
		if (!s->first_address)
			s->first_address = TAKE_PTR(address);
	}
	return 0;
}

static int config(const struct job *j, const struct servers *s, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	buf_addf(&b, "server_names = [");
	for (size_t i = 0; i < s->names.n; i++)
		buf_addf(&b, "%s'%s'", i ? ", " : "", s->names.v[i]);
	buf_addf(&b, "]\n%sbootstrap_resolvers = []\nnetprobe_address = '%s'\n\n[static]\n",
		 settings, s->first_address);
	for (size_t i = 0; i < s->names.n; i++)
		buf_addf(&b, "\n[static.'%s']\nstamp = '%s'\n", s->names.v[i], s->stamps.v[i]);
	return job_file(j, CONFIG, &b, err);
}

/*
 * A unit of our own: Debian's requires a socket that binds 127.0.2.1, and a drop-in cannot take a
 * requirement away.
 */
static const char unit[] = "[Unit]\n"
			   "Description=Encrypted DNS for this router\n"
			   "Documentation=https://github.com/DNSCrypt/dnscrypt-proxy/wiki\n"
			   "After=network-pre.target nftables.service\n"
			   "Wants=nss-lookup.target\n"
			   "Before=nss-lookup.target\n"
			   "StartLimitIntervalSec=0\n"
			   "\n"
			   "[Service]\n"
			   "ExecStart=%s -config " CONFIG "\n"
			   "Restart=always\n"
			   "RestartSec=2\n"
			   "DynamicUser=yes\n"
			   "AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
			   "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"
			   "PrivateDevices=yes\n"
			   "ProtectHome=yes\n"
			   "ProtectKernelTunables=yes\n"
			   "ProtectKernelModules=yes\n"
			   "ProtectControlGroups=yes\n"
			   "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
			   "RestrictNamespaces=yes\n"
			   "LockPersonality=yes\n"
			   "MemoryDenyWriteExecute=yes\n"
			   "\n"
			   "[Install]\n"
			   "WantedBy=multi-user.target\n";

int dnscrypt_render(const struct job *j, struct err **err)
{
	_cleanup_(servers_free) struct servers servers = { 0 };
	_cleanup_buf_ struct buf b = { 0 };

	if (collect(&j->router->dns, &servers, err) < 0 || config(j, &servers, err) < 0)
		return -1;
	job_header(j, &b, "#");
	buf_addf(&b, unit, j->distribution->dnscrypt_proxy);
	return job_file(j, "/etc/systemd/system/dnscrypt-proxy.service", &b, err);
}
