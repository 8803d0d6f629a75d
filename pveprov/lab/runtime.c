#include "lab/runtime.h"
#include "lab/paths.h"
#include "base/fs.h"
#include "data/json.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { JSON_MAX = 1 << 20, STOP_MS = 30000, STOP_STEP_MS = 50 };

struct runtime {
	char *dir;	 /* private: certificates, sockets */
	char *json_path; /* lab.json */
	bool own_dir;	 /* made by us, removed at the end */
	bool published;
};

static char *base_dir(void)
{
	const char *set = getenv("XDG_RUNTIME_DIR");
	_cleanup_free_ char *user = xasprintf("/run/user/%u", (unsigned)geteuid());
	struct stat st;

	if (set && *set == '/')
		return fs_join(set, "pveprov");
	if (stat(user, &st) == 0 && st.st_uid == geteuid())
		return fs_join(user, "pveprov");
	return xasprintf("/tmp/pveprov-%u", (unsigned)geteuid());
}

static char *json_path(void)
{
	const char *set = getenv("PVEPROV_LAB");
	_cleanup_free_ char *dir = base_dir();

	return set && *set ? xstrdup(set) : fs_join(dir, "lab.json");
}

/* The description of the running lab; ERR_NOT_FOUND where none runs. */
static int read_json(json_t **ret, struct err **err)
{
	_cleanup_free_ char *path = json_path();
	_cleanup_buf_ struct buf text = { 0 };
	json_t *d = NULL;
	int64_t pid;

	if (!fs_exists(path) || fs_read(path, JSON_MAX, &text, err) ||
	    json_parse(path, buf_text(&text), text.len, &d, err)) {
		err_free(err ? TAKE_PTR(*err) : NULL);
		err_set(err, ERR_NOT_FOUND, "no lab runs");
		return err_hint(err, "'pveprov lab up' starts one");
	}
	pid = json_int(d, "pid", 0);
	if (pid <= 0 || (kill((pid_t)pid, 0) && errno == ESRCH)) {
		json_decref(d);
		err_set(err, ERR_NOT_FOUND, "no lab runs");
		return err_hint(err, "'pveprov lab up' starts one");
	}
	*ret = d;
	return 0;
}

/* A directory of ours that nobody else may enter. */
static int private_dir(const char *path, struct err **err)
{
	struct stat st;

	if (fs_mkdirs(path, 0700, err))
		return -1;
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return err_set(err, ERR_GUARD, "'%s' is not a directory of ours", path);
	if ((st.st_mode & 077) && chmod(path, 0700))
		return err_set_errno(err, ERR_INTERNAL, "cannot make '%s' private", path);
	return 0;
}

int runtime_enter(const char *state_dir, struct runtime **ret, struct err **err)
{
	_cleanup_(runtime_leavep) struct runtime *r = xcalloc(1, sizeof(*r));
	_cleanup_free_ char *base = state_dir ? xstrdup(state_dir) : base_dir();
	_cleanup_err_ struct err *none = NULL;
	json_t *other = NULL;

	if (!state_dir && read_json(&other, &none) == 0) {
		err_set(err, ERR_CONFLICT, "a lab runs already: process %" PRId64 ", %s",
			json_int(other, "pid", 0), json_text(other, "endpoint"));
		json_decref(other);
		return err_hint(err, "'pveprov lab down' stops it");
	}
	if (private_dir(base, err))
		return -1;
	r->json_path = fs_join(base, "lab.json");
	r->own_dir = !state_dir;
	r->dir = state_dir ? xstrdup(state_dir) : xasprintf("%s/lab", base);
	if (!state_dir && private_dir(r->dir, err))
		return -1;
	*ret = TAKE_PTR(r);
	return 0;
}

const char *runtime_dir(const struct runtime *r)
{
	return r->dir;
}

/* The path of this very program: the proxy command must find it wherever it is installed. */
static char *own_path(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return n > 0 ? xstrndup(path, (size_t)n) : xstrdup("pveprov-lab");
}

int runtime_publish(struct runtime *r, const struct lab *l, struct err **err)
{
	_cleanup_free_ char *self = own_path(), *text = NULL;
	json_t *d = lab_describe(l);
	int result;

	json_object_set_new(d, "proxy_command",
			    r->own_dir ? json_sprintf("%s connect %%h %%p", self)
				       : json_sprintf("env PVEPROV_LAB=%s %s connect %%h %%p",
						      r->json_path, self));
	text = json_dumps(d, JSON_INDENT(2));
	json_decref(d);
	result = fs_write(r->json_path, text, strlen(text), 0600, err);
	explicit_bzero(text, strlen(text));
	r->published = result == 0;
	return result;
}

void runtime_leave(struct runtime *r)
{
	if (!r)
		return;
	if (r->published)
		unlink(r->json_path);
	if (r->own_dir && r->dir)
		fs_remove_tree(r->dir, NULL);
	free(r->json_path);
	free(r->dir);
	free(r);
}

char *runtime_default_world(void)
{
	static const char source[] = LAB_SOURCE "/../../recipes/lab.yaml";

	return xstrdup(fs_exists(source) ? source : LAB_LIBEXEC "/lab.yaml");
}

int runtime_detach(const char *const *state_dir, struct err **err)
{
	_cleanup_free_ char *base = *state_dir ? xstrdup(*state_dir) : base_dir(),
			    *path = fs_join(base, "lab.log");
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC), out = -1;

	if (private_dir(base, err))
		return -1;
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (null < 0 || out < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot open '%s'", path);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	return 0;
}

/* The last line of the log says why. */
int runtime_start_failed(pid_t child, struct err **err)
{
	_cleanup_free_ char *base = base_dir(), *path = fs_join(base, "lab.log");
	_cleanup_buf_ struct buf text = { 0 };
	const char *line;
	int status = 0;

	waitpid(child, &status, 0);
	fs_read(path, JSON_MAX, &text, NULL);
	while (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	line = strrchr(buf_text(&text), '\n');
	line = line ? line + 1 : buf_text(&text);
	if (starts_with(line, "pveprov-lab: "))
		line += strlen("pveprov-lab: ");
	err_set(err, ERR_INTERNAL, "the lab did not start: %s", *line ? line : "it said nothing");
	return err_hint(err, "its log is '%s'", path);
}

int runtime_print_status(struct err **err)
{
	json_t *d = NULL;

	if (read_json(&d, err))
		return -1;
	printf("%s\nfingerprint %s\nhypervisor %s, node %s, process %" PRId64 "\n",
	       json_text(d, "endpoint"), json_text(d, "fingerprint"), json_text(d, "hypervisor"),
	       json_text(d, "node"), json_int(d, "pid", 0));
	json_decref(d);
	return 0;
}

int runtime_stop(struct err **err)
{
	struct clock clock = clock_real(-1);
	json_t *d = NULL;
	pid_t pid;

	if (read_json(&d, err))
		return -1;
	pid = (pid_t)json_int(d, "pid", 0);
	json_decref(d);
	if (kill(pid, SIGTERM))
		return err_set_errno(err, ERR_INTERNAL, "cannot stop the lab (process %d)",
				     (int)pid);
	for (int64_t waited = 0; waited < STOP_MS; waited += STOP_STEP_MS) {
		if (kill(pid, 0) && errno == ESRCH)
			return 0;
		if (clock_sleep(&clock, STOP_STEP_MS, err))
			return -1;
	}
	return err_set(err, ERR_TIMEOUT, "the lab (process %d) did not end within %d s", (int)pid,
		       STOP_MS / 1000);
}

int runtime_connect_path(char **ret, struct err **err)
{
	json_t *d = NULL;
	const char *path;

	if (read_json(&d, err))
		return -1;
	if (json_need_text(d, "connect", &path, err)) {
		json_decref(d);
		return -1;
	}
	*ret = xstrdup(path);
	json_decref(d);
	return 0;
}
