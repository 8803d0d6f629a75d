#include "machine.h"
#include "base/fs.h"
#include "base/proc.h"

#include <err.h>
#include <sched.h>
#include <sys/mount.h>

static char *dir;

static void must(bool ok, const char *what)
{
	if (!ok)
		err(99, "%s", what);
}

void machine_do(const char *script)
{
	struct clock c = clock_real(-1);
	struct err *e = NULL;
	const char *argv[] = { "sh", "-ec", script, NULL };

	if (proc_check(&(struct proc_spec){ .argv = argv }, &c, &e) < 0)
		errx(99, "%s", e->text);
}

void machine_write(const char *path, const char *text)
{
	_cleanup_free_ char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	must(fs_mkdirs(parent, 0755, NULL) == 0 && fs_write(path, text, strlen(text), 0644, NULL) == 0, path);
}

char *machine_read(const char *path)
{
	struct buf b = { 0 };

	if (fs_read(path, 1 << 20, &b, NULL) < 0)
		buf_reset(&b);
	buf_adds(&b, "");
	return buf_take(&b);
}

bool machine_has(const char *path)
{
	return fs_exists(path);
}

static void bind_over(const char *name, const char *target)
{
	_cleanup_free_ char *source = fs_join(dir, name);

	must(fs_mkdirs(source, 0755, NULL) == 0, source);
	must(mount(source, target, NULL, MS_BIND, NULL) == 0, target);
}

/* /usr/sbin may be written to: into memory. */
static void cover_sbin(void)
{
	_cleanup_free_ char *script = xasprintf("mkdir %s/sbin; mount -t tmpfs tmpfs %s/sbin; mkdir %s/sbin/up %s/sbin/work; "
						"mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=%s/sbin/up,"
						"workdir=%s/sbin/work /usr/sbin", dir, dir, dir, dir, dir, dir);

	machine_do(script);
}

void machine_enter(const char *stubs)
{
	must(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount");
	must(fs_temp_dir(NULL, "pveprov-machine", &dir, NULL) == 0, "directory");
	_cleanup_free_ char *boot = fs_join(dir, "boot_id");
	machine_write(boot, "");
	/* what programs look up there; the links of alternatives are git's and awk's */
	_cleanup_free_ char *copy = xasprintf("mkdir -p %s/etc %s/base; cd /etc; "
					      "cp -a passwd group nsswitch.conf protocols services alternatives %s/base/ "
					      "2>/dev/null || :", dir, dir, dir);
	machine_do(copy);
	cover_sbin();
	bind_over("etc", "/etc");
	bind_over("var", "/var/lib");
	must(mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0, "/run");
	must(mount(stubs, "/usr/local/sbin", NULL, MS_BIND, NULL) == 0, stubs);
	must(mount(boot, "/proc/sys/kernel/random/boot_id", NULL, MS_BIND, NULL) == 0, "boot id");
	machine_reset();
}

static void new_boot_id(void)
{
	static int n;
	_cleanup_free_ char *text = xasprintf("00000000-0000-0000-0000-%012d\n", ++n);
	_cleanup_free_ char *file = fs_join(dir, "boot_id");
	FILE *f = fopen(file, "w"); /* in place: the mount holds the inode */

	must(f && fputs(text, f) >= 0 && fclose(f) == 0, file);
}

void machine_reset(void)
{
	_cleanup_free_ char *refill = xasprintf("rm -rf /etc/* /etc/.[!.]* /var/lib/* /run/*; cp -a %s/base/. /etc/; "
						"mkdir -p /run/fake/active /run/fake/failed /run/fake/units "
						"/run/fake/packages /etc/systemd/system/multi-user.target.wants; "
						": >/run/fake/log; : >/run/fake/output", dir);
	machine_do(refill);
	new_boot_id();
}

char *machine_etc(void)
{
	static const char *const argv[] = {
		"sh", "-ec", "cd /etc; find . -path ./.git -prune -o -path ./alternatives -prune -o "
			     "-printf '%p %y %m %l\\n' | sort; find . -path ./.git -prune -o -type f -print | sort | xargs sha256sum", NULL
	};
	struct clock c = clock_real(-1);
	struct proc_result r = { 0 };

	must(proc_run(&(struct proc_spec){ .argv = argv }, &c, &r, NULL) == 0 && r.status == 0, "find");
	buf_free(&r.err);
	return buf_take(&r.out);
}

bool machine_run_unit(const char *unit)
{
	_cleanup_free_ char *script = xasprintf("f=/etc/systemd/system/%s; [ -e $f ] || exit 9; "
						"$(sed -n 's/^ExecStart=//p' $f) >>/run/fake/output 2>&1", unit);
	const char *argv[] = { "sh", "-c", script, NULL };
	struct clock c = clock_real(-1);
	struct proc_result r = { 0 };

	must(proc_run(&(struct proc_spec){ .argv = argv }, &c, &r, NULL) == 0, unit);
	proc_result_free(&r);
	return r.status != 9;
}

void machine_reboot(void)
{
	new_boot_id();
	machine_do("rm -f /run/fake/active/* /run/fake/failed/* /run/fake/reboot; cd /etc/systemd/system; "
		   "for u in multi-user.target.wants/*; do [ ! -L \"$u\" ] || : >/run/fake/active/${u##*/}; done");
	if (machine_has("/etc/systemd/system/sysinit.target.wants/pveprov-boot.service"))
		machine_run_unit("pveprov-boot.service");
}

static int machine_exec(struct shell *shell, const struct shell_exec *x, struct shell_result *ret, struct err **err)
{
	struct machine_shell *s = (struct machine_shell *)shell;
	struct proc_result r = { 0 };
	size_t seen[2] = { 0, 0 };
	bool after = false;
	size_t arrives = s->cut ? s->cut(x, &after) : SIZE_MAX;

	s->programs++;
	if (s->before)
		s->before(x);
	if (proc_run(&(struct proc_spec){ .argv = x->argv, .input = x->input, .input_len = MIN(x->input_len, arrives),
					  .output_max = x->output_max }, &s->clock, &r, err) < 0)
		return -1;
	buf_add(&ret->out, r.out.data, r.out.len);
	buf_add(&ret->err, r.err.data, r.err.len);
	ret->status = r.status;
	proc_result_free(&r);
	if (after || arrives < x->input_len)
		return err_set(err, ERR_UNREACHABLE, "connection cut");
	shell_pass_lines(x, &ret->out, &seen[0], true);
	shell_pass_lines(x, &ret->err, &seen[1], true);
	return 0;
}

static void machine_close(struct shell *shell UNUSED)
{
}

static const struct shell_ops ops = { .name = "machine",
				      .exec = machine_exec,
				      .write_file = shell_write_by_exec,
				      .read_file = shell_read_by_exec,
				      .close = machine_close };

void machine_shell(struct machine_shell *s)
{
	*s = (struct machine_shell){ .shell = { .ops = &ops, .peer = "machine" }, .clock = clock_real(-1) };
	s->shell.clock = &s->clock;
}

void machine_leave(void)
{
	_cleanup_free_ char *memory = fs_join(dir, "sbin");

	umount2("/usr/sbin", MNT_DETACH);
	umount2(memory, MNT_DETACH);
	fs_remove_tree(dir, NULL);
	free(dir);
}
