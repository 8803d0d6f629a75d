#include "base/strv.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/fw_view.h"
#include "firewall/fw_lint.h"
#include "data/fw_proto.h"

static const char *const directions[] = { "in", "out", "forward", NULL };

struct options {
	const char *from, *to, *dest, *port, *nic, *iface, *icmp, *local;
	int direction;
};

static const struct output_column columns[] = {
	{ .key = "verdict", .header = "VERDICT" }, { .key = "reply", .header = "REPLY" },
	{ .key = "rule", .header = "RULE" },
	{ .key = "place", .header = "WHERE" },	   { .key = "reason", .header = "WHY" },
	{ .key = "log", .header = "LOG" },	   { .key = "packet", .header = "PACKET" },
	{ 0 }
};

/* "22/tcp", "53/udp", "icmp", "22" (tcp). */
static int parse_port(const char *text, struct fw_packet *p, struct err **err)
{
	_cleanup_strv_ struct strv parts = { 0 };
	uint64_t port;

	strv_split(&parts, text, "/");
	const char *proto = parts.n == 2 ? parts.v[1] : parts.n == 1 && !text_to_u64(text, 0, 65535, &port) ? text : "tcp";
	p->proto = fw_proto_number(proto);
	if (p->proto < 0)
		return err_set(err, ERR_USAGE, "--port: unknown protocol '%s'", proto);
	if (parts.n == 1 && !text_to_u64(text, 0, 65535, &port))
		return 0;
	if (parts.n < 1 || !text_to_u64(parts.v[0], 0, 65535, &port))
		return err_hint((err_set(err, ERR_USAGE, "--port: '%s' is not a port", text), err),
				"for example 22/tcp, 53/udp, icmp");
	p->dport = (int)port;
	return 0;
}

static int make_packet(const struct options *o, struct fw_packet *p, struct err **err)
{
	*p = (struct fw_packet){ .direction = (enum fw_type)o->direction,
				 .family = 4,
				 .proto = -1,
				 .sport = -1,
				 .dport = -1,
				 .icmp_type = -1,
				 .icmp_code = -1,
				 .iface = o->iface };
	if (o->from && !addr_parse(o->from, &p->source))
		return err_set(err, ERR_USAGE, "--from: '%s' is not an IP address", o->from);
	if (o->dest && !addr_parse(o->dest, &p->dest))
		return err_set(err, ERR_USAGE, "--dest: '%s' is not an IP address", o->dest);
	if (p->source.family && p->dest.family && p->source.family != p->dest.family)
		return err_set(err, ERR_USAGE, "--from and --dest are of different families");
	p->family = p->source.family ? p->source.family : p->dest.family ? p->dest.family : 4;
	if (o->port && parse_port(o->port, p, err) < 0)
		return -1;
	if (o->icmp && !fw_icmp_parse(p->family, o->icmp, &p->icmp_type, &p->icmp_code))
		return err_set(err, ERR_USAGE, "--icmp-type: unknown type '%s'", o->icmp);
	if (o->icmp)
		p->proto = p->family == 4 ? FW_ICMP : FW_ICMPV6;
	return 0;
}

/* "node", a node's name, or a guest. */
static int decide(const struct fw_site *s, const struct options *o, const struct fw_packet *p, struct arena *a,
		  struct fw_decision *d, struct err **err)
{
	const struct fw_node *node = fw_site_node(s, o->to);
	const struct fw_guest *guest = fw_site_guest(s, o->to);

	if (!node && streq(o->to, "node") && s->n_nodes > 1)
		return err_set(err, ERR_USAGE, "there are %zu nodes: name one with --to", s->n_nodes);
	if (node || streq(o->to, "node")) {
		fw_evaluate_node(a, s, node ? node : s->n_nodes ? &s->nodes[0] : NULL, p, d);
		return 0;
	}
	if (!guest)
		return err_set(err, ERR_NOT_FOUND, "there is no node and no guest '%s'", o->to);
	fw_evaluate_guest(a, s, s->n_nodes ? &s->nodes[0] : NULL, guest, o->nic, p, d);
	return 0;
}

static int load_site(struct app *app, const struct args *args, const struct options *o, struct fw_job *j,
		     struct err **err)
{
	const char *words[] = { "vm", o->to, NULL };
	bool is_guest = text_consists_of(o->to, "0123456789");
	struct fw_job_options job = { .objects = is_guest ? words : NULL, .from = o->from };

	if (!args->n)
		return fw_view_plan(app, &job, j, err);
	for (size_t i = 0; i < args->n; i++)
		if (fw_files_load(&j->wanted, args->v[i], app->globals.node, NULL, err) < 0)
			return -1;
	j->now = fw_files_site(&j->wanted, &j->arena);
	j->now.local_network_known = o->local != NULL;
	if (o->local && !addr_cidr_parse(o->local, &j->now.local_network))
		return err_set(err, ERR_USAGE, "--local-network: '%s' is not a network", o->local);
	return 0;
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_fw_job_ struct fw_job j = { 0 };
	struct fw_decision d = { 0 };
	struct fw_packet p;

	if (!o->to)
		return err_set(err, ERR_USAGE, "--to is missing: node, a node's name, or a guest's id");
	if (make_packet(o, &p, err) < 0 || load_site(app, args, o, &j, err) < 0 ||
	    decide(&j.now, o, &p, &j.arena, &d, err) < 0)
		return -1;
	_cleanup_json_ json_t *item =
		json_pack("{s:s, s:s*, s:s*, s:s, s:s*, s:s*, s:s}", "verdict", fw_verdict_name(d.verdict), "reply", d.reply,
			  "rule", d.rule, "place", fw_decision_place(&j.arena, &d), "reason", d.reason, "log", d.log, "packet",
			  arena_printf(&j.arena, "%s %s -> %s %s", directions[o->direction], o->from ? o->from : "anywhere",
				       o->to, o->port ? o->port : "any"));
	return out_item(app->out, "fw.check", columns, item, err);
}

const struct command cmd_fw_check = {
	.group = "fw",
	.name = "check",
	.summary = "say which rule decides about a packet, and why",
	.about = "Evaluates the firewall for one packet: the live one, or that of files (no server needed). Follows the order "
		 "of the node's own chains, built-in rules included, for the iptables daemon and for the nftables backend. "
		 "What cannot be known makes the verdict 'unknown', with the rule that it hangs on.",
	.operands =
		(const struct operand[]){ { .name = "FILE",
					    .help = "Firewall files; without one the live firewall is read",
					    .optional = true,
					    .repeated = true,
					    .complete = COMPLETE_FILE },
					  { 0 } },
	.options =
		(const struct option_spec[]){
			{ OPTION_TEXT(struct options, from), .name = "from", .arg = "IP", .help = "The packet's source" },
			{ OPTION_TEXT(struct options, to), .name = "to", .arg = "WHERE",
			  .help = "The word node, a node's name, or a guest's id" },
			{ OPTION_TEXT(struct options, dest), .name = "dest", .arg = "IP", .help = "The packet's destination" },
			{ OPTION_TEXT(struct options, port), .name = "port", .letter = 'p', .arg = "PORT",
			  .help = "Port and protocol: 22/tcp, 53/udp, icmp" },
			{ OPTION_TEXT(struct options, icmp), .name = "icmp-type", .arg = "TYPE",
			  .help = "ICMP type: echo-request" },
			{ OPTION_ENUM(struct options, direction), .name = "direction", .arg = "DIR", .names = directions,
			  .help = "As the node or guest sees it" },
			{ OPTION_TEXT(struct options, nic), .name = "nic", .arg = "NIC", .help = "The guest's NIC (net0)" },
			{ OPTION_TEXT(struct options, local), .name = "local-network", .arg = "CIDR",
			  .help = "With files: the network of the node's own address" },
			{ OPTION_TEXT(struct options, iface), .name = "iface", .arg = "NAME",
			  .help = "The node's interface that the packet passes" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.defaults = &(const struct options){ .nic = "net0" },
	.examples =
		(const struct example[]){
			{ "fw check --from 192.168.7.10 --to node --port 8006/tcp", "do we get at the web interface?" },
			{ "fw check --from 10.0.0.9 --to 100 --port 22/tcp firewall/", "a guest, by files alone" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_INPUT,
	.run = run,
};
