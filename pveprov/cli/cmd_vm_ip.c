#include "cli/reach.h"
#include "pve/agent.h"

struct options {
	const char *nic;
	bool wait;
	bool plain;
};

static const struct option_spec options[] = {
	{ OPTION_TEXT(struct options, nic), .name = "nic", .arg = "NETN",
	  .help = "Only the network device net0, net1 ... of the configuration, found by its MAC "
		  "address" },
	{ OPTION_FLAG(struct options, wait), .name = "wait", .letter = 'w',
	  .help = "Wait until the agent answers and the device (default net0) has an address" },
	{ OPTION_FLAG(struct options, plain), .name = "plain", .letter = 'p',
	  .help = "Only the addresses, one a line" },
	{ 0 },
};

static const struct output_column columns[] = {
	{ .key = "interface", .header = "INTERFACE" },
	{ .key = "mac", .header = "MAC" },
	{ .key = "address", .header = "ADDRESS" },
	{ 0 },
};

static void add_addresses(json_t *rows, const struct pve_guest_nic *nic)
{
	char mac[ADDR_MAC_TEXT_MAX] = "", cidr[ADDR_TEXT_MAX];

	if (nic->has_mac)
		addr_mac_text(&nic->mac, mac);
	for (size_t i = 0; i < nic->n_addrs; i++) {
		if (addr_is_loopback(&nic->addrs[i].addr))
			continue;
		addr_cidr_text(&nic->addrs[i], cidr);
		json_array_append_new(rows,
				      json_pack("{s:s, s:s, s:s, s:b}", "interface", nic->name,
						"mac", mac, "address", cidr, "link_local",
						addr_is_link_local(&nic->addrs[i].addr)));
	}
}

/* Addresses without their prefix; link-local ones reach nobody from here. */
static void print_plain(struct out *o, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *address = json_text(row, "address");
		if (!json_flag(row, "link_local", false))
			out_printf(o, "%.*s\n", (int)strcspn(address, "/"), address);
	}
}

static int wait_for(struct app *app, struct target *t, const struct addr_mac *mac, struct err **err)
{
	int64_t limit_ms = app->globals.timeout_ms ? app->globals.timeout_ms : 300000;
	struct pve_address_want want = { .mac = *mac };
	struct addr_cidr got;
	_cleanup_free_ char *name = xasprintf("wait for an address of %s", t->label);
	unsigned item = progress_start(app->progress, name);

	int r = pve_agent_wait(t->client, t->vm, limit_ms, err) < 0
			? -1
			: pve_agent_wait_address(t->client, t->vm, &want, limit_ms, &got, err);
	progress_end(app->progress, item, r < 0 ? PROGRESS_FAILED : PROGRESS_DONE, NULL);
	return r;
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_json_ json_t *rows = json_array();
	struct addr_mac mac = { 0 };
	struct pve_guest_nic *nics;
	size_t n;

	if (target_find(app, args->v[0], &t, err) < 0)
		return -1;
	if ((o->nic || o->wait) && reach_mac_of(&t, o->nic ? o->nic : "net0", &mac, err) < 0)
		return -1;
	if (o->wait && wait_for(app, &t, &mac, err) < 0)
		return -1;
	if (pve_agent_interfaces(t.client, t.vm, &t.arena, &nics, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!o->nic || (nics[i].has_mac && addr_mac_equal(&nics[i].mac, &mac)))
			add_addresses(rows, &nics[i]);
	if (!o->plain)
		return out_list(app->out, "vm.ip", columns, rows, err);
	print_plain(app->out, rows);
	return 0;
}

const struct command cmd_vm_ip = {
	.group = "vm",
	.name = "ip",
	.summary = "show a machine's addresses, as its agent reports them",
	.about = "Asks the guest agent for all addresses of the machine. It does not wait for one "
		 "unless told so: an agent "
		 "that is not there yet is an error with exit code 6.",
	.operands = (const struct operand[]){ { .name = "VM", .help = "Id or name of the machine" },
					      { 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){ { "vm ip router", "all its addresses" },
					  { "vm ip --wait --nic net0 --plain test1",
					    "for scripts: wait, then print the address of net0" },
					  { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT,
	.run = run,
};
