/*
 * main.c: pveprov-lab, the node in a box. `pveprov lab` runs it; `connect` is what SSH's proxy
 * command is.
 */
#include "lab/connect.h"
#include "lab/lab.h"
#include "lab/paths.h"
#include "lab/runtime.h"
#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/prctl.h>

static const char usage[] = "usage: pveprov-lab run|up [--hypervisor auto|qemu|sim] [--world FILE] "
			    "[--listen ADDRESS:PORT] [--scale N]\n"
			    "                          [--state-dir DIRECTORY]\n"
			    "       pveprov-lab down|status\n"
			    "       pveprov-lab connect HOST PORT\n";

struct options {
	const char *hypervisor, *world, *listen, *state_dir;
	int64_t scale;
	bool die_with_parent;
};

static void print_line(void *ctx UNUSED, enum log_level level, const char *text)
{
	if (level != LOG_DEBUG)
		fprintf(stderr, "pveprov-lab: %s\n", text);
}

static int complain(struct err *err)
{
	int code = err_exit_code(err->kind);

	fprintf(stderr, "pveprov-lab: %s\n", err->text);
	if (err->hint)
		fprintf(stderr, "pveprov-lab: %s\n", err->hint);
	return code;
}

static int parse_options(int argc, char **argv, struct options *o, struct err **err)
{
	static const struct option known[] = {
		{ "hypervisor", required_argument, NULL, 'y' },
		{ "world", required_argument, NULL, 'w' },
		{ "listen", required_argument, NULL, 'l' },
		{ "scale", required_argument, NULL, 's' },
		{ "state-dir", required_argument, NULL, 'd' },
		{ "die-with-parent", no_argument, NULL, 'p' },
		{ 0 },
	};
	int c;

	*o = (struct options){ .hypervisor = "auto", .listen = "127.0.0.1:0", .scale = 1 };
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'y':
			o->hypervisor = optarg;
			break;
		case 'w':
			o->world = optarg;
			break;
		case 'l':
			o->listen = optarg;
			break;
		case 's':
			if (!text_to_i64(optarg, 1, 100000, &o->scale))
				return err_set(err, ERR_USAGE,
					       "--scale wants a number from 1 to 100000, not '%s'",
					       optarg);
			break;
		case 'd':
			o->state_dir = optarg;
			break;
		case 'p':
			o->die_with_parent = true;
			break;
		default:
			return err_set(err, ERR_USAGE, "wrong option");
		}
	}
	if (optind < argc)
		return err_set(err, ERR_USAGE, "unexpected '%s'", argv[optind]);
	return 0;
}

static int choose_hypervisor(const struct options *o, const struct hypervisor_ops **ret,
			     struct err **err)
{
	static const struct hypervisor_ops *const all[] = { &hypervisor_qemu, &hypervisor_sim };

	if (streq(o->hypervisor, "auto")) {
		*ret = all[geteuid() == 0 ? 0 : 1];
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (streq(all[i]->name, o->hypervisor)) {
			*ret = all[i];
			return 0;
		}
	return err_set(err, ERR_USAGE, "there is no hypervisor '%s'; there are auto, qemu, sim",
		       o->hypervisor);
}

/* Serves until told to stop. ready_fd: gets one byte once everything answers; -1: the endpoint goes
 * to stdout. */
static int serve(const struct options *o, int ready_fd, struct err **err)
{
	struct log log = { .line = print_line };
	_cleanup_(world_freep) struct world *world = NULL;
	_cleanup_(lab_freep) struct lab *lab = NULL;
	_cleanup_free_ char *world_path = o->world ? xstrdup(o->world) : runtime_default_world();
	_cleanup_(runtime_leavep) struct runtime *runtime = NULL;
	struct lab_options spec = { .listen = o->listen, .scale = o->scale, .log = &log };

	if (choose_hypervisor(o, &spec.hypervisor, err) || world_load(world_path, &world, err) ||
	    runtime_enter(o->state_dir, &runtime, err))
		return -1;
	spec.world = world;
	spec.state_dir = runtime_dir(runtime);
	if (lab_open(&spec, &lab, err) || runtime_publish(runtime, lab, err))
		return -1;
	if (ready_fd >= 0 && write(ready_fd, "+", 1) != 1)
		return err_set_errno(err, ERR_INTERNAL, "cannot tell that the lab is ready");
	if (ready_fd < 0) {
		puts(lab_endpoint(lab));
		fflush(stdout);
	}
	return lab_run(lab, err);
}

static int run(int argc, char **argv, struct err **err)
{
	struct options o;

	if (parse_options(argc, argv, &o, err))
		return -1;
	if (o.die_with_parent)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	return serve(&o, -1, err);
}

/* The parent waits for the child's byte; the child's complaints come through the shared stderr. */
static int up(int argc, char **argv, struct err **err)
{
	struct options o;
	int ready[2];
	char byte;
	pid_t child;

	if (parse_options(argc, argv, &o, err))
		return -1;
	if (pipe2(ready, O_CLOEXEC))
		return err_set_errno(err, ERR_INTERNAL, "cannot make a pipe");
	fflush(NULL);
	child = fork();
	if (child < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot fork");
	if (child == 0) {
		close(ready[0]);
		setsid();
		return runtime_detach(&o.state_dir, err) || serve(&o, ready[1], err) ? -1 : 0;
	}
	close(ready[1]);
	ssize_t n = read(ready[0], &byte, 1);
	close(ready[0]);
	if (n != 1)
		return runtime_start_failed(child, err);
	return runtime_print_status(err);
}

static int down(int argc UNUSED, char **argv UNUSED, struct err **err)
{
	return runtime_stop(err);
}

static int status(int argc UNUSED, char **argv UNUSED, struct err **err)
{
	return runtime_print_status(err);
}

static int carry(int argc, char **argv, struct err **err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct clock clock = clock_real(-1);
	uint64_t port;

	if (argc != 3 || !text_to_u64(argv[2], 1, 65535, &port))
		return err_set(err, ERR_USAGE, "connect wants HOST and PORT");
	signal(SIGPIPE, SIG_IGN);
	if (runtime_connect_path(&path, err) ||
	    connect_ask(path, argv[1], (int)port, 30000, &clock, &fd, err))
		return -1;
	return connect_carry(fd, STDIN_FILENO, STDOUT_FILENO, err);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv, struct err **err);
	} verbs[] = {
		{ "connect", carry }, { "down", down }, { "run", run },
		{ "status", status }, { "up", up },
	};
	_cleanup_err_ struct err *err = NULL;

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (streq(verbs[i].name, argv[1]))
			return verbs[i].run(argc - 1, argv + 1, &err) ? complain(err) : 0;
	fputs(usage, stderr);
	return 64;
}
