#include "cli/fw_job.h"
#include "base/text.h"
#include "cli/fw_scope.h"
#include "firewall/fw_lint.h"
#include "pve/cluster.h"

enum { DIAL_MS = 5000, API_PORT = 8006 };

/* "host:port" or "[v6]:port". */
static int split_endpoint(struct fw_job *j, struct err **err)
{
	const char *endpoint = pve_client_endpoint(j->client), *colon = strrchr(endpoint, ':');
	uint64_t port = 8006;

	if (!colon || !text_to_u64(colon + 1, 1, 65535, &port))
		return err_set(err, ERR_INTERNAL, "endpoint '%s' has no port", endpoint);
	bool bracket = endpoint[0] == '[';
	j->host = xstrndup(endpoint + bracket, (size_t)(colon - endpoint) - 2 * bracket);
	j->port = (int)port;
	return 0;
}

/* Who we are to the node, and which node answers us. */
static int find_access(struct app *app, const struct fw_job_options *o, struct fw_job *j, struct err **err)
{
	struct pve_member *members = NULL;
	const struct context *context;
	size_t n = 0;

	if (app_context(app, &context, err) < 0)
		return -1;
	/* the lab's node sees its clients where its world says, not on the loopback */
	const char *from = o->from ? o->from : context->lab_client;
	if (split_endpoint(j, err) < 0 || fw_dial(j->host, j->port, DIAL_MS, pve_client_clock(j->client),
						  &j->access.from, &j->access.to, err) < 0 ||
	    pve_cluster_members(j->client, &j->arena, &members, &n, err) < 0)
		return -1;
	if (from && !addr_parse(from, &j->access.from))
		return err_set(err, ERR_USAGE, "--from: '%s' is not an IP address", from);
	j->access.from_certain = from != NULL || addr_is_loopback(&j->access.from);
	j->access.api_port = API_PORT; /* of the node; the endpoint may be a forwarded port */
	j->access.ssh = o->ssh;
	for (size_t i = 0; i < n; i++)
		if (members[i].local || n == 1)
			j->access.node = members[i].node;
	if (!j->access.node)
		return err_set(err, ERR_INTERNAL, "the cluster does not say which node answers us");
	return 0;
}

/* The live files, empty ones where there are none, under the wanted ones: what the site will be. */
static struct fw_files merged(const struct fw_job *j)
{
	struct fw_files f = { .v = xcalloc(j->live.n + j->wanted.n, sizeof(struct fw_config *)) };

	for (size_t i = 0; i < j->live.n; i++) {
		struct fw_config *w = fw_files_find(&j->wanted, j->live.v[i]->level, j->live.v[i]->id);
		f.v[f.n++] = w ? w : j->live.v[i];
	}
	return f;
}

static int plan_changes(struct fw_job *j, struct err **err)
{
	struct fw_target *targets = arena_array(&j->arena, j->wanted.n, sizeof(*targets));
	struct fw_files then = merged(j);

	for (size_t i = 0; i < j->wanted.n; i++) {
		struct fw_config *w = j->wanted.v[i];
		const struct fw_guest_ref *g = fw_scope_guest(&j->scope, w->id);
		targets[i] = (struct fw_target){ .level = w->level,
						 .node = w->level == FW_HOST ? w->id : g ? g->node : NULL,
						 .id = w->id,
						 .guest = g ? g->kind : NULL,
						 .live = fw_files_find(&j->live, w->level, w->id),
						 .wanted = w };
	}
	j->changes = fw_diff(&j->arena, targets, j->wanted.n);
	int r = fw_live_site(j->client, &j->live, &j->scope, &j->arena, &j->now, err) < 0 ||
		fw_live_site(j->client, &then, &j->scope, &j->arena, &j->then, err) < 0;
	free(then.v);
	if (r)
		return -1;
	j->guard = fw_guard(&j->arena, &j->now, &j->then, &j->access);
	return 0;
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

static int refuse_errors(struct app *app, const struct fw_job *j, const char *path, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	size_t n = fw_issues_count(&j->issues, FW_ERROR);

	if (!n)
		return 0;
	fw_issues_text(&j->issues, &text);
	progress_line(app->progress, PROGRESS_NORMAL, "%s", buf_text(&text));
	err_set(err, ERR_RECIPE, "'%s' has %zu error%s", path, n, n == 1 ? "" : "s");
	return err_hint(err, "the server would skip these lines silently; 'pveprov fw lint %s' lists them", path);
}

int fw_job_plan(struct app *app, const struct fw_job_options *o, struct fw_job *j, struct err **err)
{
	if (o->path && fw_files_load(&j->wanted, o->path, app->globals.node, &j->issues, err) < 0)
		return -1;
	if (app_client(app, &j->client, err) < 0 ||
	    fw_scope_find(j->client, &j->wanted, o->objects, app->globals.node, &j->arena, &j->scope, err) < 0 ||
	    fw_live_read(j->client, &j->scope, &j->live, err) < 0 || find_access(app, o, j, err) < 0)
		return -1;
	if (o->path) {
		struct fw_files then = merged(j);
		struct fw_site site;
		int r = fw_live_site(j->client, &then, &j->scope, &j->arena, &site, err);
		if (r == 0)
			fw_lint(&site, &j->issues);
		free(then.v);
		if (r < 0 || refuse_errors(app, j, o->path, err) < 0)
			return -1;
	}
	if (plan_changes(j, err) < 0)
		return -1;
	if (o->keep_access && j->guard.verdict != FW_GUARD_OPEN && j->guard.fix_member) {
		add_access(j);
		return plan_changes(j, err);
	}
	return 0;
}

int fw_job_revert(struct fw_job *j, size_t *ret_sent, struct err **err)
{
	_cleanup_fw_files_ struct fw_files now = { 0 };
	struct fw_target *targets = arena_array(&j->arena, j->live.n, sizeof(*targets));

	*ret_sent = 0;
	if (fw_live_read(j->client, &j->scope, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < j->live.n; i++) {
		struct fw_config *was = j->live.v[i];
		const struct fw_guest_ref *g = fw_scope_guest(&j->scope, was->id);
		targets[i] = (struct fw_target){ .level = was->level,
						 .node = was->level == FW_HOST ? was->id : g ? g->node : NULL,
						 .id = was->id,
						 .guest = g ? g->kind : NULL,
						 .live = fw_files_find(&now, was->level, was->id),
						 .wanted = was };
	}
	struct fw_changes back = fw_diff(&j->arena, targets, j->live.n);
	return fw_apply(j->client, &back, NULL, ret_sent, err);
}

void fw_job_free(struct fw_job *j)
{
	fw_files_free(&j->wanted);
	fw_files_free(&j->live);
	fw_issues_free(&j->issues);
	arena_free(&j->arena);
	free(j->host);
}
