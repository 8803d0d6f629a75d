/* vm ssh, cp: the system's ssh and scp, with host keys and address from the guest agent. */
#include "cli/program.h"
#include "cli/reach.h"

struct options {
	const char *user;
	const char *nic;
	int64_t port;
	bool recursive;
};

static const struct option_spec ssh_options[] = {
	{ OPTION_TEXT(struct options, user), .name = "user", .letter = 'u', .arg = "USER",
	  .help = "Log in as this user (default: the context's, or root)" },
	{ OPTION_TEXT(struct options, nic), .name = "nic", .arg = "NETN",
	  .help = "Use the address of this network device, such as net0" },
	{ OPTION_INT(struct options, port), .name = "port", .letter = 'p', .arg = "PORT", .min = 1,
	  .max = 65535, .help = "Port of the SSH server (default 22)" },
	{ 0 },
};

static const struct option_spec cp_options[] = {
	{ OPTION_TEXT(struct options, user), .name = "user", .letter = 'u', .arg = "USER",
	  .help = "Log in as this user (default: the context's, or root)" },
	{ OPTION_TEXT(struct options, nic), .name = "nic", .arg = "NETN",
	  .help = "Use the address of this network device, such as net0" },
	{ OPTION_INT(struct options, port), .name = "port", .letter = 'p', .arg = "PORT", .min = 1,
	  .max = 65535, .help = "Port of the SSH server (default 22)" },
	{ OPTION_FLAG(struct options, recursive), .name = "recursive", .letter = 'r',
	  .help = "Copy directories whole" },
	{ 0 },
};

static int reach(struct app *app, const struct options *o, const char *machine, struct reach *ret,
		 struct err **err)
{
	_cleanup_target_ struct target t = { 0 };

	return target_find(app, machine, &t, err) < 0
		       ? -1
		       : reach_find(app, &t, o->nic, o->port, o->user, ret, err);
}

/* The program takes our place: it has the terminal, and its status is ours. */
static int become(struct app *app, const struct strv *argv, struct err **err)
{
	progress_flush(app->progress);
	app_close(app);
	return program_exec((const char *const *)argv->v, err);
}

static int run_ssh(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_reach_ struct reach r = { 0 };
	_cleanup_strv_ struct strv argv = { 0 };

	if (reach(app, args->options, args->v[0], &r, err) < 0)
		return -1;
	strv_add(&argv, "ssh");
	strv_add_all(&argv, (const char *const *)r.options.v);
	strv_addf(&argv, "-l%s", r.user);
	strv_add(&argv, "--");
	strv_add(&argv, r.address);
	strv_add_all(&argv, args->v + 1);
	return become(app, &argv, err);
}

/* The machine in "router:/etc/hosts"; NULL: a path of ours. malloc'd. */
static char *machine_of(const char *word)
{
	const char *colon = strchr(word, ':'), *slash = strchr(word, '/');

	return colon && colon > word && (!slash || colon < slash)
		       ? xstrndup(word, (size_t)(colon - word))
		       : NULL;
}

static void add_place(struct strv *argv, const struct reach *r, const char *word, bool remote)
{
	bool six = strchr(r->address, ':') != NULL;

	if (remote)
		strv_addf(argv, "%s@%s%s%s%s", r->user, six ? "[" : "", r->address, six ? "]" : "",
			  strchr(word, ':'));
	else
		strv_addf(argv, "%s%s", word[0] == '-' || strchr(word, ':') ? "./" : "", word);
}

static int run_cp(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_free_ char *from = machine_of(args->v[0]), *to = machine_of(args->v[1]);
	_cleanup_reach_ struct reach r = { 0 };
	_cleanup_strv_ struct strv argv = { 0 };

	if (!from == !to) {
		err_set(err, ERR_USAGE, "one of '%s' and '%s' must name a machine", args->v[0],
			args->v[1]);
		return err_hint(err, "as VM:PATH, such as router:/etc/nftables.conf");
	}
	if (reach(app, o, from ? from : to, &r, err) < 0)
		return -1;
	strv_add(&argv, "scp");
	strv_add_all(&argv, (const char *const *)r.options.v);
	if (o->recursive)
		strv_add(&argv, "-r");
	strv_add(&argv, "--");
	add_place(&argv, &r, args->v[0], from != NULL);
	add_place(&argv, &r, args->v[1], to != NULL);
	return become(app, &argv, err);
}

const struct command cmd_vm_ssh = {
	.group = "vm",
	.name = "ssh",
	.summary = "log in to a machine by SSH",
	.about = "Runs the system's ssh with the address and the host keys that the guest agent "
		 "reports, and with the "
		 "context's key and proxy command. The keys are believed because they come over "
		 "the server's trusted "
		 "connection; a machine that was built anew does not trouble your own known_hosts.",
	.operands =
		(const struct operand[]){ { .name = "VM", .help = "Id or name of the machine" },
					  { .name = "COMMAND",
					    .help = "What to run there; without it, a login shell",
					    .optional = true,
					    .repeated = true,
					    .complete = COMPLETE_COMMAND },
					  { 0 } },
	.options = ssh_options,
	.options_size = sizeof(struct options),
	.examples = (const struct example[]){ { "vm ssh router", "a shell on the router" },
					      { "vm ssh router -- journalctl -u dnsmasq -f",
						"one program" },
					      { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_PROGRAM,
	.run = run_ssh,
};

const struct command cmd_vm_cp = {
	.group = "vm",
	.name = "cp",
	.summary = "copy files to or from a machine by SSH",
	.about = "Runs the system's scp with the address and the host keys that the guest agent "
		 "reports. One of the two places "
		 "names a machine: VM:PATH.",
	.operands =
		(const struct operand[]){
			{ .name = "FROM", .help = "PATH, or VM:PATH", .complete = COMPLETE_FILE },
			{ .name = "TO", .help = "PATH, or VM:PATH", .complete = COMPLETE_FILE },
			{ 0 } },
	.options = cp_options,
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){ { "vm cp router:/etc/nftables.conf .", "fetch a file" },
					  { "vm cp -r site router:/srv/", "send a directory" },
					  { 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_PROGRAM,
	.run = run_cp,
};
