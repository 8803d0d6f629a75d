/*
 * Which rule decides: tests/firewall/evaluate.cases and defaults.cases, read here. Each set has files and facts about the
 * site, each packet line says the verdict and a part of the rule, reason or reply. Each set, and each fact that a line
 * begins within one, is a test of its own:
 *
 *     set NAME
 *     local CIDR | ring NODE ADDRESS | nic VMID NETn MAC [unfiltered] | own VMID NETn ADDRESS
 *     file NAME ... end
 *     fact WHAT THE NEXT PACKETS SHOW
 *     DIR TARGET SOURCE DEST PROTO[/PORT] [sport=N] [type=ICMP] [iface=X] [state=S] [flags=F] [mac=M] = VERDICT | PART
 *
 * TARGET is node or VMID:NETn; '-' is an unknown address or protocol.
 */
#include "facts.h"
#include "base/fs.h"
#include "base/strv.h"
#include "base/text.h"
#include "firewall/fw_evaluate.h"
#include "firewall/fw_files.h"
#include "firewall/fw_proto.h"
#include "firewall/fw_read.h"

enum { MAX = 8, SLICES = 400 };

struct set {
	char *name;
	struct fw_files files;
	struct arena arena;
	struct fw_site site;
	struct fw_node nodes[MAX];
	struct fw_guest guests[MAX];
	struct fw_nic nics[MAX][MAX];
	struct addr rings[MAX];
	bool ready;
};

static size_t n_sets, n_packets;

static void set_free(struct set *s)
{
	fw_files_free(&s->files);
	arena_free(&s->arena);
	free(s->name);
	*s = (struct set){ 0 };
}

static struct fw_node *need_node(struct set *s, const char *name)
{
	for (size_t i = 0; i < s->site.n_nodes; i++)
		if (streq(s->nodes[i].name, name))
			return &s->nodes[i];
	s->nodes[s->site.n_nodes] = (struct fw_node){ .name = arena_strdup(&s->arena, name) };
	return &s->nodes[s->site.n_nodes++];
}

static struct fw_guest *need_guest(struct set *s, const char *id)
{
	for (size_t i = 0; i < s->site.n_guests; i++)
		if (streq(s->guests[i].id, id))
			return &s->guests[i];
	struct fw_guest *g = &s->guests[s->site.n_guests];
	*g = (struct fw_guest){ .id = arena_strdup(&s->arena, id), .nics = s->nics[s->site.n_guests++], .nics_known = true };
	return g;
}

/* Facts are complete once the first packet comes. */
static void prepare(struct set *s)
{
	if (s->ready)
		return;
	need_node(s, "pve");
	for (size_t i = 0; i < s->files.n; i++) {
		const struct fw_config *c = s->files.v[i];
		if (c->level == FW_CLUSTER)
			s->site.cluster = c;
		else if (c->level == FW_HOST)
			need_node(s, "pve")->config = c;
		else
			need_guest(s, c->id)->config = c;
	}
	s->site.nodes = s->nodes;
	s->site.guests = s->guests;
	s->ready = true;
}

static void read_fact(struct set *s, const struct strv *w)
{
	if (streq(w->v[0], "local")) {
		s->site.local_network_known = true;
		assert_true(addr_cidr_parse(w->v[1], &s->site.local_network));
	} else if (streq(w->v[0], "ring")) {
		struct fw_node *n = need_node(s, w->v[1]);
		struct addr *a = &s->rings[n - s->nodes];
		assert_true(addr_parse(w->v[2], a));
		n->ring = a;
		n->n_ring = 1;
	} else if (streq(w->v[0], "own")) {
		struct fw_guest *g = need_guest(s, w->v[1]);
		struct fw_nic *nic = &s->nics[g - s->guests][g->n_nics - 1];
		assert_string_equal(nic->id, w->v[2]);
		assert_true(addr_parse(w->v[3], &nic->own[nic->own[0].family != 0]));
	} else {
		struct fw_guest *g = need_guest(s, w->v[1]);
		struct fw_nic *nic = &s->nics[g - s->guests][g->n_nics++];
		*nic = (struct fw_nic){ .id = arena_strdup(&s->arena, w->v[2]), .firewall = w->n < 5 };
		assert_true(addr_mac_parse(w->v[3], &nic->mac));
	}
}

static void read_extra(struct set *s, const char *word, struct fw_packet *p)
{
	uint64_t n;
	struct addr_mac *mac;

	if (starts_with(word, "sport=")) {
		assert_true(text_to_u64(word + 6, 0, 65535, &n));
		p->sport = (int)n;
	} else if (starts_with(word, "type=")) {
		assert_true(fw_icmp_parse(p->family, word + 5, &p->icmp_type, &p->icmp_code));
	} else if (starts_with(word, "iface=")) {
		p->iface = arena_strdup(&s->arena, word + 6);
	} else if (starts_with(word, "state=")) {
		p->state = streq(word + 6, "established") ? FW_ESTABLISHED : FW_INVALID;
	} else if (starts_with(word, "flags=")) {
		p->tcp_flags = streq(word + 6, "odd") ? FW_TCP_ODD : FW_TCP_NOT_SYN;
	} else if (starts_with(word, "mac=")) {
		mac = arena_alloc(&s->arena, sizeof(*mac));
		assert_true(addr_mac_parse(word + 4, mac));
		p->source_mac = mac;
	} else {
		fail_msg("unknown word '%s'", word);
	}
}

static void read_packet(struct set *s, const struct strv *w, struct fw_packet *p)
{
	uint64_t n;

	*p = (struct fw_packet){ .family = 4, .proto = -1, .sport = -1, .dport = -1, .icmp_type = -1, .icmp_code = -1 };
	assert_true(fw_type_parse(w->v[0], &p->direction));
	assert_true(streq(w->v[2], "-") || addr_parse(w->v[2], &p->source));
	assert_true(streq(w->v[3], "-") || addr_parse(w->v[3], &p->dest));
	p->family = p->source.family ? p->source.family : p->dest.family ? p->dest.family : 4;
	char *slash = strchr(w->v[4], '/');
	if (slash) {
		*slash = '\0';
		assert_true(text_to_u64(slash + 1, 0, 65535, &n));
		p->dport = (int)n;
	}
	p->proto = streq(w->v[4], "-") ? -1 : fw_proto_number(w->v[4]);
	for (size_t i = 5; i < w->n; i++)
		read_extra(s, w->v[i], p);
}

static void check_packet(struct set *s, const char *line, unsigned number)
{
	_cleanup_strv_ struct strv w = { 0 };
	char *copy = arena_strdup(&s->arena, line), *equals = strstr(copy, " = "), *bar = strstr(copy, " | ");
	struct fw_decision d = { 0 };
	struct fw_packet p;

	if (!equals || !bar)
		fail_msg("line %u: no ' = ' or ' | '", number);
	*equals = *bar = '\0';
	prepare(s);
	strv_split(&w, copy, " \t");
	read_packet(s, &w, &p);
	const struct fw_node *node = fw_site_node(&s->site, "pve");
	if (streq(w.v[1], "node")) {
		fw_evaluate_node(&s->arena, &s->site, node, &p, &d);
	} else {
		char *nic = strchr(w.v[1], ':');
		assert_non_null(nic);
		*nic++ = '\0';
		fw_evaluate_guest(&s->arena, &s->site, node, need_guest(s, w.v[1]), nic, &p, &d);
	}
	_cleanup_free_ char *seen = xasprintf("%s:%u: %s; %s; %s", d.file ? d.file : "", d.line, d.rule ? d.rule : "", d.reason,
					     d.reply ? d.reply : "no reply");
	if (!streq(fw_verdict_name(d.verdict), text_trim(equals + 3)) || !strstr(seen, text_trim(bar + 3)))
		fail_msg("set '%s', line %u: %s\n  got %s (%s)", s->name, number, line, fw_verdict_name(d.verdict), seen);
	n_packets++;
}

/* Reads a file's lines up to "end". */
static char *read_file(struct set *s, const char *name, char *at, unsigned *number)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *id = NULL;
	struct fw_config *c = NULL;

	while (at) {
		char *line = strsep(&at, "\n");
		++*number;
		if (streq(line, "end"))
			break;
		buf_addf(&text, "%s\n", line);
	}
	enum fw_level level = fw_level_of_file(name, &id);
	assert_works(fw_read(name, level, level == FW_HOST ? "pve" : id, buf_text(&text), text.len, NULL, &c, &err));
	fw_files_add(&s->files, c);
	return at;
}

/* The lines of one test, and the file they are in. */
struct slice {
	char *name;
	char *text;
	unsigned line;
};

/* The set goes on from one slice to the next. */
static struct set current;

static void read_line(struct set *s, char *line, char **at, unsigned *number)
{
	_cleanup_strv_ struct strv w = { 0 };

	strv_split(&w, line, " \t");
	if (streq(w.v[0], "set")) {
		set_free(s);
		s->name = xstrdup(w.v[1]);
		n_sets++;
	} else if (streq(w.v[0], "file")) {
		*at = read_file(s, w.v[1], *at, number);
	} else if (streq(w.v[0], "local") || streq(w.v[0], "ring") || streq(w.v[0], "nic") || streq(w.v[0], "own")) {
		read_fact(s, &w);
	} else if (!streq(w.v[0], "fact")) {
		check_packet(s, line, *number);
	}
}

static void packets_are_decided_as_the_table_says(void **state)
{
	const struct slice *slice = *state;
	unsigned number = slice->line - 1;

	for (char *at = slice->text; at;) {
		char *line = strsep(&at, "\n");
		number++;
		if (*line && *line != '#')
			read_line(&current, line, &at, &number);
	}
}

/* Cuts a file before each line that begins with "set" or "fact". */
static void cut(const char *name, struct slice *slices, size_t *n)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *path = fs_join(getenv("SOURCE"), name);
	_cleanup_err_ struct err *err = NULL;
	unsigned number = 0;

	if (fs_read(path, 1 << 20, &text, &err) < 0)
		fprintf(stderr, "%s\n", err->text);
	buf_text(&text);
	for (char *at = text.data; at;) {
		char *line = strsep(&at, "\n");
		number++;
		if (starts_with(line, "set ") || starts_with(line, "fact ")) {
			if (*n == SLICES)
				abort();
			slices[(*n)++] = (struct slice){ .name = xstrdup(starts_with(line, "fact ") ? line + 5 : line),
							 .text = xstrdup(line),
							 .line = number };
		} else if (*n) {
			char *longer = xasprintf("%s\n%s", slices[*n - 1].text, line);
			free(slices[*n - 1].text);
			slices[*n - 1].text = longer;
		}
	}
}

static void there_are_enough(void **state UNUSED)
{
	print_message("%zu packets, %zu rule sets\n", n_packets, n_sets);
	assert_true(n_packets >= 200 && n_sets >= 30);
}

int main(void)
{
	static struct slice slices[SLICES];
	static const char *const enough[] = { "at least 200 packets over 30 rule sets" };
	struct facts f = { 0 };
	size_t n = 0;

	cut("tests/firewall/evaluate.cases", slices, &n);
	cut("tests/firewall/defaults.cases", slices, &n);
	facts_add(&f, slices, n, sizeof(slices[0]), packets_are_decided_as_the_table_says);
	FACTS(&f, enough, there_are_enough);
	int failed = facts_run(&f, "sections 2, 5 and 6: which rule decides");
	set_free(&current);
	for (size_t i = 0; i < n; i++) {
		free(slices[i].name);
		free(slices[i].text);
	}
	return failed;
}
