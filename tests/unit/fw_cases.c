#include "fw_cases.h"
#include "base/fs.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/fw_proto.h"
#include "firewall/fw_read.h"

/* A table that cannot be read is no failed test: there is none. */
static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "the table of packets: '%s'\n", what);
	abort();
}

static struct fw_node *need_node(struct fw_case_set *s, const char *name)
{
	for (size_t i = 0; i < s->site.n_nodes; i++)
		if (streq(s->nodes[i].name, name))
			return &s->nodes[i];
	need(s->site.n_nodes < FW_CASES_MAX, name);
	s->nodes[s->site.n_nodes] = (struct fw_node){ .name = arena_strdup(&s->arena, name) };
	return &s->nodes[s->site.n_nodes++];
}

struct fw_guest *fw_case_guest(struct fw_case_set *s, const char *id)
{
	for (size_t i = 0; i < s->site.n_guests; i++)
		if (streq(s->guests[i].id, id))
			return &s->guests[i];
	need(s->site.n_guests < FW_CASES_MAX, id);
	struct fw_guest *g = &s->guests[s->site.n_guests];
	*g = (struct fw_guest){ .id = arena_strdup(&s->arena, id), .nics = s->nics[s->site.n_guests++], .nics_known = true };
	return g;
}

static void read_fact(struct fw_case_set *s, const struct strv *w)
{
	if (streq(w->v[0], "local")) {
		s->site.local_network_known = true;
		need(addr_cidr_parse(w->v[1], &s->site.local_network), w->v[1]);
	} else if (streq(w->v[0], "ring")) {
		struct fw_node *n = need_node(s, w->v[1]);
		struct addr *a = &s->rings[n - s->nodes];
		need(addr_parse(w->v[2], a), w->v[2]);
		n->ring = a;
		n->n_ring = 1;
	} else if (streq(w->v[0], "own")) {
		struct fw_guest *g = fw_case_guest(s, w->v[1]);
		struct fw_nic *nic = &s->nics[g - s->guests][g->n_nics - 1];
		need(streq(nic->id, w->v[2]) && addr_parse(w->v[3], &nic->own[nic->own[0].family != 0]), w->v[3]);
	} else {
		struct fw_guest *g = fw_case_guest(s, w->v[1]);
		struct fw_nic *nic = &s->nics[g - s->guests][g->n_nics++];
		*nic = (struct fw_nic){ .id = arena_strdup(&s->arena, w->v[2]), .firewall = w->n < 5 };
		need(addr_mac_parse(w->v[3], &nic->mac), w->v[3]);
	}
}

static void read_extra(struct fw_case_set *s, const char *word, struct fw_packet *p)
{
	uint64_t n;
	struct addr_mac *mac;

	if (starts_with(word, "sport=")) {
		need(text_to_u64(word + 6, 0, 65535, &n), word);
		p->sport = (int)n;
	} else if (starts_with(word, "type=")) {
		need(fw_icmp_parse(p->family, word + 5, &p->icmp_type, &p->icmp_code), word);
	} else if (starts_with(word, "iface=")) {
		p->iface = arena_strdup(&s->arena, word + 6);
	} else if (starts_with(word, "state=")) {
		p->state = streq(word + 6, "established") ? FW_ESTABLISHED : FW_INVALID;
	} else if (starts_with(word, "flags=")) {
		p->tcp_flags = streq(word + 6, "odd") ? FW_TCP_ODD : FW_TCP_NOT_SYN;
	} else if (starts_with(word, "mac=")) {
		mac = arena_alloc(&s->arena, sizeof(*mac));
		need(addr_mac_parse(word + 4, mac), word);
		p->source_mac = mac;
	} else {
		need(false, word);
	}
}

static void read_packet(struct fw_case_set *s, const struct strv *w, struct fw_packet *p)
{
	uint64_t n;

	*p = (struct fw_packet){ .family = 4, .proto = -1, .sport = -1, .dport = -1, .icmp_type = -1, .icmp_code = -1 };
	need(fw_type_parse(w->v[0], &p->direction), w->v[0]);
	need(streq(w->v[2], "-") || addr_parse(w->v[2], &p->source), w->v[2]);
	need(streq(w->v[3], "-") || addr_parse(w->v[3], &p->dest), w->v[3]);
	p->family = p->source.family ? p->source.family : p->dest.family ? p->dest.family : 4;
	char *slash = strchr(w->v[4], '/');
	if (slash) {
		*slash = '\0';
		need(text_to_u64(slash + 1, 0, 65535, &n), w->v[4]);
		p->dport = (int)n;
	}
	p->proto = streq(w->v[4], "-") ? -1 : fw_proto_number(w->v[4]);
	for (size_t i = 5; i < w->n; i++)
		read_extra(s, w->v[i], p);
}

static struct fw_case *read_case(struct fw_case_set *s, const char *line, unsigned number)
{
	_cleanup_strv_ struct strv w = { 0 };
	char *copy = arena_strdup(&s->arena, line), *equals = strstr(copy, " = "), *bar = strstr(copy, " | ");
	struct fw_case *c = &s->cases[s->n];

	need(equals && bar && s->n++ < FW_CASE_PACKETS_MAX, line);
	*equals = *bar = '\0';
	strv_split(&w, copy, " \t");
	*c = (struct fw_case){ .number = number,
			       .line = arena_strdup(&s->arena, line),
			       .verdict = text_trim(equals + 3),
			       .part = text_trim(bar + 3) };
	read_packet(s, &w, &c->packet);
	if (streq(w.v[1], "node"))
		return c;
	char *nic = strchr(w.v[1], ':');
	need(nic != NULL, line);
	*nic++ = '\0';
	c->guest = arena_strdup(&s->arena, w.v[1]);
	c->nic = arena_strdup(&s->arena, nic);
	return c;
}

/* Reads a file's lines up to "end". */
static char *read_file(struct fw_case_set *s, const char *name, char *at, unsigned *number)
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
	_cleanup_err_ struct err *err = NULL;
	need(fw_read(name, level, level == FW_HOST ? "pve" : id, buf_text(&text), text.len, NULL, &c, &err) == 0, name);
	fw_files_add(&s->files, c);
	return at;
}

static struct fw_case_set *begin_set(struct fw_cases *all, const char *name)
{
	struct fw_case_set *s = xcalloc(1, sizeof(*s));

	all->v = xrealloc(all->v, all->n + 1, sizeof(struct fw_case_set *));
	all->v[all->n++] = s;
	s->name = arena_strdup(&s->arena, name);
	need_node(s, "pve");
	s->site.nodes = s->nodes;
	s->site.guests = s->guests;
	return s;
}

/* Guests without a fact come after those with one. */
static void end_set(struct fw_case_set *s)
{
	for (size_t i = 0; s && i < s->files.n; i++) {
		const struct fw_config *c = s->files.v[i];
		if (c->level == FW_CLUSTER)
			s->site.cluster = c;
		else if (c->level == FW_HOST)
			need_node(s, "pve")->config = c;
		else
			fw_case_guest(s, c->id)->config = c;
	}
}

static bool is_fact_of_site(const char *word)
{
	return streq(word, "local") || streq(word, "ring") || streq(word, "nic") || streq(word, "own");
}

void fw_cases_load(const char *file, struct fw_cases *all)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *path = fs_join(getenv("SOURCE"), file);
	_cleanup_err_ struct err *err = NULL;
	struct fw_case_set *s = NULL;
	const char *fact = NULL;
	unsigned number = 0;

	need(fs_read(path, 1 << 20, &text, &err) == 0, path);
	buf_text(&text);
	for (char *at = text.data; at;) {
		_cleanup_strv_ struct strv w = { 0 };
		char *line = strsep(&at, "\n");
		number++;
		if (!*line || *line == '#')
			continue;
		strv_split(&w, line, " \t");
		if (streq(w.v[0], "set")) {
			end_set(s);
			s = begin_set(all, w.v[1]);
			fact = NULL;
		} else if (streq(w.v[0], "fact")) {
			fact = arena_strdup(&s->arena, line + strlen("fact "));
		} else if (streq(w.v[0], "file")) {
			at = read_file(s, w.v[1], at, &number);
		} else if (is_fact_of_site(w.v[0])) {
			read_fact(s, &w);
		} else {
			read_case(s, line, number)->fact = fact;
		}
	}
	end_set(s);
}

void fw_cases_free(struct fw_cases *all)
{
	for (size_t i = 0; i < all->n; i++) {
		fw_files_free(&all->v[i]->files);
		arena_free(&all->v[i]->arena);
		free(all->v[i]);
	}
	free(all->v);
	*all = (struct fw_cases){ 0 };
}
