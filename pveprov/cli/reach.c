#include "cli/reach.h"
#include "base/fs.h"
#include "data/propstring.h"
#include "pve/agent.h"

enum { KEY_BYTES_MAX = 16384 };

int reach_mac_of(struct target *t, const char *nic, struct addr_mac *ret, struct err **err)
{
	_cleanup_json_ json_t *config = NULL;
	_cleanup_propstring_ struct propstring p = { 0 };

	if (pve_vm_config(t->client, t->vm, false, &config, err) < 0)
		return -1;
	const char *device = json_text(config, nic);
	if (!device)
		return err_set(err, ERR_NOT_FOUND, "%s has no network device '%s'", t->label, nic);
	if (propstring_parse(device, "model", &p, err) < 0)
		return err_wrap(err, "'%s' of %s", nic, t->label);
	for (size_t i = 0; i < p.n;
	     i++) /* "virtio=BC:24:11:..": the value of the model, whichever it is */
		if (addr_mac_parse(p.items[i].value, ret))
			return 0;
	return err_set(err, ERR_NOT_FOUND, "'%s' of %s has no MAC address", nic, t->label);
}

/* An address that can be reached from elsewhere: IPv4 first. malloc'd, without prefix. */
static char *pick_address(const struct pve_guest_nic *nics, size_t n, const struct addr_mac *mac)
{
	static const uint8_t families[] = { 4, 6 };
	char text[ADDR_TEXT_MAX];

	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		for (size_t i = 0; i < n; i++) {
			if (mac && !(nics[i].has_mac && addr_mac_equal(&nics[i].mac, mac)))
				continue;
			for (size_t k = 0; k < nics[i].n_addrs; k++) {
				const struct addr *a = &nics[i].addrs[k].addr;
				if (a->family == families[f] && !addr_is_loopback(a) &&
				    !addr_is_link_local(a))
					return xstrdup(addr_text(a, text));
			}
		}
	return NULL;
}

static int find_address(struct target *t, const char *nic, char **ret, struct err **err)
{
	struct pve_guest_nic *nics;
	struct addr_mac mac;
	size_t n;

	if ((nic && reach_mac_of(t, nic, &mac, err) < 0) ||
	    pve_agent_interfaces(t->client, t->vm, &t->arena, &nics, &n, err) < 0)
		return -1;
	*ret = pick_address(nics, n, nic ? &mac : NULL);
	if (*ret)
		return 0;
	err_set(err, ERR_NOT_FOUND, "%s has no address that could be reached%s%s", t->label,
		nic ? " on " : "", nic ? nic : "");
	return err_hint(err, "'pveprov vm ip %u' shows what it has", t->vm.id);
}

/* Lines "ALIAS type key" of all host keys that the guest has. */
static int read_host_keys(struct target *t, const char *alias, struct buf *out, struct err **err)
{
	static const char *const types[] = { "ed25519", "ecdsa", "rsa" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		_cleanup_free_ char *path = xasprintf("/etc/ssh/ssh_host_%s_key.pub", types[i]);
		_cleanup_buf_ struct buf key = { 0 };
		_cleanup_err_ struct err *why = NULL;
		if (pve_agent_read(t->client, t->vm, path, KEY_BYTES_MAX, &key, &why) == 0)
			buf_addf(out, "%s %.*s\n", alias, (int)strcspn(buf_text(&key), "\r\n"),
				 buf_text(&key));
		else if (why->kind != ERR_NOT_FOUND)
			return err_move(err, TAKE_PTR(why));
	}
	if (out->len)
		return 0;
	err_set(err, ERR_NOT_FOUND, "%s has no SSH host keys", t->label);
	return err_hint(err, "is an SSH server installed there? 'pveprov vm exec' needs none");
}

static int write_known_hosts(const struct target *t, struct buf *keys, char **ret_path,
			     struct err **err)
{
	_cleanup_free_ char *dir = context_runtime_path("known_hosts"),
			    *name = xasprintf("%s-%u", t->vm.node, t->vm.id);
	char *path = fs_join(dir, name);

	*ret_path = path;
	return fs_mkdirs(dir, 0700, err) < 0 ? -1
					     : fs_write(path, keys->data, keys->len, 0600, err);
}

int reach_find(struct app *app, struct target *t, const char *nic, int64_t port, const char *user,
	       struct reach *ret, struct err **err)
{
	_cleanup_reach_ struct reach r = { 0 };
	_cleanup_buf_ struct buf keys = { 0 };
	_cleanup_free_ char *known_hosts = NULL, *alias = xasprintf("pveprov-%u", t->vm.id);
	const struct context *c;

	if (app_context(app, &c, err) < 0 || find_address(t, nic, &r.address, err) < 0 ||
	    read_host_keys(t, alias, &keys, err) < 0 ||
	    write_known_hosts(t, &keys, &known_hosts, err) < 0)
		return -1;
	strv_addf(&r.options, "-oUserKnownHostsFile=\"%s\"", known_hosts);
	strv_add(&r.options, "-oGlobalKnownHostsFile=/dev/null");
	strv_add(&r.options, "-oStrictHostKeyChecking=yes");
	strv_add(&r.options, "-oUpdateHostKeys=no");
	strv_add(&r.options, "-oCheckHostIP=no");
	strv_addf(&r.options, "-oHostKeyAlias=%s", alias);
	if (port)
		strv_addf(&r.options, "-oPort=%" PRId64, port);
	if (c->ssh.key)
		strv_addf(&r.options, "-oIdentityFile=\"%s\"", c->ssh.key);
	if (c->ssh.proxy)
		strv_addf(&r.options, "-oProxyCommand=%s", c->ssh.proxy);
	r.user = user ? user : c->ssh.user ? c->ssh.user : "root";
	*ret = r;
	r = (struct reach){ 0 };
	return 0;
}

void reach_free(struct reach *r)
{
	free(r->address);
	strv_free(&r->options);
}
