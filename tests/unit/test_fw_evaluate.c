/*
 * Which rule decides: tests/firewall/evaluate.cases and defaults.cases (their form: fw_cases.h). Each set, and each fact
 * within one, is a test of its own.
 */
#include "facts.h"
#include "firewall/fw_evaluate.h"
#include "fw_cases.h"

enum { SLICES = 400 };

static size_t n_packets;

/* The packets of one test. */
struct slice {
	const char *name;
	struct fw_case_set *set;
	size_t first, n;
};

static void check_packet(struct fw_case_set *s, const struct fw_case *c)
{
	struct fw_decision d = { 0 };

	if (c->guest)
		fw_evaluate_guest(&s->arena, &s->site, &s->nodes[0], fw_case_guest(s, c->guest), c->nic, &c->packet, &d);
	else
		fw_evaluate_node(&s->arena, &s->site, &s->nodes[0], &c->packet, &d);
	_cleanup_free_ char *seen = xasprintf("%s:%u: %s; %s; %s", d.file ? d.file : "", d.line, d.rule ? d.rule : "", d.reason,
					     d.reply ? d.reply : "no reply");
	if (!streq(fw_verdict_name(d.verdict), c->verdict) || !strstr(seen, c->part))
		fail_msg("set '%s', line %u: %s\n  got %s (%s)", s->name, c->number, c->line, fw_verdict_name(d.verdict), seen);
	n_packets++;
}

static void packets_are_decided_as_the_table_says(void **state)
{
	const struct slice *slice = *state;

	for (size_t i = 0; i < slice->n; i++)
		check_packet(slice->set, &slice->set->cases[slice->first + i]);
}

static size_t cut(struct fw_case_set *s, struct slice *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->cases[i].fact ? s->cases[i].fact : s->name;
		if (!n || !streq(ret[n - 1].name, name))
			ret[n++] = (struct slice){ .name = name, .set = s, .first = i };
		ret[n - 1].n++;
	}
	return n;
}

static void there_are_enough(void **state UNUSED)
{
	print_message("%zu packets\n", n_packets);
	assert_true(n_packets >= 200);
}

int main(void)
{
	static struct slice slices[SLICES];
	static const char *const enough[] = { "at least 200 packets" };
	struct fw_cases all = { 0 };
	struct facts f = { 0 };
	size_t n = 0;

	fw_cases_load("tests/firewall/evaluate.cases", &all);
	fw_cases_load("tests/firewall/defaults.cases", &all);
	for (size_t i = 0; i < all.n && n + FW_CASE_PACKETS_MAX < SLICES; i++)
		n += cut(all.v[i], slices + n);
	facts_add(&f, slices, n, sizeof(slices[0]), packets_are_decided_as_the_table_says);
	FACTS(&f, enough, there_are_enough);
	int failed = facts_run(&f, "sections 2, 5 and 6: which rule decides");
	fw_cases_free(&all);
	return failed || n + FW_CASE_PACKETS_MAX >= SLICES;
}
