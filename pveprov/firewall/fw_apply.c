#include "firewall/fw_apply.h"
#include "firewall/fw_options.h"
#include "pve/params.h"

static int changed(const struct fw_change *c, const char *what, struct err **err)
{
	err_set(err, ERR_CONFLICT, "%s: %s was changed by somebody else in between", c->text, what);
	return err_hint(err, "nothing more was sent; plan again and look at what is there now");
}

/* The rules as they are now must be those that the plan counts positions in. */
static int check_rules(const struct fw_change *c, const struct fw_list *expected, const json_t *data, struct err **err)
{
	_cleanup_fw_config_ struct fw_config *now = fw_config_new(FW_CLUSTER, "rules", NULL);
	struct fw_section *s = fw_section_need(now, FW_RULES, NULL);

	if (fw_live_rules(data, now, s, err) < 0)
		return -1;
	struct fw_list list = fw_list_of(&now->arena, s);
	return fw_list_equal(&list, expected) ? 0 : changed(c, "the list of rules", err);
}

/* What is to be changed must have its former value; what else somebody sets stays as it is. */
static int check_options(const struct fw_change *c, const json_t *data, struct err **err)
{
	_cleanup_fw_config_ struct fw_config *now = fw_config_new(c->was->level, "options", NULL);
	const struct fw_option_spec *s;

	if (fw_live_options(data, now, err) < 0)
		return -1;
	for (size_t i = 0; (s = fw_option_next(now->level, &i));) {
		const char *was = fw_option(c->was, s->key);
		if (!s->file_only && !streq_null(was, fw_option(c->then, s->key)) &&
		    !streq_null(was, fw_option(now, s->key)))
			return changed(c, s->key, err);
	}
	return 0;
}

static bool same_text(const json_t *o, const char *key, const char *expected)
{
	const char *s = json_text(o, key);

	if (!s || !*s)
		return !expected;
	size_t n = strlen(s);
	while (n && (s[n - 1] == '\n' || s[n - 1] == ' '))
		n--;
	return expected ? strlen(expected) == n && strncmp(s, expected, n) == 0 : n == 0;
}

/* The alias, member, set or group that a change is about. */
static const json_t *find_entry(const struct fw_change *c, const json_t *data)
{
	static const char *const keys[] = {
		[FW_OBJ_ALIAS] = "name", [FW_OBJ_SET] = "name", [FW_OBJ_MEMBER] = "cidr", [FW_OBJ_GROUP] = "group"
	};
	const char *key = keys[c->object], *name = NULL;
	const json_t *o;
	size_t i, last = 0;

	while (last < FW_PATH_MAX && c->path[last])
		last++;
	if (c->verb != FW_POST)
		name = c->path[last - 1];
	for (size_t k = 0; !name && k < c->n_params; k++)
		if (streq(c->params[k].key, key))
			name = c->params[k].value;
	json_array_foreach((json_t *)data, i, o) {
		const char *seen = json_text(o, key);
		if (seen && name && strcasecmp(seen, name) == 0)
			return o;
	}
	return NULL;
}

static int check_entry(const struct fw_change *c, const json_t *data, struct err **err)
{
	bool container = c->object == FW_OBJ_SET || c->object == FW_OBJ_GROUP;

	if (container && c->verb == FW_DELETE)
		return json_array_size(data) && !c->n_params ? changed(c, "what is in it", err) : 0;
	const json_t *o = find_entry(c, data);
	if (!c->expected || !o)
		return !c->expected == !o ? 0 : changed(c, "it", err);
	if (!same_text(o, "cidr", c->expected->value) || !same_text(o, "comment", c->expected->comment) ||
	    json_flag(o, "nomatch", false) != c->expected->nomatch)
		return changed(c, "it", err);
	return 0;
}

/* The digest of what was read: of the object, or of any element of the list (an empty list has none). */
static const char *digest_of(const json_t *data)
{
	return json_text(json_is_array(data) ? json_array_get(data, 0) : data, "digest");
}

static int look(struct pve_client *client, const struct fw_change *c, json_t **ret, struct err **err)
{
	_cleanup_free_ char *path = fw_change_path(c, c->list_depth);
	_cleanup_json_ json_t *data = NULL;

	if (pve_get(client, path, NULL, &data, err) < 0)
		return -1;
	int r = c->object == FW_OBJ_RULE      ? check_rules(c, c->before, data, err)
		: c->object == FW_OBJ_OPTIONS ? check_options(c, data, err)
					      : check_entry(c, data, err);
	if (r < 0)
		return -1;
	*ret = TAKE_PTR(data);
	return 0;
}

static int send(struct pve_client *client, const struct fw_change *c, const char *digest, struct err **err)
{
	static int (*const calls[])(struct pve_client *, const char *, const struct pve_params *, json_t **,
				    struct err **) = { [FW_POST] = pve_post, [FW_PUT] = pve_put, [FW_DELETE] = pve_delete };
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_free_ char *path = fw_change_path(c, 0);

	for (size_t i = 0; i < c->n_params; i++)
		pve_params_add(&p, c->params[i].key, c->params[i].value);
	if (c->takes_digest)
		pve_params_add(&p, "digest", digest);
	return calls[c->verb](client, path, &p, NULL, err) < 0 ? err_wrap(err, "%s", c->text) : 0;
}

/* A POST cannot be guarded by a digest: what it made of the list is read. */
static int check_post(struct pve_client *client, const struct fw_change *c, struct err **err)
{
	_cleanup_free_ char *path = fw_change_path(c, c->list_depth);
	_cleanup_json_ json_t *data = NULL;

	if (c->object != FW_OBJ_RULE || c->verb != FW_POST)
		return 0;
	if (pve_get(client, path, NULL, &data, err) < 0)
		return -1;
	return check_rules(c, c->after, data, err);
}

static int carry_out(struct pve_client *client, const struct fw_changes *changes, const struct fw_apply_events *events,
		     size_t *ret_sent, struct err **err)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct fw_change *c = &changes->v[i];
		_cleanup_json_ json_t *data = NULL;
		if (clock_check(pve_client_clock(client), err) < 0 || look(client, c, &data, err) < 0)
			return -1;
		if (events && events->sending && events->sending(events->ctx, c, i, changes->n, err) < 0)
			return -1;
		if (send(client, c, digest_of(data), err) < 0)
			return -1;
		++*ret_sent;
		if (check_post(client, c, err) < 0)
			return -1;
	}
	return 0;
}

int fw_apply(struct pve_client *client, const struct fw_changes *changes, const struct fw_apply_events *events,
	     size_t *ret_sent, struct err **err)
{
	*ret_sent = 0;
	if (carry_out(client, changes, events, ret_sent, err) == 0)
		return 0;
	/* the plan names only what it saw or made itself */
	if ((*err)->kind == ERR_NOT_FOUND) {
		(*err)->kind = ERR_CONFLICT;
		err_hint(err, "somebody else removed it in between; plan again and look at what is there now");
	}
	return -1;
}
