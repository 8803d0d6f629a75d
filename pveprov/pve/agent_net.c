#include "base/strv.h"
#include "pve/agent_private.h"

static const struct pace look_pace = { 20, 500, 2000 };

static bool read_address(const json_t *j, struct addr_cidr *ret)
{
	const char *text = json_text(j, "ip-address");
	int64_t prefix = json_int(j, "prefix", -1);
	_cleanup_free_ char *cidr =
		text ? xasprintf("%.*s/%" PRId64, (int)strcspn(text, "%"), text, prefix) : NULL;

	return cidr && addr_cidr_parse(cidr, ret);
}

static struct pve_guest_nic read_nic(const json_t *j, struct arena *a)
{
	const json_t *list = json_list(j, "ip-addresses");
	const char *mac = json_text(j, "hardware-address");
	struct pve_guest_nic nic = {
		.name = arena_strdup(a, json_text(j, "name")),
		.addrs = arena_array(a, json_array_size(list) + 1, sizeof(*nic.addrs)),
	};
	size_t i;
	json_t *e;

	nic.has_mac = mac && addr_mac_parse(mac, &nic.mac);
	json_array_foreach(list, i, e)
		if (read_address(e, &nic.addrs[nic.n_addrs]))
			nic.n_addrs++;
	return nic;
}

int pve_agent_interfaces(struct pve_client *c, struct pve_vm vm, struct arena *a,
			 struct pve_guest_nic **ret, size_t *ret_n, struct err **err)
{
	_cleanup_json_ json_t *result = NULL;
	size_t n = 0, i;
	json_t *j;

	if (pve_agent_result(c, vm, "network-get-interfaces", &result, err) < 0)
		return -1;
	struct pve_guest_nic *list = arena_array(a, json_array_size(result) + 1, sizeof(*list));
	json_array_foreach(result, i, j) {
		struct pve_guest_nic nic = read_nic(j, a);
		if (nic.name)
			list[n++] = nic;
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

static bool fits(const struct addr_cidr *c, const struct pve_address_want *w, uint8_t family)
{
	if (c->addr.family != family || addr_is_loopback(&c->addr))
		return false;
	return w->within ? addr_cidr_contains(w->within, &c->addr) : !addr_is_link_local(&c->addr);
}

static const struct addr_cidr *find(const struct pve_guest_nic *nics, size_t n,
				    const struct pve_address_want *w)
{
	uint8_t families[] = { w->family ? w->family : 4, w->family ? w->family : 6 };

	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0;
			     nics[i].has_mac && addr_mac_equal(&nics[i].mac, &w->mac) &&
			     k < nics[i].n_addrs;
			     k++)
				if (fits(&nics[i].addrs[k], w, families[f]))
					return &nics[i].addrs[k];
	return NULL;
}

/* "eth0 bc:24:11:.. 10.0.0.5/24; eth1 ..." */
static char *seen_text(const struct pve_guest_nic *nics, size_t n)
{
	_cleanup_strv_ struct strv seen = { 0 };
	char text[ADDR_TEXT_MAX], mac[ADDR_MAC_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct buf b = { 0 };
		if (streq(nics[i].name, "lo"))
			continue;
		buf_addf(&b, "%s %s", nics[i].name,
			 nics[i].has_mac ? addr_mac_text(&nics[i].mac, mac) : "without MAC");
		for (size_t k = 0; k < nics[i].n_addrs; k++)
			buf_addf(&b, " %s", addr_cidr_text(&nics[i].addrs[k], text));
		strv_add(&seen, buf_text(&b));
	}
	return seen.n ? strv_join(&seen, "; ") : xstrdup("no interface");
}

int pve_agent_wait_address(struct pve_client *c, struct pve_vm vm,
			   const struct pve_address_want *want, int64_t timeout_ms,
			   struct addr_cidr *ret, struct err **err)
{
	struct deadline d = deadline_in(c->clock, timeout_ms);
	struct addr_cidr last = { 0 };

	for (;;) {
		_cleanup_arena_ struct arena a = { 0 };
		_cleanup_err_ struct err *failed = NULL;
		struct pve_guest_nic *nics = NULL;
		size_t n = 0;
		char mac[ADDR_MAC_TEXT_MAX];

		int r = pve_agent_interfaces(c, vm, &a, &nics, &n, &failed);
		if (r < 0 && !pve_is(failed, PVE_AGENT_NOT_READY) && !pve_outcome_unknown(failed))
			return err_move(err, TAKE_PTR(failed));
		const struct addr_cidr *now = r == 0 ? find(nics, n, want) : NULL;
		if (now && last.addr.family && addr_compare(&now->addr, &last.addr) == 0) {
			*ret = *now;
			return 0;
		}
		last = now ? *now : (struct addr_cidr){ 0 };
		if (deadline_passed(&d)) {
			_cleanup_free_ char *seen =
				r == 0 ? seen_text(nics, n) : xstrdup(failed->text);
			err_set(err, ERR_TIMEOUT,
				"no address on the NIC %s of VM %u within %.3g s; seen: %s",
				addr_mac_text(&want->mac, mac), vm.id, (double)timeout_ms / 1000,
				seen);
			return err_hint(err,
					"is a DHCP server on its bridge? look at the VM's console");
		}
		if (deadline_pace(&d, &look_pace, err) < 0)
			return -1;
	}
}

int pve_agent_osinfo(struct pve_client *c, struct pve_vm vm, struct arena *a,
		     struct pve_osinfo *ret, struct err **err)
{
	_cleanup_json_ json_t *j = NULL;
	const char *id;

	if (pve_agent_result(c, vm, "get-osinfo", &j, err) < 0)
		return -1;
	if (json_need_text(j, "id", &id, err) < 0)
		return err_wrap(err, "operating system of VM %u", vm.id);
	*ret = (struct pve_osinfo){
		.id = arena_strdup(a, id),
		.name = arena_strdup(a, json_text(j, "name")),
		.version_id = arena_strdup(a, json_text(j, "version-id")),
		.pretty_name = arena_strdup(a, json_text(j, "pretty-name")),
		.kernel = arena_strdup(a, json_text(j, "kernel-release")),
		.machine = arena_strdup(a, json_text(j, "machine")),
	};
	return 0;
}
