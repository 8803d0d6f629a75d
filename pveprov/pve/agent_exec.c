#include "pve/agent_private.h"

enum {
	EXEC_MS = 60000,
	OUTPUT_MAX = 1 << 20,
	LOST_TRIES = 5, /* looks in a row that may fail */
};

/* Each look is a call of the agent, too: fewer of them than of a task's. */
static const struct pace look_pace = { 2, 30, 500 };

void pve_agent_output_free(struct pve_agent_output *o)
{
	buf_free(&o->out);
	buf_free(&o->err);
}

static int begin(struct pve_client *c, struct pve_vm vm, const struct pve_agent_exec *x,
		 int64_t *ret_pid, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;

	if (x->input_len > PVE_AGENT_INPUT_MAX)
		return err_set(err, ERR_USAGE, "input of '%s' is %zu bytes, the agent takes %d",
			       x->argv[0], x->input_len, PVE_AGENT_INPUT_MAX);
	/* Repeated, the key is an array (7.x: a list with NUL between). One string with blanks
	 * would be one word. */
	for (size_t i = 0; x->argv[i]; i++)
		pve_params_add(&p, "command", x->argv[i]);
	if (x->input_len) {
		size_t len;
		_cleanup_free_ char *text = pve_agent_text(x->input, x->input_len, &len);
		pve_params_add_len(&p, "input-data", text, len);
		explicit_bzero(text, len);
	}
	if (pve_agent_call(c, vm, "POST", "exec", &p, 0, &data, err) < 0)
		return -1;
	int64_t pid = json_int(data, "pid", -1);
	if (pid < 0)
		return err_set(err, ERR_INTERNAL, "the agent gave no pid");
	*ret_pid = pid;
	return 0;
}

static int take_output(const json_t *data, const struct pve_agent_exec *x,
		       struct pve_agent_output *ret, struct err **err)
{
	struct pve_agent_output o = {
		.out.ceiling = x->output_max ? x->output_max : OUTPUT_MAX,
		.err.ceiling = x->output_max ? x->output_max : OUTPUT_MAX,
		.truncated = json_flag(data, "out-truncated", false) ||
			     json_flag(data, "err-truncated", false),
	};
	int64_t signal = json_int(data, "signal", 0);

	o.status = (int)(signal > 0 ? 128 + signal : json_int(data, "exitcode", 0));
	if (pve_agent_bytes(json_object_get(data, "out-data"), &o.out) < 0 ||
	    pve_agent_bytes(json_object_get(data, "err-data"), &o.err) < 0) {
		pve_agent_output_free(&o);
		return err_set(err, ERR_INTERNAL, "output is larger than %zu bytes", o.out.ceiling);
	}
	*ret = o;
	return 0;
}

/* One look: *ret_data is set once it has ended. */
static int look(struct pve_client *c, struct pve_vm vm, int64_t pid, size_t output_max,
		json_t **ret_data, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	json_t *data = NULL;

	pve_params_add_int(&p, "pid", pid);
	/* A byte is at most six characters ("\u001b"), in two streams. */
	if (pve_agent_call(c, vm, "GET", "exec-status", &p, output_max * 12 + 65536, &data, err) <
	    0)
		return -1;
	if (json_flag(data, "exited", false)) {
		*ret_data = data;
		return 0;
	}
	json_decref(data);
	return 0;
}

static int wait_for(struct pve_client *c, struct pve_vm vm, const struct pve_agent_exec *x,
		    int64_t pid, struct pve_agent_output *ret, struct err **err)
{
	struct deadline d = deadline_in(c->clock, x->timeout_ms ? x->timeout_ms : (int64_t)EXEC_MS);
	size_t output_max = x->output_max ? x->output_max : (size_t)OUTPUT_MAX;
	int64_t wait_ms = look_pace.least_ms;
	int lost = 0;

	for (;;) {
		_cleanup_json_ json_t *data = NULL;
		_cleanup_err_ struct err *failed = NULL;

		if (deadline_sleep(&d, wait_ms, err) < 0)
			return -1;
		int64_t asked_ms = clock_now_ms(c->clock);
		int r = look(c, vm, pid, output_max, &data, &failed);
		if (r == 0 && data)
			return take_output(data, x, ret, err);
		bool goes_on = r == 0 || pve_outcome_unknown(failed) ||
			       pve_is(failed, PVE_AGENT_NOT_READY);
		lost = r == 0 ? 0 : lost + 1;
		if (!goes_on || lost > LOST_TRIES) {
			err_move(err, TAKE_PTR(failed));
			/* An answer is given once: the one that was lost had the result. */
			return lost > 1 && err && pve_is(*err, PVE_AGENT_NO_PID)
				       ? err_wrap(err, "its result was lost")
				       : -1;
		}
		if (deadline_check(&d, err, "'%s'", x->argv[0]) < 0)
			return err_hint(err, "it still runs in the guest, as process %" PRId64,
					pid);
		int64_t now = clock_now_ms(c->clock);
		wait_ms = MAX(pace_ms(&look_pace, now - d.start_ms), now - asked_ms);
	}
}

int pve_agent_exec(struct pve_client *c, struct pve_vm vm, const struct pve_agent_exec *x,
		   struct pve_agent_output *ret, struct err **err)
{
	int64_t pid = 0;

	if (begin(c, vm, x, &pid, err) < 0 || wait_for(c, vm, x, pid, ret, err) < 0)
		return err_wrap(err, "'%s' through the agent of VM %u", x->argv[0], vm.id);
	return 0;
}
