#include "pve/fault.h"
#include "base/buf.h"
#include "base/strv.h"

#include <ctype.h>

/* The server's words -> what they mean. The first row whose parts all occur (letter case ignored)
 * decides. */
static const struct row {
	const char *part, *and_part;
	enum pve_fault fault;
	enum err_kind kind;
	const char *hint;
} rows[] = {
	{ "Permission check failed", NULL, PVE_NO_PRIVILEGE, ERR_AUTH, NULL },
	{ "only root can ", NULL, PVE_ROOT_ONLY, ERR_AUTH,
	  "no token can do it, not even one of root@pam: use a PCI mapping, or log in as root@pam "
	  "with its password" },
	{ "Only root may ", NULL, PVE_ROOT_ONLY, ERR_AUTH, "log in as root@pam with its password" },

	{ "pve-storage-", "got timeout", PVE_STORAGE_BUSY, ERR_BUSY,
	  "other work holds the storage's lock; wait for it" },
	{ "cfs-lock 'storage-", NULL, PVE_STORAGE_BUSY, ERR_BUSY,
	  "other work holds the storage's lock; wait for it" },
	{ "cfs-lock", NULL, PVE_LOCK_TIMEOUT, ERR_BUSY,
	  "other work in the cluster holds the lock; wait for it" },
	{ "can't lock file", NULL, PVE_LOCK_TIMEOUT, ERR_BUSY,
	  "a task of this VM holds its lock; wait for it: pveprov task list" },
	{ "is locked (", NULL, PVE_LOCKED, ERR_BUSY,
	  "wait for the task that locked it: pveprov task list" },
	{ "got no worker upid", NULL, PVE_LOCK_TIMEOUT, ERR_BUSY,
	  "the node could not start a worker; wait" },

	{ "guest agent is not running", NULL, PVE_AGENT_NOT_READY, ERR_BUSY,
	  "the guest still boots, is paused, or has no qemu-guest-agent installed" },
	{ "guest-", "got timeout", PVE_AGENT_NOT_READY, ERR_BUSY,
	  "the guest agent answers too slowly" },
	{ "qga command", "got timeout", PVE_AGENT_NOT_READY, ERR_BUSY,
	  "the guest agent answers too slowly" },
	{ "No QEMU guest agent configured", NULL, PVE_AGENT_OFF, ERR_CONFLICT,
	  "set the VM's option: agent=1, then stop and start it" },
	{ "Agent error: PID ", NULL, PVE_AGENT_NO_PID, ERR_NOT_FOUND, NULL },
	{ "Agent error:", "No such file or directory", PVE_NO_SUCH, ERR_NOT_FOUND, NULL },
	{ "Agent error:", NULL, PVE_AGENT_ERROR, ERR_INTERNAL, NULL },

	{ "checksum mismatch", NULL, PVE_CHANGED, ERR_CONFLICT,
	  "somebody changed it meanwhile: run again" },
	{ "detected modified configuration", NULL, PVE_CHANGED, ERR_CONFLICT,
	  "somebody changed it meanwhile: run again" },

	{ "bridge '", "does not exist", PVE_NO_BRIDGE, ERR_NOT_FOUND,
	  "create the bridge and apply the network: pveprov net list" },
	{ "mapping invalid", NULL, PVE_MAPPING_STALE, ERR_CONFLICT,
	  "compare: pveprov pci list; then renew it: pveprov pci map" },

	{ "already running", NULL, PVE_IN_USE, ERR_CONFLICT, NULL },
	{ "is running - ", NULL, PVE_IN_USE, ERR_CONFLICT, "stop it first" },
	{ "still in use", NULL, PVE_IN_USE, ERR_CONFLICT,
	  "linked clones stand on it: delete them first" },
	{ "if it's a template", NULL, PVE_IN_USE, ERR_CONFLICT, "clone it" },
	{ "convert a template", NULL, PVE_EXISTS, ERR_CONFLICT, NULL },
	{ "is not empty", NULL, PVE_IN_USE, ERR_CONFLICT, NULL },
	{ "VM ", " not running", PVE_VM_STOPPED, ERR_CONFLICT, "start it first" },

	{ "already exists", NULL, PVE_EXISTS, ERR_CONFLICT, NULL },
	{ "already used", NULL, PVE_EXISTS, ERR_CONFLICT, NULL },
	{ "already defined", NULL, PVE_EXISTS, ERR_CONFLICT, NULL },

	{ "hostname lookup '", NULL, PVE_NO_SUCH, ERR_NOT_FOUND, "there is no such node" },
	{ "unable to find configuration file", NULL, PVE_NO_SUCH, ERR_NOT_FOUND, NULL },
	{ "does not exist", NULL, PVE_NO_SUCH, ERR_NOT_FOUND, NULL },
	{ "no such ", NULL, PVE_NO_SUCH, ERR_NOT_FOUND, NULL },
	{ "invalid vnet specified", NULL, PVE_NO_SUCH, ERR_NOT_FOUND,
	  "there is no such vnet, or SDN was not applied since it was made" },
	{ "no rule at position", NULL, PVE_NO_SUCH, ERR_NOT_FOUND, NULL },

	{ "data too large", NULL, PVE_BAD_PARAMETER, ERR_USAGE,
	  "a call holds 512 KiB, before Proxmox VE 8.4 only 64 KiB" },

	{ "no quorum", NULL, PVE_PROXY, ERR_UNREACHABLE,
	  "the cluster is not quorate: see 'pvecm status' on the node" },
	{ "unexpected status", NULL, PVE_TASK_ABORTED, ERR_TASK, "somebody stopped the task" },
	{ "interrupted by signal", NULL, PVE_TASK_ABORTED, ERR_TASK, "somebody stopped the task" },
	{ "received interrupt", NULL, PVE_TASK_ABORTED, ERR_TASK, "somebody stopped the task" },
};

static const struct row *row_of(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *at = strcasestr(text, rows[i].part);
		if (at && (!rows[i].and_part || strcasestr(at, rows[i].and_part)))
			return &rows[i];
	}
	return NULL;
}

/* What a server sends goes to a terminal: no control bytes, no line ends, no endless text. */
static char *clean(const char *text)
{
	char *copy = xstrndup(text, 2000);
	char *to = copy;

	for (const char *s = copy; *s; s++) {
		bool blank = *s == '\n' || *s == '\r' || *s == '\t' || *s == ' ';
		if (blank && (to == copy || to[-1] == ' '))
			continue;
		*to++ = blank ? ' ' : iscntrl((unsigned char)*s) ? '?' : *s;
	}
	while (to > copy && to[-1] == ' ')
		to--;
	*to = '\0';
	return copy;
}

/* "Permission check failed (/vms/9000, VM.Audit|VM.Snapshot)" -> the line that grants the first of
 * them. */
static void privilege_hint(const char *text, const char *account, struct err **err)
{
	const char *path = strchr(text, '(');
	const char *comma = path ? strstr(path, ", ") : NULL;

	if (!comma)
		return;
	_cleanup_free_ char *where = xstrndup(path + 1, (size_t)(comma - path - 1));
	_cleanup_free_ char *privilege = xstrndup(comma + 2, strcspn(comma + 2, "|,) "));
	_cleanup_free_ char *line = pve_grant_line(account, *where ? where : "/", privilege);
	err_hint(err, "on the node: %s", line);
}

char *pve_grant_line(const char *account, const char *path, const char *privilege)
{
	const char *who = account ? account : "USER@REALM";
	bool token = strchr(who, '!');

	return xasprintf("pveum role add pveprov-%s --privs %s; pveum acl modify %s --roles "
			 "pveprov-%s --%s '%s'%s",
			 privilege, privilege, path, privilege, token ? "tokens" : "users", who,
			 token ? " (a token never has more than its user)" : "");
}

/* "memory: not a number; vmid: ..." in the order of the names. */
static char *parameter_lines(const json_t *errors)
{
	_cleanup_strv_ struct strv lines = { 0 };
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)errors, name, v) {
		_cleanup_free_ char *text =
			clean(json_is_string(v) ? json_string_value(v) : "refused");
		strv_addf(&lines, "'%s': %s", name, text);
	}
	strv_sort(&lines);
	return strv_join(&lines, "; ");
}

/* What a status alone means, where the words say nothing. */
static const struct {
	int status;
	enum pve_fault fault;
	enum err_kind kind;
	const char *hint;
} statuses[] = {
	{ 301, PVE_NO_METHOD, ERR_UNREACHABLE, "this is not the API's port (8006)" },
	{ 400, PVE_BAD_PARAMETER, ERR_USAGE, NULL },
	{ 401, PVE_NO_LOGIN, ERR_AUTH,
	  "check the account: user@realm, the token's id and secret, or the password" },
	{ 403, PVE_NO_PRIVILEGE, ERR_AUTH, NULL },
	{ 404, PVE_NO_METHOD, ERR_NOT_FOUND, "is this a Proxmox VE API?" },
	{ 595, PVE_PROXY, ERR_UNREACHABLE, "the node could not reach the node that is meant" },
	{ 596, PVE_PROXY, ERR_UNREACHABLE,
	  "the node's daemon did not answer in time, or broke: the work may be done" },
	{ 599, PVE_PROXY, ERR_UNREACHABLE,
	  "the node's daemon did not answer in time: the work may be done" },
};

static int by_status(const char *what, int status, const char *text, struct err **err)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (statuses[i].status != status)
			continue;
		err_set(err, statuses[i].kind, "%s: %s", what, text);
		if (statuses[i].hint)
			err_hint(err, "%s", statuses[i].hint);
		return err_code(err, (int)statuses[i].fault);
	}
	if (status == 501 && strstr(text, "not implemented")) {
		err_set(err, ERR_NOT_FOUND, "%s: %s", what, text);
		err_hint(err, "this version of Proxmox VE has no such call");
		return err_code(err, PVE_NO_METHOD);
	}
	err_set(err, ERR_INTERNAL, "%s: %s (status %d)", what, text, status);
	return err_code(err, status);
}

static int by_row(const char *what, const struct row *row, const char *text, const char *account,
		  struct err **err)
{
	err_set(err, row->kind, "%s: %s", what, text);
	if (row->hint)
		err_hint(err, "%s", row->hint);
	if (row->fault == PVE_NO_PRIVILEGE)
		privilege_hint(text, account, err);
	return err_code(err, (int)row->fault);
}

int pve_fault_of_answer(const char *what, const char *account, int status, const char *reason,
			const char *message, const json_t *errors, struct err **err)
{
	const char *said = message && *message ? message
			   : reason && *reason ? reason
					       : "no reason given";
	_cleanup_free_ char *text =
		json_object_size(errors) ? parameter_lines(errors) : clean(said);
	/* Between the daemons nobody knows what was meant: "Broken pipe", "Connection timed out".
	 */
	const struct row *row = status >= 595 ? NULL : row_of(text);

	return row ? by_row(what, row, text, account, err) : by_status(what, status, text, err);
}

int pve_fault_of_task(const char *what, const char *exit_text, struct err **err)
{
	_cleanup_free_ char *text = clean(exit_text);
	const struct row *row = row_of(text);

	if (row)
		return by_row(what, row, text, NULL, err);
	return err_set(err, ERR_TASK, "%s: %s", what, text);
}

bool pve_outcome_unknown(const struct err *err)
{
	return pve_is(err, PVE_LOST) || pve_is(err, PVE_PROXY);
}

bool pve_is(const struct err *err, enum pve_fault fault)
{
	return err && err->code == (int)fault;
}
