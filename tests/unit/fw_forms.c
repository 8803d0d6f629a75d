#include "fw_forms.h"
#include "firewall/fw_diff.h"
#include "firewall/fw_live.h"
#include "firewall/fw_options.h"
#include "firewall/fw_write.h"
#include "firewall/fw_yaml.h"

static const struct {
	const char *id, *yaml; /* how the level begins in YAML */
} levels[FW_LEVELS] = {
	[FW_CLUSTER] = { NULL, "firewall: { cluster: {" },
	[FW_HOST] = { "pve", "firewall: { nodes: { pve: {" },
	[FW_GUEST] = { "100", "firewall: { guests: { \"100\": {" },
	[FW_VNET] = { "v1", "firewall: { vnets: { v1: {" },
};

struct fw_config *forms_read(enum fw_level level, const char *text, struct fw_issues *issues)
{
	struct fw_config *c = NULL;

	assert_works(fw_read("test.fw", level, levels[level].id, text, strlen(text), issues, &c, &err));
	return c;
}

static struct fw_config *parse_yaml(enum fw_level level, const char *text, char **ret_fault)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_err_ struct err *err = NULL;
	_cleanup_fw_files_ struct fw_files files = { 0 };
	struct field_ctx f = { .arena = &a, .file = "test.yaml" };
	struct tree *t = NULL;

	if (tree_parse(&a, "test.yaml", text, strlen(text), &t, &err) < 0 ||
	    (fw_yaml_bind(&f, tree_get(t, "firewall"), &files), field_finish(&f, &err)) < 0) {
		*ret_fault = xstrdup(err->text);
		return NULL;
	}
	struct fw_config *c = fw_files_find(&files, level, levels[level].id);
	return c ? fw_config_copy(c) : fw_config_new(level, "test.yaml", levels[level].id);
}

struct fw_config *forms_read_yaml(enum fw_level level, const char *text, char **ret_fault)
{
	_cleanup_free_ char *whole = xasprintf("%s%s%s", levels[level].yaml, text, level == FW_CLUSTER ? " } }" : " } } }");

	return parse_yaml(level, whole, ret_fault);
}

static void survives_text(const struct fw_config *c)
{
	_cleanup_buf_ struct buf text = { 0 }, second = { 0 };

	fw_write(c, &text);
	_cleanup_fw_config_ struct fw_config *again = forms_read(c->level, buf_text(&text), NULL);
	fw_write(again, &second);
	assert_string_equal(buf_text(&text), buf_text(&second));
	if (!fw_config_equal(c, again))
		fail_msg("reads as something else:\n%s", buf_text(&text));
}

static void survives_yaml(const struct fw_config *c)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *fault = NULL;
	struct fw_config *one[] = { (struct fw_config *)c };
	const struct fw_files files = { .v = one, .n = 1 };

	fw_yaml_write(&files, &text);
	_cleanup_fw_config_ struct fw_config *again = parse_yaml(c->level, buf_text(&text), &fault);
	if (!again)
		fail_msg("%s in:\n%s", fault, buf_text(&text));
	if (!fw_config_equal(c, again))
		fail_msg("reads as something else:\n%s", buf_text(&text));
}

/* What the API's parameters of one change would be read back as. */
static json_t *object_of(const struct fw_change *change)
{
	json_t *o = json_object();

	for (size_t i = 0; i < change->n_params; i++)
		json_object_set_new(o, change->params[i].key, json_string(change->params[i].value));
	return o;
}

/* Options and rules: the changes from nothing to the file, read back as the server would hold them. */
static void survives_api(const struct fw_config *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *rules = json_array();
	_cleanup_fw_config_ struct fw_config *empty = fw_config_new(c->level, "x", levels[c->level].id);
	_cleanup_fw_config_ struct fw_config *again = fw_config_new(c->level, "x", levels[c->level].id);
	const struct fw_target t = { .level = c->level, .node = "pve", .id = levels[c->level].id, .live = empty, .wanted = c };
	const struct fw_changes changes = fw_diff(&a, &t, 1);
	const struct fw_option_spec *s;

	for (size_t i = 0; i < changes.n; i++) {
		const struct fw_change *x = &changes.v[i];
		_cleanup_json_ json_t *o = object_of(x);
		if (x->object == FW_OBJ_OPTIONS)
			assert_works(fw_live_options(o, again, &err));
		else if (x->object == FW_OBJ_RULE && x->verb == FW_POST && streq(x->path[x->list_depth - 1], "rules"))
			json_array_insert(rules, 0, o);
	}
	assert_works(fw_live_rules(rules, again, fw_section_need(again, FW_RULES, NULL), &err));
	for (size_t i = 0; (s = fw_option_next(c->level, &i));)
		if (!s->file_only && !streq_null(fw_option(c, s->key), fw_option(again, s->key)))
			fail_msg("option '%s' is not what was sent", s->key);
	const struct fw_list sent = fw_list_of_config(&a, c), held = fw_list_of_config(&a, again);
	assert_true(fw_list_equal(&sent, &held));
}

void forms_survive(const struct fw_config *c)
{
	survives_text(c);
	survives_yaml(c);
	survives_api(c);
}
