#include "pve/agent_private.h"

enum { CALL_MS = 45000 /* the server's limit between its daemons is 30 s */ };

/* The server itself takes 3 s to say no. */
static const struct pace ping_pace = { 20, 250, 1000 };

int pve_agent_call(struct pve_client *c, struct pve_vm vm, const char *method, const char *command,
		   const struct pve_params *params, size_t body_max, json_t **ret, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/qemu/%u/agent/%s", vm.node, vm.id, command);
	struct pve_exchange x = {
		.method = method,
		.path = path,
		.params = params,
		.timeout_ms = CALL_MS,
		.body_max = body_max,
		.once = true, /* callers wait in loops of their own, and some answers are given once
				 only */
	};

	pve_gate_enter(c, vm.node);
	int r = clock_check(c->clock, err);
	if (r == 0)
		r = pve_exchange_data(c, &x, ret, err);
	pve_gate_leave(c, vm.node);
	return r;
}

int pve_agent_result(struct pve_client *c, struct pve_vm vm, const char *command, json_t **ret,
		     struct err **err)
{
	_cleanup_json_ json_t *data = NULL;

	if (pve_agent_call(c, vm, "GET", command, NULL, 0, &data, err) < 0)
		return -1;
	json_t *result = json_object_get(data, "result");
	if (!result)
		return err_set(err, ERR_INTERNAL, "agent of VM %u: %s gave no result", vm.id,
			       command);
	*ret = json_incref(result);
	return 0;
}

int pve_agent_ping(struct pve_client *c, struct pve_vm vm, struct err **err)
{
	return pve_agent_call(c, vm, "POST", "ping", NULL, 0, NULL, err);
}

/* A disabled option looks to the server like an agent that is not there: the configuration tells.
 */
static int check_option(struct pve_client *c, struct pve_vm vm, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_vm_status s;

	if (pve_vm_status(c, vm, &a, &s, err) < 0)
		return -1;
	if (!s.running) {
		err_set(err, ERR_CONFLICT, "VM %u is not running", vm.id);
		err_hint(err, "start it first");
		return err_code(err, PVE_VM_STOPPED);
	}
	if (!s.agent_enabled) {
		err_set(err, ERR_CONFLICT,
			"the guest agent of VM %u is not enabled in its configuration", vm.id);
		err_hint(err, "set agent=1, then stop and start the VM");
		return err_code(err, PVE_AGENT_OFF);
	}
	return 0;
}

static int gave_up(struct pve_client *c, struct pve_vm vm, int64_t timeout_ms,
		   const struct err *last, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_vm_status s = { 0 };
	bool known = pve_vm_status(c, vm, &a, &s, NULL) == 0;

	err_set(err, ERR_TIMEOUT,
		"the guest agent of VM %u did not answer within %.3g s (the VM %s, up %" PRId64
		" s): %s",
		vm.id, (double)timeout_ms / 1000,
		!known	    ? "is not to be seen"
		: s.paused  ? "is paused"
		: s.running ? "runs"
			    : "is stopped",
		s.uptime_s, last->text);
	err_hint(err, "is qemu-guest-agent installed and enabled in the template? look at the VM's "
		      "console");
	return err_code(err, PVE_AGENT_NOT_READY);
}

/* What can go away by waiting. */
static bool not_yet(const struct err *e)
{
	return pve_is(e, PVE_AGENT_NOT_READY) || e->kind == ERR_UNREACHABLE ||
	       e->kind == ERR_TIMEOUT || e->kind == ERR_BUSY;
}

int pve_agent_wait(struct pve_client *c, struct pve_vm vm, int64_t timeout_ms, struct err **err)
{
	struct deadline d = deadline_in(c->clock, timeout_ms);
	bool checked = false;

	for (;;) {
		_cleanup_err_ struct err *failed = NULL;

		if (pve_agent_ping(c, vm, &failed) == 0)
			return 0;
		if (!not_yet(failed))
			return err_move(err, TAKE_PTR(failed));
		if (!checked && pve_is(failed, PVE_AGENT_NOT_READY)) {
			_cleanup_err_ struct err *why = NULL;
			checked = true;
			/* who may not look waits on */
			if (check_option(c, vm, &why) < 0 &&
			    (why->kind == ERR_CONFLICT || why->kind == ERR_INTERRUPTED))
				return err_move(err, TAKE_PTR(why));
		}
		if (deadline_passed(&d))
			return gave_up(c, vm, timeout_ms, failed, err);
		if (deadline_pace(&d, &ping_pace, err) < 0)
			return -1;
	}
}

int pve_agent_bytes(const json_t *text, struct buf *out)
{
	const unsigned char *s = (const unsigned char *)json_string_value(text);
	size_t n = json_string_length(text), start = out->len;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < 0x80) {
			if (buf_addc(out, (char)s[i]) < 0)
				return -1;
		} else if ((s[i] == 0xc2 || s[i] == 0xc3) && i + 1 < n) {
			if (buf_addc(out, (char)(s[i] << 6 | (s[i + 1] & 0x3f))) < 0)
				return -1;
			i++;
		} else { /* beyond 255: a server that decodes by itself; then the text is as it was
			  */
			out->len = start;
			return buf_add(out, s, n);
		}
	}
	return 0;
}

char *pve_agent_text(const void *data, size_t len, size_t *ret_len)
{
	_cleanup_buf_ struct buf b = { 0 };
	const unsigned char *s = data;

	for (size_t i = 0; i < len; i++) {
		if (s[i] >= 0x80)
			buf_addc(&b, (char)(0xc0 | s[i] >> 6));
		buf_addc(&b, (char)(s[i] < 0x80 ? s[i] : 0x80 | (s[i] & 0x3f)));
	}
	*ret_len = b.len;
	return buf_take(&b);
}
