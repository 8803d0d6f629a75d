#include "guest/push_answer.h"

static const char *const kind_names[] = {
	[PUSH_PACKAGE] = "package", [PUSH_CREATE] = "create",	[PUSH_CHANGE] = "change", [PUSH_REMOVE] = "remove",
	[PUSH_ENABLE] = "enable",   [PUSH_DISABLE] = "disable", [PUSH_MASK] = "mask",	  [PUSH_START] = "start",
};

const char *push_kind_text(enum push_kind kind)
{
	return kind_names[kind];
}

static bool on_change(struct push_answer *a, const char *rest)
{
	size_t n = strcspn(rest, " ");

	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
		if (strlen(kind_names[i]) != n || strncmp(rest, kind_names[i], n) != 0 || !rest[n])
			continue;
		a->state.changes = xrealloc(a->state.changes, a->state.n + 1, sizeof(*a->state.changes));
		a->state.changes[a->state.n++] =
			(struct push_change){ .kind = (enum push_kind)i, .name = xstrdup(rest + n + 1) };
		return true;
	}
	return false;
}

static void replace(char **member, const char *text)
{
	free(*member);
	*member = xstrdup(text);
}

static bool on_boot(struct push_answer *a, const char *rest)
{
	return (size_t)snprintf(a->state.boot_id, sizeof(a->state.boot_id), "%s", rest) < sizeof(a->state.boot_id);
}

static bool on_pending(struct push_answer *a, const char *rest)
{
	const char *blank = strchr(rest, ' ');

	if (!blank)
		return false;
	free(a->state.pending);
	a->state.pending = xstrndup(rest, (size_t)(blank - rest));
	replace(&a->phase, blank + 1);
	return true;
}

static bool on_last(struct push_answer *a, const char *rest)
{
	replace(&a->state.last, rest);
	return true;
}

static bool on_reboots(struct push_answer *a, const char *rest UNUSED)
{
	a->state.reboots = true;
	return true;
}

static bool on_failed(struct push_answer *a, const char *rest)
{
	replace(&a->failed, rest);
	return true;
}

static bool on_invalid(struct push_answer *a, const char *rest)
{
	const char *blank = strchr(rest, ' ');

	if (!blank)
		return false;
	strv_addf(&a->refused, "%.*s refuses %s", (int)(blank - rest), rest, blank + 1);
	return true;
}

static bool on_said(struct push_answer *a, const char *rest)
{
	strv_add(&a->said, rest);
	return true;
}

static bool on_skipped(struct push_answer *a, const char *rest)
{
	strv_addf(&a->warnings, "not validated, the tool is not there: %s", rest);
	return true;
}

static bool on_warning(struct push_answer *a, const char *rest)
{
	strv_add(&a->warnings, rest);
	return true;
}

static bool on_end(struct push_answer *a UNUSED, const char *rest UNUSED)
{
	return true;
}

/* A word either sets the outcome or has a reader. */
static const struct {
	const char *word;
	bool (*read)(struct push_answer *a, const char *rest);
	enum push_outcome outcome;
} facts[] = {
	{ "again", NULL, PUSH_OUTCOME_AGAIN },
	{ "boot", on_boot, 0 },
	{ "change", on_change, 0 },
	{ "confirmed", NULL, PUSH_OUTCOME_CONFIRMED },
	{ "end", on_end, 0 },
	{ "failed", on_failed, 0 },
	{ "invalid", on_invalid, 0 },
	{ "last", on_last, 0 },
	{ "needs-reboot", NULL, PUSH_OUTCOME_NEEDS_REBOOT },
	{ "pending", on_pending, 0 },
	{ "reboots", on_reboots, 0 },
	{ "said", on_said, 0 },
	{ "same", NULL, PUSH_OUTCOME_SAME },
	{ "skipped", on_skipped, 0 },
	{ "switching", NULL, PUSH_OUTCOME_SWITCHING },
	{ "warning", on_warning, 0 },
};

static bool parse_fact(const char *line, struct push_answer *a)
{
	size_t n = strcspn(line, " ");
	const char *rest = line[n] ? line + n + 1 : line + n;

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		if (strlen(facts[i].word) != n || strncmp(line, facts[i].word, n) != 0)
			continue;
		if (facts[i].read)
			return facts[i].read(a, rest);
		a->outcome = facts[i].outcome;
		return true;
	}
	return false;
}

int push_answer_parse(const char *text, struct push_answer *ret, struct err **err)
{
	struct push_answer a = { 0 };
	_cleanup_strv_ struct strv lines = { 0 };

	strv_split(&lines, text, "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		if (lines.v[i][0] != '@' || parse_fact(lines.v[i] + 1, &a))
			continue;
		err_set(err, ERR_INTERNAL, "the guest gave the strange answer '%s'", lines.v[i]);
		push_answer_free(&a);
		return -1;
	}
	*ret = a;
	return 0;
}

void push_state_free(struct push_state *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->changes[i].name);
	free(s->changes);
	free(s->pending);
	free(s->last);
	*s = (struct push_state){ 0 };
}

void push_answer_free(struct push_answer *a)
{
	push_state_free(&a->state);
	free(a->phase);
	free(a->failed);
	strv_free(&a->refused);
	strv_free(&a->said);
	strv_free(&a->warnings);
	*a = (struct push_answer){ 0 };
}
