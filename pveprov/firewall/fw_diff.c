#include "firewall/fw_address.h"
#include "firewall/fw_diff_private.h"
#include "firewall/fw_options.h"

/* A security group's rules are read with the cluster's names only, as are a node's. */
struct fw_aliases fw_diff_aliases(const struct diff *d)
{
	bool own = d->t->level == FW_GUEST;

	return (struct fw_aliases){ .own_live = own ? d->t->live : NULL,
				    .own_wanted = own ? d->t->wanted : NULL,
				    .cluster_live = d->cluster ? d->cluster->live : NULL,
				    .cluster_wanted = d->cluster ? d->cluster->wanted : NULL };
}

const char *fw_diff_file(const struct diff *d)
{
	const struct fw_target *t = d->t;
	const char *guest = t->guest && streq(t->guest, "lxc") ? "CT" : "VM";

	return t->level == FW_CLUSTER ? "cluster"
				      : arena_printf(d->a, "%s %s", t->level == FW_HOST	    ? "node"
								    : t->level == FW_GUEST ? guest
											   : "vnet",
						     t->level == FW_HOST ? t->node : t->id);
}

/* The list is all of the path, or all but its last segment where that names an entry. */
struct fw_change *fw_diff_add(struct diff *d, enum fw_verb verb, enum fw_object object, int phase, const char *x,
			     const char *y, const char *z)
{
	const char *heads[FW_LEVELS][5] = {
		[FW_CLUSTER] = { "cluster", "firewall" },
		[FW_HOST] = { "nodes", d->t->node, "firewall" },
		[FW_GUEST] = { "nodes", d->t->node, d->t->guest ? d->t->guest : "qemu", d->t->id, "firewall" },
		[FW_VNET] = { "cluster", "sdn", "vnets", d->t->id, "firewall" },
	};
	const char *tail[] = { x, y, z };
	size_t n = 0;

	if (d->out->n == d->cap) {
		d->cap = MAX(d->cap * 2, (size_t)32);
		struct fw_change *v = arena_array(d->a, d->cap, sizeof(*v));
		if (d->out->n)
			memcpy(v, d->out->v, d->out->n * sizeof(*v));
		d->out->v = v;
	}
	struct fw_change *c = &d->out->v[d->out->n++];
	*c = (struct fw_change){ .verb = verb, .object = object, .phase = phase };
	for (size_t i = 0; i < 5 && heads[d->t->level][i]; i++)
		c->path[n++] = heads[d->t->level][i];
	for (size_t i = 0; i < 3 && tail[i]; i++)
		c->path[n++] = tail[i];
	/* a set or group that goes must be empty: it is looked at itself */
	bool whole = verb == FW_POST || object == FW_OBJ_OPTIONS || object == FW_OBJ_SET || object == FW_OBJ_GROUP;
	c->list_depth = whole ? n : n - 1;
	return c;
}

void fw_diff_param(struct fw_change *c, const char *key, const char *value)
{
	if (value && c->n_params < FW_PARAMS_MAX)
		c->params[c->n_params++] = (struct fw_param){ key, value };
}

static void diff_options(struct diff *d)
{
	static const int phases[FW_LEVELS] = { CLUSTER_OPTIONS, HOST_OPTIONS, GUEST_OPTIONS, GUEST_OPTIONS };
	const struct fw_config *live = d->t->live, *wanted = d->t->wanted;
	const struct fw_option_spec *s;
	struct buf text = { 0 }, gone = { 0 };
	struct fw_change *c = NULL;

	for (size_t i = 0; (s = fw_option_next(d->t->level, &i));) {
		const char *now = fw_option(live, s->key), *then = fw_option(wanted, s->key);
		if (s->file_only || streq_null(now, then))
			continue;
		if (!c)
			c = fw_diff_add(d, FW_PUT, FW_OBJ_OPTIONS, phases[d->t->level], "options", NULL, NULL);
		if (then)
			fw_diff_param(c, s->key, then);
		else
			buf_addf(&gone, "%s%s", gone.len ? "," : "", s->key);
		buf_addf(&text, "%s%s: %s -> %s", text.len ? ", " : "", s->key, now ? now : "(absent)",
			 then ? then : "(absent)");
		if (streq(s->key, "enable") && d->t->level == FW_CLUSTER && (!then || streq(then, "0")))
			c->phase = OFF_FIRST;
	}
	if (c && gone.len)
		fw_diff_param(c, "delete", arena_strdup(d->a, buf_text(&gone)));
	if (c) {
		c->takes_digest = true;
		c->was = live;
		c->then = wanted;
		c->text = arena_printf(d->a, "%s: options %s", fw_diff_file(d), buf_text(&text));
	}
	buf_free(&text);
	buf_free(&gone);
}

static void diff_aliases(struct diff *d)
{
	struct fw_aliases around = fw_diff_aliases(d);

	for (const struct fw_section *s = d->t->wanted->first; s; s = s->next) {
		for (const struct fw_entry *e = s->kind == FW_ALIASES ? s->first : NULL; e; e = e->next) {
			if (e->bad || fw_alias(d->t->wanted, e->key) != e)
				continue;
			const struct fw_entry *now = fw_alias(d->t->live, e->key);
			if (now && streq(now->value, e->value) && streq_null(now->comment, e->comment))
				continue;
			struct fw_change *c = now ? fw_diff_add(d, FW_PUT, FW_OBJ_ALIAS, ALIASES, "aliases", now->key, NULL)
						  : fw_diff_add(d, FW_POST, FW_OBJ_ALIAS, ALIASES, "aliases", NULL, NULL);
			if (!now)
				fw_diff_param(c, "name", e->key);
			/* the call replaces the whole entry: without the comment it would be lost */
			fw_diff_param(c, "cidr", e->value);
			fw_diff_param(c, "comment", e->comment);
			c->takes_digest = now != NULL;
			c->expected = now;
			c->text = arena_printf(d->a, "%s: alias %s %s", fw_diff_file(d), e->key, e->value);
		}
	}
	for (const struct fw_section *s = d->t->live->first; s; s = s->next) {
		for (const struct fw_entry *e = s->kind == FW_ALIASES ? s->first : NULL; e; e = e->next) {
			if (e->bad || fw_alias(d->t->wanted, e->key) || fw_alias(d->t->live, e->key) != e)
				continue;
			int phase = around.own_live && fw_alias_hides(&around, e->key) ? HIDING_ALIASES : GOING;
			struct fw_change *c = fw_diff_add(d, FW_DELETE, FW_OBJ_ALIAS, phase, "aliases", e->key, NULL);
			c->takes_digest = true;
			c->expected = e;
			c->text = arena_printf(d->a, "%s: alias %s", fw_diff_file(d), e->key);
		}
	}
}

static const struct fw_entry *member(const struct fw_section *s, const char *address)
{
	for (const struct fw_entry *e = s ? s->first : NULL; e; e = e->next)
		if (!e->bad && streq(e->value, address))
			return e;
	return NULL;
}

static bool among(const char *const *values, size_t n, const char *value)
{
	for (size_t i = 0; i < n; i++)
		if (streq(values[i], value))
			return true;
	return false;
}

/* `now` or `then` may be NULL: the set comes or goes. */
static void diff_members(struct diff *d, const struct fw_section *now, const struct fw_section *then)
{
	const char **values = arena_array(d->a, then ? then->n : 0, sizeof(*values));
	size_t n = 0;

	for (const struct fw_entry *e = then ? then->first : NULL; e; e = e->next) {
		if (e->bad)
			continue;
		/* a file may hold what the API would have stored in another spelling */
		const char *value = member(now, e->value) ? e->value : fw_member_stored(d->a, e->value);
		if (among(values, n, value))
			continue;
		values[n++] = value;
		const struct fw_entry *old = member(now, value);
		if (old && old->nomatch == e->nomatch && streq_null(old->comment, e->comment))
			continue;
		struct fw_change *c = old ? fw_diff_add(d, FW_PUT, FW_OBJ_MEMBER, SETS, "ipset", then->name, value)
					  : fw_diff_add(d, FW_POST, FW_OBJ_MEMBER, SETS, "ipset", then->name, NULL);
		if (!old)
			fw_diff_param(c, "cidr", value);
		if (e->nomatch || (old && old->nomatch))
			fw_diff_param(c, "nomatch", e->nomatch ? "1" : "0");
		fw_diff_param(c, "comment", e->comment);
		c->takes_digest = old != NULL;
		c->expected = old;
		c->text = arena_printf(d->a, "%s: IP set %s: %s%s", fw_diff_file(d), then->name, e->nomatch ? "!" : "",
				       value);
	}
	for (const struct fw_entry *e = now ? now->first : NULL; e; e = e->next) {
		if (e->bad || among(values, n, e->value))
			continue;
		struct fw_change *c = fw_diff_add(d, FW_DELETE, FW_OBJ_MEMBER, then ? SETS : GOING_ENTRIES, "ipset", now->name,
					  e->value);
		c->takes_digest = true;
		c->expected = e;
		c->text = arena_printf(d->a, "%s: IP set %s: %s", fw_diff_file(d), now->name, e->value);
	}
}

/* Sets and groups: made where missing, their comment changed by a "rename" to the same name. */
static void diff_container(struct diff *d, enum fw_object object, const struct fw_section *now,
			   const struct fw_section *then)
{
	bool is_set = object == FW_OBJ_SET;
	const char *list = is_set ? "ipset" : "groups", *key = is_set ? "name" : "group";

	if (now && streq_null(now->comment, then->comment))
		return;
	struct fw_change *c = fw_diff_add(d, FW_POST, object, is_set ? SETS : GROUPS, list, NULL, NULL);
	fw_diff_param(c, key, then->name);
	if (now)
		fw_diff_param(c, "rename", then->name);
	fw_diff_param(c, "comment", then->comment ? then->comment : now ? "" : NULL);
	if (now) {
		struct fw_entry *old = arena_alloc(d->a, sizeof(*old));
		old->comment = now->comment;
		c->expected = old;
		c->takes_digest = true;
	}
	c->text = arena_printf(d->a, "%s: %s %s%s", fw_diff_file(d), is_set ? "IP set" : "group", then->name,
			       now ? ": comment" : "");
}

static void diff_sections(struct diff *d)
{
	const struct fw_config *live = d->t->live, *wanted = d->t->wanted;

	for (const struct fw_section *s = wanted->first; s; s = s->next) {
		if ((s->kind != FW_IPSET && s->kind != FW_GROUP) || fw_section_find(wanted, s->kind, s->name) != s)
			continue;
		const struct fw_section *now = fw_section_find(live, s->kind, s->name);
		diff_container(d, s->kind == FW_IPSET ? FW_OBJ_SET : FW_OBJ_GROUP, now, s);
		if (s->kind == FW_IPSET) {
			diff_members(d, now, s);
			continue;
		}
		struct fw_list b = fw_list_of(d->a, s);
		fw_diff_rules(d, fw_list_of(d->a, now), &b, s->name, GROUPS);
	}
	for (const struct fw_section *s = live->first; s; s = s->next) {
		if ((s->kind != FW_IPSET && s->kind != FW_GROUP) || fw_section_find(live, s->kind, s->name) != s ||
		    fw_section_find(wanted, s->kind, s->name))
			continue;
		bool is_set = s->kind == FW_IPSET;
		struct fw_list none = { 0 };
		/* one by one: each call has a digest, and the server keeps a set that somebody else puts something into */
		if (is_set && !d->t->in_haste)
			diff_members(d, s, NULL);
		else if (!is_set)
			fw_diff_rules(d, fw_list_of(d->a, s), &none, s->name, GOING_ENTRIES);
		struct fw_change *c = fw_diff_add(d, FW_DELETE, is_set ? FW_OBJ_SET : FW_OBJ_GROUP, GOING,
					  is_set ? "ipset" : "groups", s->name, NULL);
		if (is_set && d->t->in_haste)
			fw_diff_param(c, "force", "1");
		c->text = arena_printf(d->a, "%s: %s %s", fw_diff_file(d), is_set ? "IP set" : "group", s->name);
	}
}

static void sort_phases(struct fw_changes *c)
{
	/* insertion sort: stable, and the list is nearly in order */
	for (size_t i = 1; i < c->n; i++) {
		struct fw_change x = c->v[i];
		size_t k = i;
		for (; k && c->v[k - 1].phase > x.phase; k--)
			c->v[k] = c->v[k - 1];
		c->v[k] = x;
	}
}

struct fw_changes fw_diff(struct arena *a, const struct fw_target *targets, size_t n)
{
	struct fw_changes out = { 0 };
	struct diff d = { .a = a, .out = &out };

	for (size_t i = 0; i < n; i++)
		if (targets[i].level == FW_CLUSTER)
			d.cluster = &targets[i];
	for (size_t i = 0; i < n; i++) {
		d.t = &targets[i];
		diff_aliases(&d);
		diff_sections(&d);
		struct fw_list then = fw_list_of_config(a, d.t->wanted);
		fw_diff_rules(&d, fw_list_of_config(a, d.t->live), &then, NULL, RULES);
		diff_options(&d);
	}
	sort_phases(&out);
	return out;
}
