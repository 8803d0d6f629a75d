#include "lab/qemu_kvm.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/text.h"

enum { TRIAL_MS = 10000 };

/* The initrd says it when the kernel's command line has this word, and ends the machine. */
#define TRIAL_WORD "lab.trial"
#define TRIAL_SAYS "lab initrd: alive"

static bool trial(const struct image *image, const struct clock *clock, struct err **err)
{
	const char *const argv[] = {
		"qemu-system-x86_64",
		"-accel",
		"kvm",
		"-cpu",
		"host",
		"-M",
		"q35",
		"-m",
		"256",
		"-nodefaults",
		"-no-user-config",
		"-display",
		"none",
		"-no-reboot",
		"-serial",
		"stdio",
		"-kernel",
		image->kernel,
		"-initrd",
		image->initrd,
		"-append",
		"console=ttyS0 quiet panic=-1 " TRIAL_WORD,
		NULL,
	};
	const struct proc_spec spec = { .argv = argv, .timeout_ms = TRIAL_MS };
	_cleanup_proc_result_ struct proc_result r = { 0 };

	if (proc_run(&spec, clock, &r, err) < 0)
		return false;
	if (strstr(buf_text(&r.out), TRIAL_SAYS))
		return true;
	err_set(err, ERR_INTERNAL, "the trial machine ended with status %d", r.status);
	return false;
}

bool qemu_kvm_works(const struct image *image, const struct clock *clock, const struct log *log)
{
	_cleanup_buf_ struct buf boot = { 0 }, verdict = { 0 };
	_cleanup_err_ struct err *e = NULL;

	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return false;
	if (fs_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) < 0)
		buf_adds(&boot, "unknown");
	_cleanup_free_ char *name = xasprintf("kvm-%s", text_trim((char *)buf_text(&boot)));
	_cleanup_free_ char *file = fs_join(image->dir, name);
	if (fs_read(file, 8, &verdict, NULL) == 0)
		return streq(buf_text(&verdict), "yes");
	bool works = trial(image, clock, &e);
	if (!works)
		log_warning(log, "KVM is there but does not work (%s): machines are emulated",
			    e->text);
	fs_write(file, works ? "yes" : "no", works ? 3 : 2, 0600, NULL);
	return works;
}
