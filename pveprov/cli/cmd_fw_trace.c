#include "cli/app.h"
#include "cli/commands.h"
#include "base/text.h"
#include "data/fw_proto.h"
#include "firewall/fw_trace.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct options {
	const char *from, *dest, *port, *ssh;
	bool guest;
	int64_t duration_ms;
};

static int make_trace(const struct options *o, struct fw_trace *t, struct err **err)
{
	uint64_t port;

	*t = (struct fw_trace){ .proto = -1, .port = -1, .bridge = o->guest, .seconds = (int)(o->duration_ms / 1000) };
	if (o->from && !addr_parse(o->from, &t->from))
		return err_set(err, ERR_USAGE, "--from: '%s' is not an IP address", o->from);
	if (o->dest && !addr_parse(o->dest, &t->to))
		return err_set(err, ERR_USAGE, "--dest: '%s' is not an IP address", o->dest);
	if (t->from.family && t->to.family && t->from.family != t->to.family)
		return err_set(err, ERR_USAGE, "--from and --dest are of different families");
	if (!o->port)
		return 0;
	const char *slash = strchr(o->port, '/');
	_cleanup_free_ char *number = slash ? xstrndup(o->port, (size_t)(slash - o->port)) : NULL;
	t->proto = fw_proto_number(slash ? slash + 1 : o->port);
	if (t->proto < 0 || (number && !text_to_u64(number, 0, 65535, &port)))
		return err_hint((err_set(err, ERR_USAGE, "--port: '%s' is not a port", o->port), err),
				"for example 22/tcp, 53/udp, icmp");
	if (number)
		t->port = (int)port;
	return 0;
}

/* ssh reads the script from standard input; its output is ours. */
static int run_ssh(const char *target, const struct buf *script, struct err **err)
{
	_cleanup_close_ int fd = memfd_create("trace", MFD_CLOEXEC);
	int status;

	if (fd < 0 || write(fd, script->data, script->len) != (ssize_t)script->len || lseek(fd, 0, SEEK_SET) < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot hand the script to ssh");
	pid_t pid = fork();
	if (pid < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot start 'ssh'");
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		dup2(fd, STDIN_FILENO);
		execlp("ssh", "ssh", "-o", "BatchMode=yes", "--", target, "sh", "-s", (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set_errno(err, ERR_INTERNAL, "cannot wait for 'ssh'");
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (status == 127)
		return err_set(err, ERR_NOT_FOUND, "cannot run 'ssh' on this machine, or 'nft' on the node");
	if (status == 255)
		return err_set(err, ERR_UNREACHABLE, "ssh to '%s' failed", target);
	return status;
}

static int run(struct app *app, const struct args *args UNUSED, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_buf_ struct buf script = { 0 };
	struct fw_trace t;

	if (make_trace(o, &t, err) < 0)
		return -1;
	fw_trace_script(&t, &script);
	if (o->ssh && o->ssh[0] == '-')
		return err_set(err, ERR_USAGE, "--ssh: '%s' is not a host", o->ssh);
	if (o->ssh)
		return run_ssh(o->ssh, &script, err);
	out_text(app->out, buf_text(&script));
	progress_line(app->progress, PROGRESS_NORMAL,
		      "run these as root on the node, or give --ssh root@NODE: they clean up after themselves");
	return 0;
}

const struct command cmd_fw_trace = {
	.group = "fw",
	.name = "trace",
	.summary = "watch which rules a packet passes on the node",
	.about = "Prints the commands that mark matching packets on the node, watch their way through all chains and remove "
		 "the marks again, also when interrupted. With --ssh it runs them.",
	.options =
		(const struct option_spec[]){
			{ OPTION_TEXT(struct options, from), .name = "from", .arg = "IP", .help = "Packets from there" },
			{ OPTION_TEXT(struct options, dest), .name = "dest", .arg = "IP", .help = "Packets to there" },
			{ OPTION_TEXT(struct options, port), .name = "port", .letter = 'p', .arg = "PORT",
			  .help = "Destination port and protocol: 22/tcp, 53/udp, icmp" },
			{ OPTION_FLAG(struct options, guest), .name = "guests",
			  .help = "Watch what is bridged to guests too" },
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
	.exits = EXITS_SERVER | EXITS_PROGRAM,
	.run = run,
};
