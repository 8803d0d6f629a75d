#include "step/bridge.h"

#include "base/strv.h"
#include "step/mark.h"
#include "step/watch.h"

enum { RELOAD_MS = 3 * 60 * 1000 };

bool bridge_is_ours(const struct session *s, const struct pve_iface *f)
{
	_cleanup_mark_ struct mark m = { 0 };

	return f->comment && mark_find(f->comment, &m) && streq(m.recipe, s->recipe->name);
}

static char *ports_text(const struct recipe_bridge *b)
{
	_cleanup_strv_ struct strv ports = { 0 };

	for (size_t i = 0; i < b->ports.n; i++)
		strv_add(&ports, b->ports.v[i]);
	return strv_join(&ports, " ");
}

static bool same_ports(const struct recipe_bridge *b, const char *live)
{
	_cleanup_strv_ struct strv ports = { 0 };

	strv_split(&ports, live ? live : "", " ");
	if (ports.n != b->ports.n)
		return false;
	for (size_t i = 0; i < b->ports.n; i++)
		if (!strv_contains(&ports, b->ports.v[i]))
			return false;
	return true;
}

static bool same_cidr(const struct recipe_bridge *b, const char *live)
{
	struct addr_cidr cidr;

	if (!b->cidr.addr.family || !live)
		return !b->cidr.addr.family && !live;
	return addr_cidr_parse(live, &cidr) && cidr.prefix == b->cidr.prefix &&
	       addr_compare(&cidr.addr, &b->cidr.addr) == 0;
}

enum bridge_state bridge_compare(const struct session *s, const struct recipe_bridge *b)
{
	const struct pve_iface *f = pve_net_find(&s->net, b->name);

	if (!f)
		return BRIDGE_ABSENT;
	const char *cidr = b->cidr.addr.family == 6 ? f->cidr6 : f->cidr;
	if (!same_cidr(b, cidr) || !same_ports(b, f->ports) || b->vlan_aware != f->vlan_aware)
		return bridge_is_ours(s, f) ? BRIDGE_DIFFERS : BRIDGE_FOREIGN;
	if (!bridge_is_ours(s, f))
		return BRIDGE_SAME;
	if (s->net.changes && strstr(s->net.changes, b->name))
		return BRIDGE_STAGED;
	/* A reload takes the staged file away before it tries it: one that was broken off or failed
	 * leaves this. */
	return f->active ? BRIDGE_SAME : BRIDGE_DOWN;
}

bool bridges_differ(const struct session *s)
{
	for (size_t i = 0; i < s->recipe->n_bridges; i++) {
		enum bridge_state state = bridge_compare(s, &s->recipe->bridges[i]);
		if (state != BRIDGE_SAME && state != BRIDGE_FOREIGN)
			return true;
	}
	return false;
}

static bool is_named(const struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->n_bridges; i++)
		if (streq(r->bridges[i].name, name))
			return true;
	return false;
}

bool bridge_changes_are_ours(const char *changes, const struct recipe *r)
{
	_cleanup_strv_ struct strv lines = { 0 };
	bool ours = false; /* the stanza that we are in */

	strv_split(&lines, changes, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i];
		char sign = line[0];
		_cleanup_strv_ struct strv words = { 0 };
		if (starts_with(line, "+++") || starts_with(line, "---") || sign == '@')
			continue;
		strv_split(&words, sign == ' ' || sign == '+' || sign == '-' ? line + 1 : line,
			   " \t\r");
		if (words.n == 0)
			continue;
		bool heading =
			words.n > 1 && (streq(words.v[0], "iface") || streq(words.v[0], "auto"));
		if (heading)
			ours = is_named(r, words.v[1]);
		if (sign == '-' || (sign == '+' && !ours))
			return false;
	}
	return true;
}

static void add_change(const struct session *s, const struct recipe_bridge *b,
		       enum bridge_state state, struct step_changes *ret)
{
	char cidr[ADDR_TEXT_MAX] = "no address";
	_cleanup_free_ char *privileges = xasprintf("Sys.Modify on /nodes/%s", s->node);

	if (b->cidr.addr.family)
		addr_cidr_text(&b->cidr, cidr);
	switch (state) {
	case BRIDGE_SAME:
		break;
	case BRIDGE_FOREIGN:
		step_note(ret,
			  "bridge '%s' is there, is not ours and differs from the recipe (%s): it "
			  "is used as it is",
			  b->name, cidr);
		break;
	case BRIDGE_ABSENT:
		step_changed(ret, STEP_CREATE, STEP_LIVE, privileges, "bridge %s with %s", b->name,
			     cidr);
		break;
	case BRIDGE_DIFFERS:
		step_changed(ret, STEP_CHANGE, STEP_LIVE, privileges, "bridge %s becomes %s",
			     b->name, cidr);
		break;
	case BRIDGE_STAGED:
		step_changed(ret, STEP_CHANGE, STEP_LIVE, privileges,
			     "bridge %s, staged already, is brought up", b->name);
		break;
	case BRIDGE_DOWN:
		step_changed(ret, STEP_CHANGE, STEP_LIVE, privileges, "bridge %s is brought up",
			     b->name);
		break;
	}
	if (b->cidr.addr.family && state != BRIDGE_SAME && state != BRIDGE_FOREIGN)
		step_note(ret,
			  "every machine on %s then reaches the node itself at %s, its ports 8006 "
			  "and 22 too: leave "
			  "'cidr' out or use the Proxmox firewall if that is not wanted",
			  b->name, cidr);
}

static int check(const struct step *step, struct step_run *run, struct step_changes *ret,
		 struct err **err)
{
	struct session *s = step->ctx;

	if (run->phase == STEP_APPLYING && session_read_net(s, err) < 0)
		return -1;
	for (size_t i = 0; i < s->recipe->n_bridges; i++)
		add_change(s, &s->recipe->bridges[i], bridge_compare(s, &s->recipe->bridges[i]),
			   ret);
	return 0;
}

static int stage(struct session *s, const struct recipe_bridge *b, struct step_run *run,
		 struct err **err)
{
	enum bridge_state state = bridge_compare(s, b);
	_cleanup_free_ char *mark = mark_text(s->recipe->name, 0, NULL);
	_cleanup_free_ char *ports = ports_text(b);
	char cidr[ADDR_TEXT_MAX];
	struct pve_bridge wanted = {
		.name = b->name, .ports = ports, .comment = mark, .vlan_aware = b->vlan_aware
	};

	if (b->cidr.addr.family == 4)
		wanted.cidr = addr_cidr_text(&b->cidr, cidr);
	else if (b->cidr.addr.family == 6)
		wanted.cidr6 = addr_cidr_text(&b->cidr, cidr);
	if (state == BRIDGE_ABSENT)
		step_line(run, "staging %s", b->name);
	if (state == BRIDGE_ABSENT)
		return pve_net_create_bridge(s->client, s->node, &wanted, err);
	return state == BRIDGE_DIFFERS ? pve_net_update_bridge(s->client, s->node, &wanted, err)
				       : 0;
}

/* Between the plan and now somebody else may have staged something: our reload would bring that
 * into effect too. */
static int refuse_foreign(const struct session *s, struct err **err)
{
	if (!s->net.changes || bridge_changes_are_ours(s->net.changes, s->recipe))
		return 0;
	err_set(err, ERR_GUARD,
		"somebody else has staged changes of the network of node '%s', which our reload "
		"would "
		"bring into effect too:\n%s",
		s->node, s->net.changes);
	return err_hint(err, "apply or revert them first ('pveprov net revert')");
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct session *s = step->ctx;
	struct step_watch w;

	if (refuse_foreign(s, err) < 0)
		return -1;
	for (size_t i = 0; i < s->recipe->n_bridges; i++)
		if (stage(s, &s->recipe->bridges[i], run, err) < 0)
			return err_wrap(err, "bridge '%s'", s->recipe->bridges[i].name);
	step_watch_start(&w, run, RELOAD_MS);
	return step_watch_end(&w, pve_net_apply(s->client, s->node, &w.watch, err), err);
}

/* Nothing foreign was pending before (refuse_foreign()): what is staged is ours and goes, unless
 * that changed since. */
static int undo(const struct step *step, struct step_run *run, struct err **err)
{
	struct session *s = step->ctx;

	if (session_read_net(s, err) < 0 || !s->net.changes)
		return s->net.changes ? -1 : 0;
	if (!bridge_changes_are_ours(s->net.changes, s->recipe))
		return err_set(err, ERR_GUARD,
			       "foreign changes are staged too, so nothing was reverted");
	step_line(run, "reverting what was staged");
	return pve_net_revert(s->client, s->node, err);
}

const struct step_ops step_bridges = {
	.name = "bridges", .check = check, .apply = apply, .undo = undo
};

/* The card of some machine of the cluster's node hangs on the bridge: only configurations of ours
 * are known here. */
static bool removable(const struct session *s, const struct recipe_bridge *b)
{
	const struct pve_iface *f = pve_net_find(&s->net, b->name);

	return f && bridge_is_ours(s, f);
}

static int check_remove(const struct step *step, struct step_run *run, struct step_changes *ret,
			struct err **err)
{
	struct session *s = step->ctx;

	if (run->phase == STEP_APPLYING && session_read_net(s, err) < 0)
		return -1;
	for (size_t i = 0; i < s->recipe->n_bridges; i++) {
		const struct recipe_bridge *b = &s->recipe->bridges[i];
		_cleanup_free_ char *privileges = xasprintf("Sys.Modify on /nodes/%s", s->node);
		if (removable(s, b))
			step_changed(ret, STEP_DELETE, STEP_DESTROYS, privileges, "bridge %s",
				     b->name);
		else if (pve_net_find(&s->net, b->name))
			step_note(ret, "bridge %s is not ours: left alone", b->name);
	}
	return 0;
}

struct user {
	const struct session *s;
	const struct pve_vm_entry *entry;
	char *bridge; /* of ours that it uses */
};

static int look_at_user(void *ctx, struct err **err)
{
	struct user *u = ctx;
	_cleanup_json_ json_t *config = NULL;
	_cleanup_err_ struct err *why = NULL;
	const char *key;
	const json_t *value;

	if (pve_vm_config(u->s->client, (struct pve_vm){ u->entry->node, u->entry->id }, false,
			  &config, &why) < 0)
		return why->kind == ERR_NOT_FOUND ? 0 : err_move(err, TAKE_PTR(why));
	json_object_foreach(config, key, value)
		for (size_t i = 0; i < u->s->recipe->n_bridges && !u->bridge; i++) {
			const struct recipe_bridge *b = &u->s->recipe->bridges[i];
			_cleanup_free_ char *option = xasprintf("bridge=%s", b->name);
			const char *text = json_string_value(value);
			const char *at =
				starts_with(key, "net") && text ? strstr(text, option) : NULL;
			char end = at ? at[strlen(option)] : 'x';
			if (removable(u->s, b) && (end == '\0' || end == ','))
				u->bridge = xstrdup(b->name);
		}
	return 0;
}

/* Whoever else of the node hangs on one of our bridges keeps it. */
static int refuse_used(struct session *s, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_vm_entry *vms = NULL;
	size_t n = 0;

	if (pve_vm_list(s->client, s->node, &a, &vms, &n, err) < 0)
		return -1;
	struct user *users = xcalloc(n, sizeof(*users));
	struct session_job *jobs = xcalloc(n, sizeof(*jobs));
	for (size_t i = 0; i < n; i++) {
		users[i] = (struct user){ s, &vms[i], NULL };
		jobs[i] = (struct session_job){ look_at_user, &users[i] };
	}
	int r = session_parallel(jobs, n, err);
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && users[i].bridge) {
			err_set(err, ERR_GUARD, "bridge '%s' is used by VM %u '%s' too",
				users[i].bridge, vms[i].id, vms[i].name ? vms[i].name : "");
			r = err_hint(err, "the machines of the recipe are gone; the bridge stays");
		}
		free(users[i].bridge);
	}
	free(users);
	free(jobs);
	return r;
}

static int remove_bridges(const struct step *step, struct step_run *run, struct err **err)
{
	struct session *s = step->ctx;
	struct step_watch w;

	if (refuse_foreign(s, err) < 0 || refuse_used(s, err) < 0)
		return -1;
	for (size_t i = 0; i < s->recipe->n_bridges; i++)
		if (removable(s, &s->recipe->bridges[i]) &&
		    pve_net_delete(s->client, s->node, s->recipe->bridges[i].name, err) < 0)
			return -1;
	step_watch_start(&w, run, RELOAD_MS);
	return step_watch_end(&w, pve_net_apply(s->client, s->node, &w.watch, err), err);
}

const struct step_ops step_bridges_remove = { .name = "remove-bridges",
					      .check = check_remove,
					      .apply = remove_bridges };
