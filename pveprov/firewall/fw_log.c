#include "firewall/fw_log.h"
#include "base/buf.h"
#include "base/text.h"
#include "firewall/fw_options.h"

#include <ctype.h>
#include <time.h>

enum { VMID_MAX = 999999999, LEVEL_MAX = 7 };

/* The next word, cut off in place; NULL at the end. */
static char *next_word(char **at)
{
	char *w = *at + strspn(*at, " ");

	if (!*w)
		return NULL;
	char *end = w + strcspn(w, " ");
	*at = *end ? end + 1 : end;
	*end = '\0';
	return w;
}

/* Exactly n digits; -1: there are not. */
static int digits(const char *s, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		value = value * 10 + s[i] - '0';
	}
	return value;
}

static int month(const char *s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (strncmp(s, names + 3 * (ptrdiff_t)i, 3) == 0)
			return i;
	return -1;
}

/* "14/Mar/2014:12:47:07" and "+0100". */
static bool read_time(struct arena *a, const char *day, const char *zone, struct fw_log_line *l)
{
	static const char form[] = "../.../....:..:..:..";
	struct tm tm = { 0 };

	if (strlen(day) != strlen(form) || strlen(zone) != 5 || (zone[0] != '+' && zone[0] != '-'))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] != '.' && day[i] != form[i])
			return false;
	int year = digits(day + 7, 4), hours = digits(zone + 1, 2), minutes = digits(zone + 3, 2);
	tm.tm_mday = digits(day, 2);
	tm.tm_mon = month(day + 3);
	tm.tm_year = year - 1900;
	tm.tm_hour = digits(day + 12, 2);
	tm.tm_min = digits(day + 15, 2);
	tm.tm_sec = digits(day + 18, 2);
	if (tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_mon < 0 || year < 1970 || tm.tm_hour < 0 || tm.tm_hour > 23 ||
	    tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60 || hours < 0 || hours > 14 || minutes < 0 ||
	    minutes > 59)
		return false;
	l->time = arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			       tm.tm_sec, zone[0], hours, minutes);
	int64_t offset_s = (hours * 60 + minutes) * (zone[0] == '-' ? -60 : 60);
	l->time_s = (int64_t)timegm(&tm) - offset_s;
	return true;
}

/* KEY=VALUE of the packet, the first of each key; what stands before the first of them is the note. */
static void read_packet(struct arena *a, const char *text, struct fw_log_line *l)
{
	const struct {
		const char *key;
		const char **to;
	} keys[] = { { "IN=", &l->in },	      { "OUT=", &l->out },	{ "PHYSIN=", &l->physin }, { "PHYSOUT=", &l->physout },
		     { "SRC=", &l->source },  { "DST=", &l->dest },	{ "PROTO=", &l->proto },   { "SPT=", &l->sport },
		     { "DPT=", &l->dport },   { "TYPE=", &l->type },	{ "CODE=", &l->code },	   { "MAC=", NULL } };
	size_t note_len = strlen(text);
	char *copy = arena_strndup(a, text, note_len), *at = copy, *w;

	while ((w = next_word(&at)))
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			if (!starts_with(w, keys[i].key))
				continue;
			note_len = MIN(note_len, (size_t)(w - copy));
			if (keys[i].to && w[strlen(keys[i].key)] && !*keys[i].to)
				*keys[i].to = w + strlen(keys[i].key);
		}
	while (note_len && text[note_len - 1] == ' ')
		note_len--;
	l->note = note_len ? arena_strndup(a, text, note_len) : NULL;
}

bool fw_log_parse(struct arena *a, const char *text, struct fw_log_line *ret)
{
	struct fw_log_line l = { 0 };
	char *at = arena_strndup(a, text, strlen(text));
	const char *vmid = next_word(&at), *level = next_word(&at), *chain = next_word(&at), *day = next_word(&at),
		   *zone = next_word(&at);
	uint64_t n;

	if (!zone || !text_to_u64(vmid, 0, VMID_MAX, &n) || !text_to_u64(level, 0, LEVEL_MAX, &n) || !read_time(a, day, zone, &l))
		return false;
	l.vmid = vmid;
	l.level = fw_log_levels[n];
	l.chain = streq(chain, "-") ? NULL : chain;
	at += strspn(at, " ");
	/* "POLICY: "; an address that ends in "::" is no such thing */
	const char *rest = at, *colon = strstr(at, ": "), *equals = strchr(at, '=');
	if (colon && colon > at && (!equals || colon < equals)) {
		l.verdict = arena_strndup(a, at, (size_t)(colon - at));
		rest = colon + 2;
	}
	read_packet(a, rest, &l);
	*ret = l;
	return true;
}

static void add_address(struct buf *b, const char *address, const char *port)
{
	bool brackets = port && address && strchr(address, ':');

	buf_addf(b, "%s%s%s", brackets ? "[" : "", address ? address : "?", brackets ? "]" : "");
	if (port)
		buf_addf(b, ":%s", port);
}

/* "in vmbr0/tap100i0": the bridge and its port where both are known. */
static void add_device(struct buf *b, const char *way, const char *device, const char *port)
{
	if (device || port)
		buf_addf(b, " %s %s%s%s", way, device ? device : port, device && port ? "/" : "", device && port ? port : "");
}

const char *fw_log_packet(struct arena *a, const struct fw_log_line *l)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (!l->source && !l->dest && !l->proto)
		return l->note ? l->note : "-";
	if (l->note)
		buf_addf(&b, "%s: ", l->note);
	buf_addf(&b, "%s ", l->proto ? l->proto : "?");
	add_address(&b, l->source, l->sport);
	buf_adds(&b, " -> ");
	add_address(&b, l->dest, l->dport);
	if (l->type && !l->dport)
		buf_addf(&b, " type %s code %s", l->type, l->code ? l->code : "?");
	add_device(&b, "in", l->in, l->physin);
	add_device(&b, "out", l->out, l->physout);
	return arena_strdup(a, buf_text(&b));
}
