#include "cli/app.h"
#include "cli/explain.h"
#include "cli/exits.h"
#include "cli/commands.h"
#include "cli/wrap.h"
#include "base/strv.h"
#include "base/text.h"

static const struct output_column columns[] = {
	{ .key = "code", .header = "CODE" },
	{ .key = "summary", .header = "MEANING", .wide = true },
	{ 0 }
};

static json_t *entry(const char *code, const char *summary, const char *cause, const char *action)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "code", code, "summary", summary, "cause", cause,
			 "action", action);
}

/* Everything that can be explained: exit codes, then known errors. New reference. */
static json_t *all_entries(void)
{
	json_t *all = json_array();

	for (const struct exit_info *e = exit_infos; e->summary; e++) {
		char code[8];
		snprintf(code, sizeof(code), "%d", e->code);
		json_array_append_new(all, entry(code, e->summary, e->cause, e->action));
	}
	for (const struct explain_info *e = explain_infos; e->code; e++)
		json_array_append_new(all, entry(e->code, e->summary, e->cause, e->action));
	return all;
}

static const char *member(const json_t *e, const char *key)
{
	return json_string_value(json_object_get(e, key));
}

static int unknown(const json_t *all, const char *word, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };
	json_t *e;
	size_t i;

	json_array_foreach(all, i, e)
		strv_add(&names, member(e, "code"));
	bool number = *word >= '0' && *word <= '9'; /* no number is near another */
	const char *nearest = number ? NULL : text_nearest(word, (const char *const *)names.v);
	err_set(err, ERR_NOT_FOUND, "no exit code or known error is called '%s'", word);
	if (nearest)
		return err_hint(err, "did you mean '%s'? 'pveprov explain' lists all", nearest);
	return err_hint(err, "'pveprov explain' lists all");
}

static void print_entry(struct out *o, const json_t *e)
{
	_cleanup_buf_ struct buf text = { 0 };
	size_t width = o->width ? (size_t)MIN(o->width, 100) : 80;

	buf_addf(&text, "%s: %s\n\n", member(e, "code"), member(e, "summary"));
	wrap_text(&text, member(e, "cause"), 0, 0, width);
	buf_adds(&text, "\nWhat to do: ");
	wrap_text(&text, member(e, "action"), 12, 0, width);
	out_text(o, buf_text(&text));
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_json_ json_t *all = all_entries();
	json_t *e;
	size_t i;

	if (args->n == 0)
		return out_list(app->out, "explain.list", columns, all, err);
	json_array_foreach(all, i, e) {
		if (strcasecmp(member(e, "code"), args->v[0]) != 0)
			continue;
		if (app->out->format != OUTPUT_TABLE)
			return out_item(app->out, "explain", NULL, e, err);
		print_entry(app->out, e);
		return 0;
	}
	return unknown(all, args->v[0], err);
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "explain an exit code or a known error",
	.about = "Says what an exit code or a known error of Proxmox VE means, where it comes "
		 "from, and what to do. "
		 "Without an argument it lists what it knows.",
	.operands =
		(const struct operand[]){
			{ .name = "CODE",
			  .help = "An exit code (8) or the name of an error (locked)",
			  .optional = true },
			{ 0 } },
	.examples =
		(const struct example[]){
			{ "explain 10", "what exit code 10 means" },
			{ "explain hostpci-root",
			  "why a token cannot pass a device through, and the way out" },
			{ 0 } },
	.exits = EXITS_NOT_FOUND,
	.run = run,
};
