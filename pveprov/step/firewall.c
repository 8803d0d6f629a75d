#include "step/steps.h"

#include "firewall/fw_switch.h"

static void say(void *ctx, const char *text)
{
	step_line(ctx, "%s", text);
}

/* Over the NIC for administration: routers are configured there. */
static void find_doors(struct session *s, bool built, struct fw_job_options *o)
{
	struct fw_guest_door *doors = arena_array(&s->arena, s->n_machines, sizeof(*doors));

	for (size_t i = 0; i < s->n_machines; i++) {
		const struct recipe_vm *vm = s->machines[i].vm;
		if (vm->router && vm->n_nics && (built || s->machines[i].exists))
			doors[o->n_doors++] = (struct fw_guest_door){
				.guest = arena_printf(&s->arena, "%" PRId64, vm->id),
				.nic = arena_printf(&s->arena, "net%td", machine_admin_nic(vm) - vm->nics),
			};
	}
	o->doors = doors;
}

static int plan(struct session *s, struct step_run *run, struct err **err)
{
	struct fw_job_options o = s->o.firewall;

	o.files = &s->recipe->firewall;
	o.node = s->node;
	o.guests_may_come = run->phase != STEP_APPLYING;
	if (run->phase != STEP_PLANNING) {
		o.say = say;
		o.say_ctx = run;
	}
	find_doors(s, run->phase == STEP_APPLYING, &o);
	fw_job_free(&s->firewall);
	s->firewall = (struct fw_job){ 0 };
	return fw_job_plan(s->client, &o, &s->firewall, err);
}

static const char *privileges_for(struct arena *a, const struct fw_change *c)
{
	if (streq(c->path[0], "nodes") && streq(c->path[2], "firewall"))
		return arena_printf(a, "Sys.Modify on /nodes/%s", c->path[1]);
	if (streq(c->path[0], "nodes"))
		return arena_printf(a, "VM.Config.Network on /vms/%s", c->path[3]);
	return streq(c->path[1], "sdn") ? "SDN.Allocate on /sdn" : "Sys.Modify on /";
}

static void add_change(struct session *s, const struct fw_change *c, struct step_changes *ret)
{
	static const enum step_mark marks[] = { [FW_POST] = STEP_CREATE, [FW_PUT] = STEP_CHANGE, [FW_DELETE] = STEP_DELETE };

	/* what goes may be somebody else's: nothing in it says whose it is */
	step_changed(ret, marks[c->verb], c->verb == FW_DELETE ? STEP_DESTROYS : STEP_LIVE, privileges_for(&s->arena, c),
		     "%s", c->text);
}

static int check(const struct step *step, struct step_run *run, struct step_changes *ret, struct err **err)
{
	struct session *s = step->ctx;
	_cleanup_err_ struct err *refused = NULL;

	if (plan(s, run, err) < 0)
		return -1;
	const struct fw_job *j = &s->firewall;
	for (size_t i = 0; i < j->changes.n; i++)
		add_change(s, &j->changes.v[i], ret);
	for (size_t i = 0; i < j->guard.n && j->changes.n; i++) {
		const struct fw_way *w = &j->guard.ways[i];
		step_note(ret, "%s: %s -> %s (%s)", w->what, fw_verdict_name(w->now.verdict), fw_verdict_name(w->then.verdict),
			  w->then.rule ? w->then.rule : w->then.reason);
	}
	if (j->changes.n && firewall_judge(s, &refused) < 0)
		step_note(ret, "%s", refused->text);
	return 0;
}

int firewall_judge(const struct session *s, struct err **err)
{
	return s->firewall.changes.n ? fw_job_judge(&s->firewall, err) : 0;
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct session *s = step->ctx;

	s->firewall.o.say = say;
	s->firewall.o.say_ctx = run;
	return firewall_judge(s, err) < 0 ? -1 : fw_switch_apply(&s->firewall, err);
}

const struct step_ops step_firewall = { .name = "firewall", .check = check, .apply = apply };
