#include "step/privileges.h"

#include "base/text.h"

bool privileges_split(const char *need, char **ret_privilege, char **ret_path)
{
	const char *on = strstr(need, " on ");

	if (!on)
		return false;
	*ret_privilege = xstrndup(need, (size_t)(on - need));
	*ret_path = xstrdup(on + 4);
	return true;
}

static void add(struct strv *needs, const char *need)
{
	if (!strv_contains(needs, need))
		strv_add(needs, need);
}

static void add_all(struct strv *needs, const char *text)
{
	_cleanup_strv_ struct strv parts = { 0 };

	strv_split(&parts, text, ";");
	for (size_t i = 0; i < parts.n; i++)
		add(needs, text_trim(parts.v[i]));
}

void privileges_of_plan(const struct plan *p, struct strv *needs)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->items[i].changes.n; k++)
			if (p->items[i].changes.v[k].privileges)
				add_all(needs, p->items[i].changes.v[k].privileges);
}

static void add_for_vm(struct strv *needs, int64_t id, const char *const *privileges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *need = xasprintf("%s on /vms/%" PRId64, privileges[i], id);
		add(needs, need);
	}
}

void privileges_of_guests(const struct session *s, struct strv *needs)
{
	static const char *const look[] = {
		"VM.Audit", "VM.GuestAgent.Audit|VM.Monitor",
		"VM.GuestAgent.FileRead|VM.GuestAgent.Unrestricted|VM.Monitor"
	};
	static const char *const run[] = { "VM.GuestAgent.Unrestricted|VM.Monitor" };

	for (size_t i = 0; i < s->n_machines; i++) {
		const struct recipe_vm *vm = s->machines[i].vm;
		add_for_vm(needs, vm->id, look, ARRAY_SIZE(look));
		if (streq_null(s->recipe->verify.from, vm->name))
			add_for_vm(needs, vm->id, run, ARRAY_SIZE(run));
	}
}

static void add_bridges(const struct session *s, struct strv *needs)
{
	_cleanup_free_ char *modify = xasprintf("Sys.Modify on /nodes/%s", s->node);

	if (s->recipe->n_bridges) {
		add(needs, modify);
		add(needs, "SDN.Audit|SDN.Use on /sdn/zones/localnetwork");
	}
	for (size_t i = 0; i < s->recipe->n_vms; i++)
		for (size_t k = 0; k < s->recipe->vms[i].n_nics; k++) {
			_cleanup_free_ char *use =
				xasprintf("SDN.Use on /sdn/zones/localnetwork/%s",
					  s->recipe->vms[i].nics[k].bridge);
			add(needs, use);
		}
}

static const char *const build_privileges[] = {
	"VM.Allocate",	    "VM.Config.CPU",	    "VM.Config.Memory",	   "VM.Config.Network",
	"VM.Config.HWType", "VM.Config.Options",    "VM.Config.Cloudinit", "VM.PowerMgmt",
	"VM.Snapshot",	    "VM.Snapshot.Rollback",
};

static void add_mapping(const struct session *s, struct strv *needs)
{
	if (pve_auth_is_root(s->client))
		return; /* uses the raw address */
	add(needs, "Sys.Audit on /");
	add(needs, "Mapping.Modify on /mapping/pci");
	add(needs, "Mapping.Use on /mapping/pci");
}

void privileges_of_node(const struct session *s, struct strv *needs)
{
	_cleanup_free_ char *modify = xasprintf("Sys.Modify on /nodes/%s", s->node);

	for (size_t i = 0; i < ARRAY_SIZE(build_privileges); i++) {
		_cleanup_free_ char *need = xasprintf("%s on /vms", build_privileges[i]);
		add(needs, need);
	}
	add(needs, "VM.Clone on /vms");
	add(needs, "VM.Audit on /vms");
	add(needs, "VM.GuestAgent.Audit|VM.Monitor on /vms");
	add(needs, "VM.GuestAgent.Unrestricted|VM.Monitor on /vms");
	add(needs, "Datastore.AllocateSpace on /storage");
	add(needs, modify);
	add(needs, "SDN.Use on /sdn/zones/localnetwork");
	add_mapping(s, needs);
}

void privileges_of_job(const struct session *s, struct strv *needs)
{
	static const char *const source[] = { "VM.Clone", "VM.Audit" };

	add_bridges(s, needs);
	for (size_t i = 0; i < s->recipe->n_vms; i++) {
		const struct recipe_vm *vm = &s->recipe->vms[i];
		add_for_vm(needs, vm->template_id, source, ARRAY_SIZE(source));
		add_for_vm(needs, vm->id, build_privileges, ARRAY_SIZE(build_privileges));
		if (vm->n_passthrough)
			add_mapping(s, needs);
	}
	privileges_of_guests(s, needs);
}

/* "A|B": any of them. */
static bool has_listed(const struct pve_permissions *may, const char *path, const char *privileges)
{
	_cleanup_strv_ struct strv any = { 0 };

	strv_split(&any, privileges, "|");
	for (size_t i = 0; i < any.n; i++)
		if (pve_permissions_has(may, path, any.v[i]))
			return true;
	return false;
}

/* The list of all paths does not have what comes by a pool: a miss is asked for by its path, once.
 */
static int has_any(struct session *s, const char *path, const char *privileges, bool *ret,
		   struct err **err)
{
	*ret = has_listed(&s->permissions, path, privileges);
	if (*ret || json_object_get(s->permissions.paths, path))
		return 0;
	if (pve_permissions_add_path(s->client, &s->permissions, path, err) < 0)
		return -1;
	*ret = has_listed(&s->permissions, path, privileges);
	return 0;
}

/* The name that this server knows: VM.Monitor up to 8, VM.GuestAgent.* from 9 on. */
static char *name_here(struct session *s, const char *privileges)
{
	_cleanup_strv_ struct strv any = { 0 };
	const struct pve_version *version = NULL;

	strv_split(&any, privileges, "|");
	bool old = any.n > 1 && session_version(s, &version, NULL) == 0 &&
		   !pve_version_at_least(version, 9, 0, 0);
	return xstrdup(any.v[old ? any.n - 1 : 0]);
}

/* Two lines for each path: a role with what is missing there, and its grant. */
static char *grant_lines(struct session *s, const struct strv *paths, const struct strv *lists)
{
	_cleanup_buf_ struct buf text = { 0 };
	const char *user = pve_auth_user(s->client);
	const char *token = strchr(user, '!');

	buf_adds(&text, "on the node, as root:");
	for (size_t i = 0; i < paths->n; i++)
		buf_addf(&text,
			 "\n  pveum role add PveprovNeeds%zu --privs '%s'\n  pveum acl modify %s "
			 "--%s '%s' --roles PveprovNeeds%zu",
			 i + 1, lists->v[i], paths->v[i], token ? "tokens" : "users", user, i + 1);
	if (token)
		buf_addf(&text, "\n(a token has no more than its user '%.*s' has)",
			 (int)(token - user), user);
	return buf_take(&text);
}

static void note_missing(struct strv *paths, struct strv *lists, const char *path,
			 const char *privilege)
{
	for (size_t i = 0; i < paths->n; i++)
		if (streq(paths->v[i], path)) {
			char *longer = xasprintf("%s,%s", lists->v[i], privilege);
			free(lists->v[i]);
			lists->v[i] = longer;
			return;
		}
	strv_add(paths, path);
	strv_add(lists, privilege);
}

int privileges_check(struct session *s, const struct strv *needs, struct problems *p,
		     struct err **err)
{
	const struct pve_permissions *may;
	_cleanup_strv_ struct strv paths = { 0 }, lists = { 0 };

	if (needs->n == 0)
		return 0;
	if (session_permissions(s, &may, err) < 0)
		return -1;
	for (size_t i = 0; i < needs->n; i++) {
		_cleanup_free_ char *privileges = NULL, *path = NULL;
		bool has = false;
		if (!privileges_split(needs->v[i], &privileges, &path))
			continue;
		if (has_any(s, path, privileges, &has, err) < 0)
			return -1;
		if (has)
			continue;
		_cleanup_free_ char *name = name_here(s, privileges);
		note_missing(&paths, &lists, path, name);
	}
	if (paths.n == 0)
		return 0;
	_cleanup_free_ char *hint = grant_lines(s, &paths, &lists);
	for (size_t i = 0; i < paths.n; i++)
		problem_add(p, ERR_AUTH, hint, "'%s' lacks %s on %s", pve_auth_user(s->client),
			    lists.v[i], paths.v[i]);
	return 0;
}
