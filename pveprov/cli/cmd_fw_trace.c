#include "cli/app.h"
#include "cli/commands.h"
#include "cli/remote.h"
#include "base/text.h"
#include "data/fw_proto.h"
#include "firewall/fw_trace.h"

struct options {
	const char *from, *dest, *port, *ssh;
	int backend;
	bool guest;
	int64_t duration_ms;
};

static int read_port(const struct options *o, struct fw_trace *t, struct err **err)
{
	uint64_t port;
	const char *slash = strchr(o->port, '/'), *proto = slash ? slash + 1 : o->port;
	_cleanup_free_ char *number = slash ? xstrndup(o->port, (size_t)(slash - o->port)) : NULL;

	t->proto = fw_proto_number(proto);
	if (t->proto < 0 || (number && (!fw_proto_has_ports(proto) || !text_to_u64(number, 0, 65535, &port))))
		return err_hint((err_set(err, ERR_USAGE, "--port: '%s' is not a port", o->port), err),
				"for example 22/tcp, 53/udp, tcp, icmp");
	if (number)
		t->port = (int)port;
	return 0;
}

static int make_trace(const struct options *o, struct fw_trace *t, struct err **err)
{
	*t = (struct fw_trace){ .backend = (enum fw_trace_backend)o->backend, .proto = -1, .port = -1, .bridge = o->guest,
				.seconds = (int)(o->duration_ms / 1000) };
	if (o->from && !addr_parse(o->from, &t->from))
		return err_set(err, ERR_USAGE, "--from: '%s' is not an IP address", o->from);
	if (o->dest && !addr_parse(o->dest, &t->to))
		return err_set(err, ERR_USAGE, "--dest: '%s' is not an IP address", o->dest);
	if (t->from.family && t->to.family && t->from.family != t->to.family)
		return err_set(err, ERR_USAGE, "--from and --dest are of different families");
	if (o->port && read_port(o, t, err) < 0)
		return -1;
	int family = t->from.family ? t->from.family : t->to.family;
	if ((t->proto == FW_ICMP && family == 6) || (t->proto == FW_ICMPV6 && family == 4))
		return err_set(err, ERR_USAGE, "--port: '%s' is not of the addresses' family", o->port);
	return 0;
}

/* What is left there when the far end did not come to its end as far as we saw. */
static int explain(const struct fw_trace *t, bool cleaned, struct err **err)
{
	if (!err || !*err)
		return -1;
	if ((*err)->kind == ERR_INTERRUPTED && cleaned)
		return err_hint(err, "the node's marks are removed");
	if ((*err)->kind == ERR_INTERRUPTED)
		return err_hint(err, "the node removes its marks when it sees that we are gone, at the latest after %d s; by hand: "
				     "nft delete table inet " FW_TRACE_TABLE ", or iptables -t raw -F " FW_TRACE_CHAIN,
				t->seconds);
	if ((*err)->kind == ERR_UNREACHABLE)
		return err_hint(err, "the node's key must be in known_hosts already and a key of yours accepted ('ssh' once by hand shows "
				     "it); a trace that had begun removes its marks by itself, at the latest after %d s",
				t->seconds);
	return -1;
}

static int run(struct app *app, const struct args *args UNUSED, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_buf_ struct buf script = { 0 };
	struct fw_trace t;
	bool cleaned = false;
	int status;

	if (make_trace(o, &t, err) < 0)
		return -1;
	fw_trace_script(&t, &script);
	if (o->ssh && o->ssh[0] == '-')
		return err_set(err, ERR_USAGE, "--ssh: '%s' is not a host", o->ssh);
	if (o->ssh)
		return remote_run(o->ssh, buf_text(&script), app->clock, &status, &cleaned, err) < 0 ? explain(&t, cleaned, err) :
												      status;
	out_text(app->out, buf_text(&script));
	progress_line(app->progress, PROGRESS_NORMAL,
		      "run this as root on the node, or give --ssh root@NODE: it cleans up after itself");
	return 0;
}

const struct command cmd_fw_trace = {
	.group = "fw",
	.name = "trace",
	.summary = "watch which rules a packet passes on the node",
	.about = "Prints the commands that mark matching packets on the node, watch their way through all chains and remove "
		 "the marks again: when the time is over, at Ctrl-C, and when standard input ends. With --ssh it runs them there; "
		 "the node then removes the marks also when the connection or this program is gone (a connection that dies "
		 "without a word: when the time is over). The SSH connection that "
		 "they run in is not traced.\n\n"
		 "With the nftables backend it is a table '" FW_TRACE_TABLE "' and 'nft monitor trace'. With the iptables daemon, "
		 "which uses iptables-legacy, it is a chain '" FW_TRACE_CHAIN "' in the table raw, and the way is read from "
		 "/var/log/pve-firewall.log and the kernel's log; 'fw log' shows it too. The script finds out which of them "
		 "is in use, unless --backend says it.\n\n"
		 "It is the system's ssh with its configuration; the node's key must be known already, and nothing is asked. "
		 "Ends with status 0 when the time is over, 130 at Ctrl-C.",
	.options =
		(const struct option_spec[]){
			{ OPTION_TEXT(struct options, from), .name = "from", .arg = "IP", .help = "Packets from there" },
			{ OPTION_TEXT(struct options, dest), .name = "dest", .arg = "IP", .help = "Packets to there" },
			{ OPTION_TEXT(struct options, port), .name = "port", .letter = 'p', .arg = "PORT",
			  .help = "Destination port and protocol: 22/tcp, 53/udp, icmp" },
			{ OPTION_ENUM(struct options, backend), .name = "backend", .arg = "BACKEND", .names = fw_trace_backends,
			  .help = "What the node's firewall is made with (auto)" },
			{ OPTION_FLAG(struct options, guest), .name = "guests",
			  .help = "With nftables: watch what is bridged to guests too" },
			{ OPTION_DURATION(struct options, duration_ms), .name = "for", .arg = "TIME", .min = 1000,
			  .max = 3600000, .help = "How long to watch (30s)" },
			{ OPTION_TEXT(struct options, ssh), .name = "ssh", .arg = "USER@NODE",
			  .help = "Run it there with the system's ssh" },
			{ 0 } },
	.options_size = sizeof(struct options),
	.defaults = &(const struct options){ .duration_ms = 30000 },
	.examples =
		(const struct example[]){
			{ "fw trace --from 192.168.7.10 --port 8006/tcp", "the commands, to paste on the node" },
			{ "fw trace --from 192.168.7.10 --ssh root@pve", "run and clean up" },
			{ 0 } },
	.exits = EXITS_UNREACHABLE | EXITS_NOT_FOUND | EXITS_PROGRAM,
	.run = run,
};
