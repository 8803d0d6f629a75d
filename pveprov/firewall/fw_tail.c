#include "firewall/fw_tail.h"
#include "firewall/fw_log.h"

/*
 * OLD_LOOKS: logrotate first renames the file and then restarts the logger, which meanwhile goes on in the old one.
 */
enum { PAGE = 500, OLD_LOOKS = 3 };

struct page {
	json_t *rows; /* {n, t}; none where the log is empty */
	int64_t total;
	const char *missing; /* the server's complaint instead of a log */
};

static void page_free(struct page *p)
{
	json_decref(p->rows);
}
#define _cleanup_page_ _cleanup_(page_free)

static const char *page_line(const struct page *p, size_t i)
{
	const char *text = json_text(json_array_get(p->rows, i), "t");

	return text ? text : "";
}

/* The server shows an empty log and one that it cannot open as a single line. */
static void recognise_no_log(struct page *p)
{
	const char *text = page_line(p, 0);

	if (p->total != 1 || json_array_size(p->rows) != 1)
		return;
	if (starts_with(text, "unable to open file"))
		p->missing = text;
	else if (!streq(text, "no content"))
		return;
	p->total = 0;
}

static size_t page_size(const struct page *p)
{
	return p->total ? json_array_size(p->rows) : 0;
}

static int get_page(struct fw_tail *t, int64_t start, int64_t limit, int64_t since_s, struct page *ret, struct err **err)
{
	_cleanup_pve_params_ struct pve_params params = { 0 };
	_cleanup_json_ json_t *answer = NULL;

	pve_params_add_int(&params, "start", start);
	pve_params_add_int(&params, "limit", limit);
	if (since_s)
		pve_params_add_int(&params, "since", since_s);
	if (pve_call(t->client, "GET", t->path, &params, 0, &answer, err) < 0)
		return -1;
	json_decref(ret->rows);
	*ret = (struct page){ .rows = json_incref(json_object_get(answer, "data")), .total = json_int(answer, "total", -1) };
	if (ret->total < 0) /* servers that do not say: it goes at least as far as what came */
		ret->total = json_int(json_array_get(ret->rows, json_array_size(ret->rows) - 1), "n", 0);
	recognise_no_log(ret);
	return 0;
}

static void remember(char **to, const char *text)
{
	free(*to);
	*to = xstrdup(text);
}

/* The last line with a time is what the old file is searched for. */
static void drop_anchor(struct fw_tail *t, const char *text)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct fw_log_line l;

	if (!fw_log_parse(&a, text, &l))
		return;
	remember(&t->anchor, text);
	t->anchor_s = l.time_s;
}

/* Hands out the rows of a page from number `from` on. */
static void take_rows(struct fw_tail *t, const struct page *p, size_t from, struct strv *lines)
{
	size_t n = page_size(p);

	for (size_t i = from; i < n; i++) {
		strv_add(lines, page_line(p, i));
		drop_anchor(t, page_line(p, i));
	}
	if (n <= from)
		return;
	remember(&t->last, page_line(p, n - 1));
	t->next = json_int(json_array_get(p->rows, n - 1), "n", t->next + (int64_t)(n - from));
}

int fw_tail_last(struct fw_tail *t, int64_t n, struct strv *lines, struct err **err)
{
	_cleanup_page_ struct page p = { 0 };

	if (get_page(t, 0, n, 0, &p, err) < 0)
		return -1;
	if (p.missing) {
		err_set(err, ERR_NOT_FOUND, "there is no firewall log on the server: %s", p.missing);
		return err_hint(err, "'pvefw-logger' writes it: is that service running on the node?");
	}
	/* the page is longer than what is asked for, as lines may have come in between */
	if (p.total > n && get_page(t, p.total - n, n + PAGE, 0, &p, err) < 0)
		return -1;
	take_rows(t, &p, 0, lines);
	return 0;
}

/* The lines of all files since the last one handed out; NULL-terminated pages are put together first. */
static int read_old(struct fw_tail *t, struct strv *all, struct err **err)
{
	_cleanup_page_ struct page p = { 0 };
	_cleanup_err_ struct err *why = NULL;

	do {
		if (get_page(t, (int64_t)all->n, PAGE, t->anchor_s, &p, &why) < 0) {
			if (why->kind != ERR_USAGE)
				return err_move(err, TAKE_PTR(why));
			t->lost = true; /* an older server: it does not know `since` */
			return 0;
		}
		for (size_t i = 0; i < page_size(&p); i++)
			strv_add(all, page_line(&p, i));
	} while (page_size(&p) == PAGE);
	return 0;
}

/* The first line of the new file that has a time: there the old one ends. NULL: none yet. */
static const char *first_with_time(const struct page *p)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct fw_log_line l;

	for (size_t i = 0; i < page_size(p); i++)
		if (fw_log_parse(&a, page_line(p, i), &l))
			return page_line(p, i);
	return NULL;
}

/* What was written to the old file after the last line that we have of it. */
static int catch_up(struct fw_tail *t, const struct page *new_file, struct strv *lines, struct err **err)
{
	_cleanup_strv_ struct strv all = { 0 };
	const char *stop = first_with_time(new_file);

	if (t->anchor && read_old(t, &all, err) < 0)
		return -1;
	size_t at = all.n;
	while (at > 0 && !streq(all.v[at - 1], t->anchor))
		at--;
	if (at == 0)
		t->lost = true;
	for (; at > 0 && at < all.n && !(stop && streq(all.v[at], stop)); at++) {
		strv_add(lines, all.v[at]);
		drop_anchor(t, all.v[at]);
	}
	t->old_looks = page_size(new_file) ? 0 : t->old_looks - 1;
	return 0;
}

/* Whether the page begins with the last line that we have: a line that was being written then may be longer now. */
static bool goes_on(const struct fw_tail *t, const struct page *p)
{
	return t->next == 0 || (page_size(p) && starts_with(page_line(p, 0), t->last));
}

int fw_tail_more(struct fw_tail *t, struct strv *lines, struct err **err)
{
	_cleanup_page_ struct page p = { 0 };

	do {
		if (get_page(t, MAX(t->next - 1, (int64_t)0), PAGE, 0, &p, err) < 0)
			return -1;
		if (!goes_on(t, &p)) {
			t->next = 0;
			t->old_looks = OLD_LOOKS;
			if (get_page(t, 0, PAGE, 0, &p, err) < 0)
				return -1;
		}
		if (t->old_looks && catch_up(t, &p, lines, err) < 0)
			return -1;
		take_rows(t, &p, t->next ? 1 : 0, lines);
	} while (page_size(&p) == PAGE);
	return 0;
}

void fw_tail_free(struct fw_tail *t)
{
	free(t->last);
	free(t->anchor);
}
