#include "firewall/fw_revert.h"
#include "base/proc.h"

enum { SSH_MS = 30000, WENT_OFF = 3 };

#define UNIT "pveprov-firewall-revert"

/* $1: seconds. A timer of an earlier run that nobody took back is replaced. */
static const char arm_script[] =
	"for tool in systemd-run systemctl pvesh; do command -v $tool >/dev/null || { echo \"there is no $tool\" >&2; exit 4; }; done\n"
	"systemctl stop " UNIT ".timer 2>/dev/null || :\n"
	"exec systemd-run --quiet --collect --unit=" UNIT " --on-active=\"$1\" --timer-property=AccuracySec=1s "
	"pvesh set /cluster/firewall/options --enable 0\n";

/* The timer goes when it has run, as does the service after it. */
static const char disarm_script[] =
	"systemctl is-active --quiet " UNIT ".timer || exit 3\n"
	"exec systemctl stop " UNIT ".timer\n";

static int run(const char *target, const char *script, const char *argument, const struct clock *clock, int *ret_status,
	       struct err **err)
{
	const char *const argv[] = { PROC_SSH, "-oConnectTimeout=10", "--", target, "sh", "-s", "--", argument, NULL };
	const struct proc_spec spec = { .argv = argv, .input = script, .input_len = strlen(script), .timeout_ms = SSH_MS };
	_cleanup_proc_result_ struct proc_result r = { 0 };

	if (target[0] == '-')
		return err_set(err, ERR_USAGE, "'%s' is not a host for ssh", target);
	if (proc_run(&spec, clock, &r, err) < 0)
		return -1;
	*ret_status = r.status;
	if (r.status == 0)
		return 0;
	const char *text = buf_text(&r.err);
	err_set(err, r.status == 255 ? ERR_UNREACHABLE : ERR_INTERNAL, "ssh %s: %.*s", target, (int)strcspn(text, "\n"), text);
	return -1;
}

int fw_revert_arm(const char *target, int seconds, const struct clock *clock, struct err **err)
{
	_cleanup_free_ char *argument = xasprintf("%d", seconds);
	int status = 0;

	if (run(target, arm_script, argument, clock, &status, err) == 0)
		return 0;
	err_wrap(err, "cannot set the timer that would undo it");
	return err_hint(err, "it needs root's ssh to a node of the cluster that works without a question: ssh %s true", target);
}

int fw_revert_disarm(const char *target, const struct clock *clock, struct err **err)
{
	int status = 0;

	if (run(target, disarm_script, "", clock, &status, err) == 0)
		return 0;
	if (status == WENT_OFF) {
		*err = err_free(*err);
		return err_set(err, ERR_REVERTED, "the node has switched the firewall off already");
	}
	return err_wrap(err, "cannot take back the timer that undoes it");
}
