#include "firewall/fw_job.h"
#include "base/text.h"
#include "firewall/fw_lint.h"
#include "firewall/fw_merge.h"
#include "firewall/fw_switch.h"

enum { DIAL_MS = 5000, API_PORT = 8006 };

void fw_job_say(const struct fw_job *j, const char *fmt, ...)
{
	va_list ap;

	if (!j->o.say)
		return;
	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	j->o.say(j->o.say_ctx, text);
}

/* "host:port" or "[v6]:port". */
static int split_endpoint(struct fw_job *j, struct err **err)
{
	const char *endpoint = pve_client_endpoint(j->client), *colon = strrchr(endpoint, ':');
	uint64_t port = API_PORT;

	if (!colon || !text_to_u64(colon + 1, 1, 65535, &port))
		return err_set(err, ERR_INTERNAL, "endpoint '%s' has no port", endpoint);
	bool bracket = endpoint[0] == '[';
	j->host = xstrndup(endpoint + bracket, (size_t)(colon - endpoint) - 2 * bracket);
	j->port = (int)port;
	return 0;
}

/* A source of the network that the node's address is in comes in over that interface. */
static void enter_by(struct fw_access *access, const struct fw_node *node)
{
	access->node = node->name;
	if (node->iface && access->from.family == node->network.addr.family &&
	    addr_cidr_contains(&node->network, &access->from))
		access->iface = node->iface;
}

/* Who we are to the node, and which node answers us. */
static int find_access(struct fw_job *j, struct err **err)
{
	const char *from = j->o.from;

	if (split_endpoint(j, err) < 0 || fw_dial(j->host, j->port, DIAL_MS, pve_client_clock(j->client),
						  &j->access.from, &j->access.to, err) < 0)
		return -1;
	if (from && !addr_parse(from, &j->access.from))
		return err_set(err, ERR_USAGE, "--from: '%s' is not an IP address", from);
	j->access.from_certain = from != NULL || addr_is_loopback(&j->access.from);
	j->access.api_port = API_PORT; /* of the node; the endpoint may be a forwarded port */
	j->access.ssh = j->o.ssh;
	j->access.doors = j->o.doors;
	j->access.n_doors = j->o.n_doors;
	for (size_t i = 0; i < j->now.n_nodes; i++)
		if (j->now.nodes[i].local || j->now.n_nodes == 1)
			enter_by(&j->access, &j->now.nodes[i]);
	if (!j->access.node)
		return err_set(err, ERR_INTERNAL, "the cluster does not say which node answers us");
	return 0;
}

/* The live files under the wanted ones: what the site will be. */
static struct fw_site site_then(struct fw_job *j)
{
	struct fw_files f = { .v = arena_array(&j->arena, j->live.n, sizeof(struct fw_config *)) };

	for (size_t i = 0; i < j->live.n; i++) {
		struct fw_config *w = fw_files_find(&j->wanted, j->live.v[i]->level, j->live.v[i]->id);
		f.v[f.n++] = w ? w : j->live.v[i];
	}
	return fw_site_with(&j->arena, &j->now, &f);
}

/* What brings `from` to `to`, for every file of `to`. */
static struct fw_changes changes_between(struct fw_job *j, const struct fw_files *from, const struct fw_files *to,
					 bool in_haste)
{
	struct fw_target *targets = arena_array(&j->arena, to->n + 1, sizeof(*targets));
	const struct fw_config *cluster = fw_files_find(from, FW_CLUSTER, NULL);
	size_t n = 0;

	/* its names count in the other files */
	if (cluster && !fw_files_find(to, FW_CLUSTER, NULL))
		targets[n++] = (struct fw_target){ .level = FW_CLUSTER, .live = cluster, .wanted = cluster };

	for (size_t i = 0; i < to->n; i++) {
		const struct fw_config *c = to->v[i], *is = fw_files_find(from, c->level, c->id);
		const struct fw_guest_ref *g = fw_scope_guest(&j->scope, c->id);
		if (is)
			targets[n++] = (struct fw_target){ .level = c->level,
							   .node = c->level == FW_HOST ? c->id : g ? g->node : NULL,
							   .id = c->id,
							   .guest = g ? g->kind : NULL,
							   .live = is,
							   .wanted = c,
							   .in_haste = in_haste };
	}
	return fw_diff(&j->arena, targets, n);
}

int fw_job_way_back(struct fw_job *j, struct fw_changes *ret, struct err **err)
{
	struct fw_files now = { 0 }, back = { 0 };

	if (fw_live_read(j->client, &j->scope, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < j->wanted.n; i++) {
		const struct fw_config *w = j->wanted.v[i], *was = fw_files_find(&j->live, w->level, w->id),
				       *is = fw_files_find(&now, w->level, w->id);
		if (was && is)
			fw_files_add(&back, fw_merge(was, w, is));
	}
	*ret = changes_between(j, &now, &back, true);
	/* the changes borrow from both */
	fw_files_free(&j->read_again);
	fw_files_free(&j->merged);
	j->read_again = now;
	j->merged = back;
	return 0;
}

static void plan_changes(struct fw_job *j)
{
	j->then = site_then(j);
	j->changes = changes_between(j, &j->live, &j->wanted, false);
	struct fw_changes back = changes_between(j, &j->wanted, &j->live, true);
	j->n_undo = fw_changes_at_nodes(&back);
	j->guard = fw_guard(&j->arena, &j->now, &j->then, &j->access);
}

/* Our own address becomes a member of the IP set management. */
static void add_access(struct fw_job *j)
{
	struct fw_config *cluster = fw_files_find(&j->wanted, FW_CLUSTER, NULL);

	if (!cluster) {
		cluster = fw_config_copy(fw_files_find(&j->live, FW_CLUSTER, NULL));
		fw_files_add(&j->wanted, cluster);
	}
	struct fw_entry *e = fw_entry_add(cluster, fw_section_need(cluster, FW_IPSET, "management"));
	e->value = arena_strdup(&cluster->arena, j->guard.fix_member);
	e->comment = "kept open by pveprov";
	j->access_added = e->value;
}

static int lint(struct fw_job *j, struct err **err)
{
	const char *path = j->o.path ? j->o.path : "the recipe";
	_cleanup_buf_ struct buf text = { 0 };
	struct fw_site then = site_then(j);

	fw_lint(&then, &j->issues);
	size_t n = fw_issues_count(&j->issues, FW_ERROR);
	if (!n)
		return 0;
	fw_issues_text(&j->issues, &text);
	fw_job_say(j, "%s", buf_text(&text));
	err_set(err, ERR_RECIPE, "'%s' has %zu error%s", path, n, n == 1 ? "" : "s");
	return err_hint(err, "the server would skip these lines silently; 'pveprov fw lint' lists them");
}

static int load_wanted(struct fw_job *j, struct err **err)
{
	const struct fw_files *f = j->o.files;

	for (size_t i = 0; f && i < f->n; i++)
		fw_files_add(&j->wanted, fw_config_copy(f->v[i]));
	return j->o.path ? fw_files_load(&j->wanted, j->o.path, j->o.node, &j->issues, err) : 0;
}

int fw_job_plan(struct pve_client *client, const struct fw_job_options *o, struct fw_job *j, struct err **err)
{
	j->client = client;
	j->o = *o;
	const struct fw_scope_wish wish = {
		.wanted = &j->wanted, .words = o->objects, .node = o->node, .guests_may_come = o->guests_may_come
	};
	if (load_wanted(j, err) < 0 || fw_scope_find(client, &wish, &j->arena, &j->scope, err) < 0 ||
	    fw_live_read(client, &j->scope, &j->live, err) < 0 ||
	    fw_live_site(client, &j->live, &j->scope, &j->arena, &j->now, err) < 0 || find_access(j, err) < 0)
		return -1;
	if (j->wanted.n && lint(j, err) < 0)
		return -1;
	plan_changes(j);
	if (o->keep_access && j->guard.verdict != FW_GUARD_OPEN && j->guard.fix_member) {
		add_access(j);
		plan_changes(j);
	}
	return 0;
}

static bool is_closed(const struct fw_decision *d)
{
	return d->verdict == FW_DROP || d->verdict == FW_REJECT;
}

static int refuse_closed(const struct fw_job *j, struct err **err)
{
	const char *us = j->guard.fix_member ? j->guard.fix_member : "your address";

	for (size_t i = 0; i < j->guard.n; i++) {
		const struct fw_way *w = &j->guard.ways[i];
		if (!is_closed(&w->then) || is_closed(&w->now))
			continue;
		err_set(err, ERR_GUARD, "refused: it would close the %s (%s)", w->what,
			w->then.rule ? w->then.rule : w->then.reason);
		if (w->guest)
			return err_hint(err, "put 'IN ACCEPT -source %s -p tcp -dport %d' before the other rules of guest %s", us,
					w->port, w->guest);
		if (w->then.line)
			return err_hint(err, "put 'IN ACCEPT -source %s -p tcp -dport %d' before that rule (%s), or narrow it", us,
					w->port, fw_decision_place((struct arena *)&j->arena, &w->then));
		return err_hint(err, "add '%s' to the IP set 'management', or let --keep-access do it", us);
	}
	return 0;
}

int fw_job_judge(const struct fw_job *j, struct err **err)
{
	const struct fw_guard *g = &j->guard;
	bool unproved = g->enabling && g->nftables;
	bool caught = j->o.console || j->o.revert_ssh; /* somebody or something can undo it */

	if (g->verdict == FW_GUARD_CLOSED && refuse_closed(j, err) < 0)
		return -1;
	if (g->nftables && j->o.dead_man) {
		err_set(err, ERR_GUARD, "refused: with the nftables backend the server's switch only takes the firewall off");
		return err_hint(err, "give --revert-over-ssh root@%s in place of --dead-man", j->access.node);
	}
	if (unproved && !caught) {
		err_set(err, ERR_GUARD, "refused: with the nftables backend the 60 s switch of the server proves nothing");
		return err_hint(err, "%sgive --revert-over-ssh root@%s (a timer there undoes it), or --i-have-console",
				g->verdict == FW_GUARD_OPEN ? "" : "say --from IP so that the verdict is clear, and ",
				j->access.node);
	}
	if (unproved && g->verdict == FW_GUARD_UNKNOWN) {
		err_set(err, ERR_GUARD, "refused: it cannot be told whether the API stays open");
		return err_hint(err, "say --from IP (our address as the node sees it)");
	}
	if (g->enabled && j->n_undo > FW_UNDO_MAX && !caught && !j->o.dead_man) {
		err_set(err, ERR_GUARD, "refused: the way back would be %zu calls, and %d can be held ready", j->n_undo,
			FW_UNDO_MAX);
		return err_hint(err, "apply it in parts, or give --dead-man or --revert-over-ssh root@%s (on failure the whole "
				     "firewall is off), or --i-have-console", j->access.node);
	}
	return 0;
}

void fw_job_say_guard(const struct fw_job *j)
{
	for (size_t i = 0; i < j->guard.n; i++) {
		const struct fw_way *w = &j->guard.ways[i];
		fw_job_say(j, "%s: %s -> %s (%s)", w->what, fw_verdict_name(w->now.verdict), fw_verdict_name(w->then.verdict),
			   w->then.rule ? w->then.rule : w->then.reason);
	}
}

void fw_job_free(struct fw_job *j)
{
	fw_files_free(&j->wanted);
	fw_files_free(&j->live);
	fw_files_free(&j->read_again);
	fw_files_free(&j->merged);
	fw_issues_free(&j->issues);
	arena_free(&j->arena);
	free(j->host);
}
