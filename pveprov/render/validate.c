#include "render/validate.h"
#include "render/firewall_unit.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/text.h"

#include <fcntl.h>
#include <sched.h>

#define SYSTEM_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define UNITS	    "/etc/systemd/system"

enum { OUTPUT_BYTES_MAX = 65536 };

struct run {
	const struct bundle *bundle;
	const char *dir;
	const struct clock *clock;
	const struct validate_sink *sink;
	size_t n_refused;
};

const char *validate_verdict_text(enum validate_verdict v)
{
	static const char *const texts[] = {
		[VALIDATE_PASSED] = "passed",
		[VALIDATE_REFUSED] = "refused",
		[VALIDATE_SKIPPED] = "skipped",
	};

	return texts[v];
}

int validate_write(const struct bundle *b, const char *dir, struct err **err)
{
	for (size_t i = 0; i < b->n_files; i++) {
		const struct bundle_file *f = &b->files[i];
		_cleanup_free_ char *path = fs_join(dir, f->path);
		_cleanup_free_ char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
		if (fs_mkdirs(parent, 0755, err) < 0)
			return -1;
		if (!f->link) {
			if (fs_write(path, f->data, f->len, f->mode, err) < 0)
				return -1;
			continue;
		}
		if ((unlink(path) < 0 && errno != ENOENT) || symlink(f->data, path) < 0)
			return err_set_errno(err, ERR_INTERNAL, "cannot link '%s'", path);
	}
	return 0;
}

static void report(struct run *r, const char *tool, const char *subject, enum validate_verdict v,
		   const char *text)
{
	const struct validate_look look = { tool, subject, v, text };

	r->n_refused += v == VALIDATE_REFUSED;
	if (r->sink->look)
		r->sink->look(r->sink->ctx, &look);
}

/* What the kernel is told about a user namespace; made before the fork. */
struct namespace
{
	bool root;
	char uid_map[32];
	char gid_map[32];
};

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* A network of its own, so that the check sees no table of this machine. Runs in the child before
 * exec. */
static int enter_namespace(void *ctx)
{
	const struct namespace *n = ctx;

	if (n->root)
		return unshare(CLONE_NEWNET);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || put("/proc/self/setgroups", "deny") < 0)
		return -1;
	return put("/proc/self/uid_map", n->uid_map) < 0 ? -1
							 : put("/proc/self/gid_map", n->gid_map);
}

/* Output and errors as one text. */
static int run_tool(const struct run *r, const char *const *argv, const char *env,
		    struct namespace *n, const char *input, int *ret_status, struct buf *text,
		    struct err **err)
{
	_cleanup_proc_result_ struct proc_result result = { 0 };
	const char *const environment[] = { SYSTEM_PATH, "LC_ALL=C", env, NULL };
	const struct proc_spec spec = {
		.argv = argv,
		.env = environment,
		.dir = r->dir,
		.input = input,
		.input_len = input ? strlen(input) : 0,
		.output_max = OUTPUT_BYTES_MAX,
		.in_child = n ? enter_namespace : NULL,
		.in_child_ctx = n,
	};

	if (proc_run(&spec, r->clock, &result, err) < 0)
		return -1;
	*ret_status = result.status;
	buf_adds(text, buf_text(&result.out));
	buf_adds(text, buf_text(&result.err));
	return 0;
}

/* Status 0 passes. A tool that cannot be run here is a look that was skipped. */
static void look(struct run *r, const char *tool, const char *subject, const char *const *argv,
		 struct namespace *n)
{
	_cleanup_err_ struct err *err = NULL;
	_cleanup_buf_ struct buf text = { 0 };
	int status;

	if (!proc_find(argv[0]))
		report(r, tool, subject, VALIDATE_SKIPPED, "not installed here");
	else if (run_tool(r, argv, NULL, n, NULL, &status, &text, &err) < 0)
		report(r, tool, subject, VALIDATE_SKIPPED, err->text);
	else
		report(r, tool, subject, status ? VALIDATE_REFUSED : VALIDATE_PASSED,
		       status ? buf_text(&text) : "");
}

/* NULL when nft works here at all, else why not: a kernel without nf_tables says nothing about our
 * rules. */
static char *nft_unusable(const struct run *r, struct namespace *n)
{
	static const char *const argv[] = { "nft", "-c", "-f", "-", NULL };
	_cleanup_err_ struct err *err = NULL;
	_cleanup_buf_ struct buf text = { 0 };
	int status;

	if (!proc_find("nft"))
		return xstrdup("not installed here");
	if (run_tool(r, argv, NULL, n, "add table inet probe\n", &status, &text, &err) < 0)
		return xasprintf("needs a network namespace: %s", err->text);
	return status ? xasprintf("not usable here: %s", buf_text(&text)) : NULL;
}

static void look_at_rules(struct run *r)
{
	static const char *const files[] = { FIREWALL_RULES, FIREWALL_LOCKDOWN };
	struct namespace n = { .root = geteuid() == 0 };

	snprintf(n.uid_map, sizeof(n.uid_map), "0 %u 1", (unsigned)geteuid());
	snprintf(n.gid_map, sizeof(n.gid_map), "0 %u 1", (unsigned)getegid());
	_cleanup_free_ char *why = nft_unusable(r, &n);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *const argv[] = { "nft", "-c", "-f", files[i] + 1, NULL };
		if (!bundle_get(r->bundle, files[i]))
			continue;
		if (why)
			report(r, "nft -c", files[i], VALIDATE_SKIPPED, why);
		else
			look(r, "nft -c", files[i], argv, &n);
	}
}

static void look_at_names(struct run *r)
{
	static const char dnscrypt[] = "/etc/dnscrypt-proxy/dnscrypt-proxy.toml";

	for (size_t i = 0; i < r->bundle->n_files; i++) {
		const char *path = r->bundle->files[i].path;
		if (starts_with(path, "/etc/dnsmasq-")) {
			_cleanup_free_ char *option = xasprintf("--conf-file=%s", path + 1);
			const char *const argv[] = { "dnsmasq", "--test", option, NULL };
			look(r, "dnsmasq --test", path, argv, NULL);
		} else if (streq(path, dnscrypt)) {
			const char *const argv[] = { "dnscrypt-proxy", "-check", "-config",
						     path + 1, NULL };
			look(r, "dnscrypt-proxy -check", path, argv, NULL);
		}
	}
}

/* Programs of the router that this machine lacks are no fault of a unit. */
static char *faults(const struct buf *text)
{
	_cleanup_strv_ struct strv lines = { 0 };
	_cleanup_strv_ struct strv kept = { 0 };

	strv_split(&lines, text->data ? text->data : "", "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!strstr(lines.v[i], "is not executable: No such file"))
			strv_add(&kept, lines.v[i]);
	return kept.n ? strv_join(&kept, "\n") : NULL;
}

static void look_at_unit(struct run *r, const char *unit)
{
	static const char tool[] = "systemd-analyze verify";
	const char *const argv[] = { "systemd-analyze",	      "verify", "--man=no",
				     "--recursive-errors=no", unit,	NULL };
	/* The colon at the end: this machine's own units follow ours. */
	_cleanup_free_ char *env = xasprintf("SYSTEMD_UNIT_PATH=%s" UNITS ":", r->dir);
	_cleanup_err_ struct err *err = NULL;
	_cleanup_buf_ struct buf text = { 0 };
	int status;

	if (run_tool(r, argv, env, NULL, NULL, &status, &text, &err) < 0) {
		report(r, tool, unit, VALIDATE_SKIPPED, err->text);
		return;
	}
	_cleanup_free_ char *why = faults(&text);
	if (strstr(buf_text(&text), "Unit file does not exist") ||
	    strstr(buf_text(&text), "not found"))
		report(r, tool, unit, VALIDATE_SKIPPED, why ? why : "");
	else
		report(r, tool, unit, status && why ? VALIDATE_REFUSED : VALIDATE_PASSED,
		       why ? why : "");
}

/* Units of ours, instances of our templates, and units of others that we add to, as they are
 * enabled. */
static void look_at_units(struct run *r)
{
	const struct strv *units = &r->bundle->enable;

	for (size_t i = 0; i < units->n; i++) {
		if (proc_find("systemd-analyze"))
			look_at_unit(r, units->v[i]);
		else
			report(r, "systemd-analyze verify", units->v[i], VALIDATE_SKIPPED,
			       "not installed here");
	}
}

int validate_run(const struct bundle *b, const char *dir, const struct clock *clock,
		 const struct validate_sink *sink, struct err **err)
{
	_cleanup_free_ char *absolute = realpath(dir, NULL);
	struct run r = { .bundle = b, .dir = absolute, .clock = clock, .sink = sink };

	if (!absolute)
		return err_set_errno(err, ERR_NOT_FOUND, "cannot look at '%s'", dir);
	look_at_rules(&r);
	look_at_names(&r);
	look_at_units(&r);
	if (clock_check(clock, err) < 0)
		return -1;
	if (r.n_refused)
		return err_set(err, ERR_GUARD, "%zu of the rendered files were refused",
			       r.n_refused);
	return 0;
}
