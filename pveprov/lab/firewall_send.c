/*
 * What the daemon has loaded goes to the hypervisor as rules, where packets exist: after each look of the daemon, when
 * machines or the network changed, and when the 60 s switch lapses. One at a time, in order, and only what is new.
 */
#include "lab/firewall_compile.h"
#include "lab/firewall_private.h"
#include "lab/machine.h"
#include "lab/node_network.h"
#include "lab/vm.h"

enum { GUESTS_MAX = 256, SWITCH_S = 60 };

struct machines {
	struct firewall_guest guests[GUESTS_MAX];
	struct firewall_nic nics[GUESTS_MAX][MACHINE_NICS_MAX];
};

static void add_machine(struct machines *m, size_t i, const struct vm *vm, const json_t *files)
{
	struct firewall_guest *g = &m->guests[i];
	struct machine parsed;

	snprintf(g->id, sizeof(g->id), "%d", vm->vmid);
	g->file = json_object_get(files, g->id);
	g->nics = m->nics[i];
	if (machine_parse(vm->config, vm->vmid, &parsed, NULL) < 0)
		return;
	for (size_t k = 0; k < parsed.n_nics; k++) {
		struct firewall_nic *nic = &m->nics[i][g->n_nics];
		if (parsed.nics[k].function >= 0 || !addr_mac_parse(parsed.nics[k].mac, &nic->mac))
			continue;
		snprintf(nic->id, sizeof(nic->id), "%s", parsed.nics[k].id);
		nic->filtered = parsed.nics[k].filtered;
		g->n_nics++;
	}
}

/* The network of the node's address. */
static bool local_network(const struct lab *l, struct addr_cidr *ret)
{
	const char *own = network_node_address(l), *name;
	json_t *i;

	json_object_foreach(l->network->current, name, i) {
		const char *cidr = json_text(i, "cidr"), *address = json_text(i, "address");
		if (cidr && address && streq(address, own) && addr_cidr_parse(cidr, ret))
			return true;
	}
	return false;
}

char *firewall_rules(const struct lab *l)
{
	const json_t *files = l->firewall->in_force;
	struct machines *m = xcalloc(1, sizeof(*m));
	struct firewall_node node = { .file = json_object_get(files, "host") };
	struct firewall_site s = { .cluster = json_object_get(files, "cluster"),
				   .nodes = &node,
				   .n_nodes = 1,
				   .guests = m->guests,
				   .now_s = lab_wall_s(l) };
	_cleanup_buf_ struct buf rules = { 0 };
	struct vm *vm = NULL;

	while ((vm = vm_next(l, vm ? vm->vmid + 1 : 0)) && s.n_guests < GUESTS_MAX)
		add_machine(m, s.n_guests++, vm, files);
	s.local_known = local_network(l, &s.local);
	firewall_compile(&s, &rules);
	free(m);
	buf_text(&rules);
	return buf_take(&rules);
}

static void no_line(void *ctx UNUSED, const char *text UNUSED)
{
}

static void sent(void *ctx, const char *error, const json_t *result UNUSED)
{
	struct lab *l = ctx;

	l->firewall->sending = false;
	if (error)
		log_warning(l->log, "firewall: %s", error);
	firewall_machines_changed(l); /* by way of the loop: the lab may be about to end */
}

static void lapsed(void *ctx)
{
	struct lab *l = ctx;

	l->firewall->lapse = NULL;
	firewall_send(l);
}

/* The switch lapses without anybody's call. */
static void watch_switch(struct lab *l)
{
	struct firewall *f = l->firewall;
	int64_t enable = json_int(json_object_get(json_object_get(f->in_force, "cluster"), "options"), "enable", 0);
	int64_t left_s = enable + SWITCH_S + 1 - lab_wall_s(l);

	timer_cancel(f->lapse);
	f->lapse = enable > 1 && left_s > 0 ? lab_after(l, left_s * 1000, lapsed, l) : NULL;
}

void firewall_send(struct lab *l)
{
	struct firewall *f = l->firewall;
	struct hypervisor *h = l->hypervisor;

	if (!h || !h->ops->netns || !f->in_force)
		return;
	watch_switch(l);
	_cleanup_free_ char *rules = f->sending ? NULL : firewall_rules(l);
	if (!rules || (f->rules && streq(rules, f->rules)))
		return; /* what is being sent comes back here when it has arrived */
	json_t *text = json_string(rules);
	struct hv_request r = { .op = HV_FIREWALL, .network = text };
	free(f->rules);
	f->rules = TAKE_PTR(rules);
	f->sending = true;
	h->ops->begin(h, &r, no_line, sent, l);
	json_decref(text);
}

static void send_later(void *ctx)
{
	struct lab *l = ctx;

	l->firewall->soon = NULL;
	firewall_send(l);
}

void firewall_machines_changed(struct lab *l)
{
	struct firewall *f = l->firewall;

	if (f->in_force && !f->soon)
		f->soon = lab_after(l, 0, send_later, l);
}
