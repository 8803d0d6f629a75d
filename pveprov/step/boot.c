#include "step/steps.h"

#include "data/json.h"

enum {
	AGENT_MS = 10 * 60 * 1000,
	CLOUD_INIT_MS = 20 * 60 * 1000,
	RESULT_MAX = 64 * 1024,
};

static const struct pace cloud_init_pace = { 25, 250, 500 };

/* cloud-init writes it when it is through, under /run: it is always of this boot. */
static const char result_path[] = "/run/cloud-init/result.json";

static void tell_errors(struct step_run *run, struct buf *text)
{
	_cleanup_json_ json_t *result = NULL;
	size_t i;
	json_t *line;

	if (json_parse("cloud-init's result", text->data, text->len, &result, NULL) < 0)
		return;
	json_array_foreach(json_list(json_map(result, "v1"), "errors"), i, line)
		if (json_is_string(line))
			step_line(run, "cloud-init: %s", json_string_value(line));
}

/* 1: done; 0: not yet; -1: error. */
static int look(struct machine *m, struct step_run *run, bool *agent_there, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_err_ struct err *why = NULL;

	if (pve_agent_read(m->session->client, m->at, result_path, RESULT_MAX, &text, &why) == 0) {
		tell_errors(run, &text);
		return 1;
	}
	*agent_there = !pve_is(why, PVE_AGENT_NOT_READY) && !pve_outcome_unknown(why);
	if (!*agent_there || why->kind == ERR_NOT_FOUND)
		return 0;
	return err_move(err, TAKE_PTR(why));
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	struct deadline d = deadline_in(run->clock, CLOUD_INIT_MS);

	if (run->phase == STEP_LOOKING && !m->running)
		return STEP_SKIP;
	for (;;) {
		bool agent_there = true;
		int done = look(m, run, &agent_there, err);
		if (done != 0)
			return done < 0 ? -1 : 0;
		if (run->phase == STEP_LOOKING) {
			step_line(run, agent_there ? "cloud-init is at work"
						   : "the guest agent does not answer");
			return STEP_SKIP;
		}
		step_line(run,
			  agent_there ? "waiting for cloud-init" : "waiting for the guest agent");
		if (!agent_there && pve_agent_wait(m->session->client, m->at, AGENT_MS, err) < 0)
			return -1;
		if (deadline_check(&d, err, "the first boot of %s (cloud-init wrote no %s)",
				   m->vm->name, result_path) < 0)
			return err_hint(err,
					"is cloud-init installed in template %" PRId64
					"? See its serial console, and run "
					"again to go on",
					m->vm->template_id);
		if (deadline_pace(&d, &cloud_init_pace, err) < 0)
			return -1;
	}
}

const struct step_ops step_boot = { .name = "boot", .part = RECEIPT_GUEST, .apply = apply };
