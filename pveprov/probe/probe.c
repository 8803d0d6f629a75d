#include "probe/kind.h"
#include "base/text.h"

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,._/\\-"

enum { START_MS = 30000, OUTPUT_MAX = 256 << 10 };

extern const char probe_program[]; /* probe.sh */

/* "INDEX WHAT SECONDS WORD...": words were checked by the recipe, a blank would still be a fault of ours. */
static int add_spec(const struct probe *p, size_t index, struct strv *args, struct err **err)
{
	_cleanup_strv_ struct strv words = { 0 };
	int64_t ms = p->timeout_ms ? p->timeout_ms : p->kind->timeout_ms;

	p->kind->words(p, &words);
	for (size_t i = 0; i < words.n; i++)
		if (!text_consists_of(words.v[i], WORD) || words.v[i][0] == '-')
			return err_set(err, ERR_RECIPE, "a probe cannot look at '%s': letters, digits and @%%+=:,._/\\- only",
				       words.v[i]);
	_cleanup_free_ char *rest = strv_join(&words, " ");
	strv_addf(args, "%zu %s %" PRId64 " %s", index, p->kind->look, (ms + 999) / 1000, rest);
	return 0;
}

/* Leases are waited for first, then the slowest of the others ends it. */
static int64_t limit_ms(const struct probe_set *set)
{
	int64_t first = 0, others = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct probe *p = &set->v[i];
		int64_t ms = p->timeout_ms ? p->timeout_ms : p->kind->timeout_ms;
		if (p->kind == &probe_lease)
			first = MAX(first, ms);
		else
			others = MAX(others, 2 * ms); /* the slowest asks twice */
	}
	return first + others + START_MS;
}

static void add_result(struct probe_report *report, const char *machine, const struct probe *p, const char *text,
		       int64_t ms)
{
	_cleanup_buf_ struct buf seen = { 0 };
	bool passed = p->kind->judge(p, text, &seen);

	report->v = xrealloc(report->v, report->n + 1, sizeof(*report->v));
	report->v[report->n++] = (struct probe_result){
		.machine = xstrdup(machine),
		.name = p->kind->label(p),
		.status = passed ? PROBE_PASSED : PROBE_FAILED,
		.expected = p->kind->expected(p),
		.seen = xstrdup(buf_text(&seen)),
		.ms = ms,
	};
}

/* Takes the line at *text; NULL at the end. malloc'd. */
static char *next_line(const char **text)
{
	size_t n = strcspn(*text, "\n");

	if (!**text)
		return NULL;
	char *line = xstrndup(*text, n);
	*text += n + ((*text)[n] ? 1 : 0);
	return line;
}

/* "@probe INDEX MS", in order. */
static bool parse_head(const char *line, size_t index, int64_t *ret_ms)
{
	_cleanup_strv_ struct strv w = { 0 };
	uint64_t n;

	strv_split(&w, line, " ");
	return w.n == 3 && streq(w.v[0], "@probe") && text_to_u64(w.v[1], index, index, &n) &&
	       text_to_i64(w.v[2], INT64_MIN, INT64_MAX, ret_ms);
}

static int parse(const char *machine, const struct probe_set *set, const char *text, struct probe_report *report,
		 struct err **err)
{
	_cleanup_free_ char *line = next_line(&text);

	for (size_t i = 0; i < set->n; i++) {
		_cleanup_buf_ struct buf body = { 0 };
		int64_t ms = 0;
		if (!line || !parse_head(line, i, &ms))
			return err_set(err, ERR_INTERNAL, "%s: the probes gave the strange line '%s'", machine,
				       line ? line : "");
		for (;;) {
			free(line);
			line = next_line(&text);
			if (!line || line[0] != '|')
				break;
			buf_addf(&body, "%s\n", line + 1);
		}
		add_result(report, machine, &set->v[i], buf_text(&body), ms);
	}
	if (!line || !streq(line, "@end"))
		return err_set(err, ERR_INTERNAL, "%s: the probes did not come to their end", machine);
	return 0;
}

int probe_run(struct shell *s, const char *machine, const struct probe_set *set, struct probe_report *report,
	      struct err **err)
{
	_cleanup_strv_ struct strv argv = { 0 };
	_cleanup_shell_result_ struct shell_result r = { 0 };
	struct probe_report new = { 0 };

	strv_add(&argv, "/bin/sh");
	strv_add(&argv, "-s");
	strv_add(&argv, "--");
	for (size_t i = 0; i < set->n; i++)
		if (add_spec(&set->v[i], i, &argv, err) < 0)
			return -1;
	const struct shell_exec x = { .argv = (const char *const *)argv.v,
				      .input = probe_program,
				      .input_len = strlen(probe_program),
				      .timeout_ms = limit_ms(set),
				      .output_max = OUTPUT_MAX };
	if (shell_check(s, &x, &r, err) < 0)
		return err_wrap(err, "%s: cannot probe", machine);
	if (parse(machine, set, buf_text(&r.out), &new, err) < 0) {
		probe_report_free(&new);
		return -1;
	}
	report->v = xrealloc(report->v, report->n + new.n + 1, sizeof(*report->v));
	if (new.n)
		memcpy(report->v + report->n, new.v, new.n * sizeof(*new.v));
	report->n += new.n;
	free(new.v);
	return 0;
}

size_t probe_report_failed(const struct probe_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].status == PROBE_FAILED;
	return n;
}

void probe_report_free(struct probe_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].machine);
		free(r->v[i].name);
		free(r->v[i].expected);
		free(r->v[i].seen);
	}
	free(r->v);
	*r = (struct probe_report){ 0 };
}

void probe_set_free(struct probe_set *s)
{
	arena_free(&s->arena);
	*s = (struct probe_set){ 0 };
}
