/*
 * The firewall on the qemu hypervisor: rules into the node's namespace, and a bridge of its own for each filtered NIC, as
 * Proxmox makes it: tapNiM in fwbrNiM, whose other port fwlnNiM is one end of a cable to fwprNpM in the real bridge.
 */
#include "lab/qemu_firewall.h"
#include "base/proc.h"
#include "lab/netns.h"
#include "lab/qemu_op.h"

static bool is_made(const struct qemu_filters *f, const char *name)
{
	return strv_contains(&f->names, name);
}

static char *name_of(int vmid, const char *nic)
{
	return xasprintf("%di%s", vmid, nic + strlen("net"));
}

static void make(struct qemu_filters *f, int vmid, const struct machine_nic *nic, const char *name, struct buf *b)
{
	buf_addf(b,
		 "link add fwbr%s type bridge forward_delay 0 stp_state 0 mcast_snooping 0\n"
		 "link add fwln%s type veth peer name fwpr%dp%s\n"
		 "link set fwbr%s addrgenmode none\nlink set fwln%s addrgenmode none\nlink set fwpr%dp%s addrgenmode none\n"
		 "link set fwln%s master fwbr%s\nlink set fwbr%s up\nlink set fwln%s up\n",
		 name, name, vmid, nic->id + strlen("net"), name, name, vmid, nic->id + strlen("net"), name, name, name, name);
	strv_add(&f->names, name);
}

static void unmake(struct qemu_filters *f, const char *name, struct buf *b)
{
	struct strv left = { 0 };

	buf_addf(b, "link del fwln%s\nlink del fwbr%s\n", name, name);
	for (size_t i = 0; i < f->names.n; i++)
		if (!streq(f->names.v[i], name))
			strv_add(&left, f->names.v[i]);
	strv_free(&f->names);
	f->names = left;
}

void qemu_filters_plug(struct qemu_filters *f, int vmid, const struct machine_nic *nic, struct buf *b)
{
	_cleanup_free_ char *name = name_of(vmid, nic->id);

	if (nic->filtered && !is_made(f, name))
		make(f, vmid, nic, name, b);
	if (nic->filtered)
		buf_addf(b, "link set %s master fwbr%s\nlink set fwpr%dp%s master %s\nlink set fwpr%dp%s up\n", nic->tap, name,
			 vmid, nic->id + strlen("net"), nic->bridge, vmid, nic->id + strlen("net"));
	else
		buf_addf(b, "link set %s master %s\n", nic->tap, nic->bridge);
	buf_addf(b, "link set %s up\n", nic->tap);
	if (!nic->filtered && nic->function < 0 && is_made(f, name))
		unmake(f, name, b);
}

void qemu_filters_unplug(struct qemu_filters *f, int vmid, struct buf *b)
{
	_cleanup_free_ char *prefix = xasprintf("%di", vmid);
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < f->names.n; i++)
		if (starts_with(f->names.v[i], prefix))
			strv_add(&names, f->names.v[i]);
	for (size_t i = 0; i < names.n; i++)
		unmake(f, names.v[i], b);
}

void qemu_filters_free(struct qemu_filters *f)
{
	strv_free(&f->names);
}

/* Packets between the ports of a bridge come to the rules by way of br_netfilter. */
static int filter_bridges(int netns, struct err **err)
{
	static const char *const keys[] = { "net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (netns_sysctl(netns, keys[i], "1", err) < 0)
			return err_hint(err, "load the kernel's module br_netfilter; until then only the node is filtered");
	return 0;
}

int op_firewall(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	const char *rules = json_string_value(r->network);
	int netns = qemu_net_node(vm->hv->net);
	const struct proc_spec spec = { .argv = argv,
					.input = rules,
					.input_len = rules ? strlen(rules) : 0,
					.timeout_ms = 20000,
					.in_child = netns_enter,
					.in_child_ctx = &netns };

	(void)ret;
	if (!rules)
		return err_set(err, ERR_INTERNAL, "the firewall's rules are no text");
	return proc_check(&spec, &vm->hv->clock, err) < 0 ? -1 : filter_bridges(netns, err);
}

int op_plug(struct vm *vm, const struct hv_request *r, json_t **ret, struct err **err)
{
	struct machine m;

	(void)ret;
	if (!qemu_vm_is_on(vm))
		return 0;
	return machine_parse(r->config, vm->vmid, &m, err) < 0 || qemu_net_check(vm->hv->net, &m, err) < 0
		       ? -1
		       : qemu_net_plug(vm->hv->net, &m, err);
}
