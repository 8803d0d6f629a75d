/*
 * The firewall's log: the node's file /var/log/pve-firewall.log, page by page. The node has all lines, a guest those that begin
 * with its VMID. With since or until the rotated files (.1, .2 ...) are read, too; the lab does not compress them.
 */
#include "lab/firewall_private.h"
#include "lab/firewall_logger.h"
#include "lab/route.h"
#include "base/fs.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>

enum { LIMIT_DEFAULT = 50 };

/* What is asked for, and what was found so far. */
struct page {
	const char *vmid; /* NULL: all */
	int64_t start, limit, since, until;
	bool all;
	int64_t count;
	json_t *lines;
};

int firewall_log_open(struct lab *l, struct err **err)
{
	struct firewall *f = l->firewall;
	const struct hypervisor_ops *ops = l->hypervisor->ops;

	f->log = fs_join(l->state_dir, "pve-firewall.log");
	if (ops->netns)
		return firewall_logger_open(l->base, ops->netns(l->hypervisor), f->log, &f->logger, err);
	return fs_write(f->log, "", 0, 0640, err);
}

const char *firewall_log_path(const struct lab *l)
{
	return l->firewall->log;
}

/* Bytes that are not UTF-8 are taken as Latin-1, as the server does with all. */
static json_t *line_text(const char *s, size_t len)
{
	json_t *text = json_stringn(s, len);

	if (text)
		return text;
	_cleanup_buf_ struct buf b = { 0 };
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c >= 0x80)
			buf_addf(&b, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
		else
			buf_add(&b, &s[i], 1);
	}
	return json_stringn(buf_text(&b), b.len);
}

/* A line without a time counts as written at 0. */
static int64_t line_time(const char *line)
{
	const char *at = line;
	struct tm tm = { 0 };

	for (int i = 0; i < 3 && at; i++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	if (!at || !strptime(at, "%d/%b/%Y:%H:%M:%S %z", &tm))
		return 0;
	long offset = tm.tm_gmtoff; /* timegm() clears it */
	return timegm(&tm) - offset;
}

static bool is_wanted(const struct page *p, const char *line)
{
	size_t n = p->vmid ? strlen(p->vmid) : 0;

	if (n && (strncmp(line, p->vmid, n) != 0 || line[n] != ' '))
		return false;
	if (!p->since && !p->until)
		return true;
	int64_t t = line_time(line);
	return !(p->since && t < p->since) && !(p->until && t > p->until);
}

static void add_line(struct page *p, json_t *text)
{
	json_array_append_new(p->lines, json_pack("{s:I, s:o}", "n", (json_int_t)p->count, "t", text));
}

static void read_lines(FILE *f, struct page *p)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, f)) > 0) {
		if (!is_wanted(p, line) || p->count++ < p->start)
			continue;
		if (!p->all && p->limit-- <= 0)
			continue;
		add_line(p, line_text(line, (size_t)n - (line[n - 1] == '\n')));
	}
}

static void read_file(const char *path, struct page *p)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (f) {
		read_lines(f, p);
		fclose(f);
		return;
	}
	_cleanup_free_ char *text = xasprintf("unable to open file - %s", strerror(errno));
	p->count = 1;
	add_line(p, json_string(text));
}

static int is_rotated(const struct dirent *e)
{
	static const char base[] = "pve-firewall.log";
	const char *rest = starts_with(e->d_name, base) ? e->d_name + strlen(base) : "?";

	return !*rest || (*rest == '.' && text_consists_of(rest + 1, "0123456789"));
}

static int newest_last(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

/* All files, the oldest first; the log's own name sorts before the others' and so comes last. */
static void read_rotated(const struct lab *l, struct page *p)
{
	struct dirent **files = NULL;
	int n = scandir(l->state_dir, &files, is_rotated, newest_last);

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = fs_join(l->state_dir, files[i]->d_name);
		read_file(path, p);
		free(files[i]);
	}
	free(files);
}

static void get_log(struct request *q)
{
	struct page p = {
		.vmid = param_text(q, "vmid"),
		.start = param_int(q, "start", 0),
		.limit = param_int(q, "limit", LIMIT_DEFAULT),
		.since = param_int(q, "since", 0),
		.until = param_int(q, "until", 0),
		.lines = json_array(),
	};

	p.all = p.limit == 0;
	if (param_given(q, "since") || param_given(q, "until"))
		read_rotated(q->lab, &p);
	else
		read_file(q->lab->firewall->log, &p);
	if (p.count == 0) {
		p.count = 1;
		add_line(&p, json_string("no content"));
	}
	request_extra(q, "total", json_integer(p.count));
	reply_data(q, p.lines);
}

const struct route firewall_log_routes[] = {
	{ "GET", "/nodes/{node}/firewall/log", get_log },
	{ "GET", "/nodes/{node}/qemu/{vmid}/firewall/log", get_log },
	{ "GET", "/nodes/{node}/lxc/{vmid}/firewall/log", get_log },
	{ 0 },
};
