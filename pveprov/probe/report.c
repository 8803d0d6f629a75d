#include "probe/report.h"
#include "base/strv.h"
#include "data/json.h"

#include <libsmartcols.h>

const char *const probe_format_names[] = { "table", "tap", "junit", "json", NULL };

static const char *const status_names[] = { [PROBE_PASSED] = "passed",
					    [PROBE_FAILED] = "failed",
					    [PROBE_SKIPPED] = "skipped" };

json_t *probe_report_json(const struct probe_report *r)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct probe_result *p = &r->v[i];
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "machine", p->machine, "probe",
						      p->name, "status", status_names[p->status], "expected",
						      p->expected, "seen", p->seen, "ms", (json_int_t)p->ms));
	}
	return rows;
}

static int write_json(const struct probe_report *r, struct buf *out)
{
	_cleanup_json_ json_t *all = json_pack("{s:i, s:s, s:o}", "schema", 1, "kind", "probes", "items",
					       probe_report_json(r));
	_cleanup_free_ char *text = json_dumps(all, JSON_INDENT(2));

	buf_adds(out, text);
	return buf_addc(out, '\n');
}

/* A line of its own in TAP and table: no control characters, whoever wrote the text. */
static void add_plain(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++)
		buf_addc(out, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
}

static void add_yaml(struct buf *out, const char *key, const char *text)
{
	buf_addf(out, "  %s: '", key);
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			buf_addc(out, '\'');
		buf_addc(out, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
	}
	buf_adds(out, "'\n");
}

/* TAP version 14: '#' in a description is escaped; details are a YAML block. */
static int write_tap(const struct probe_report *r, struct buf *out)
{
	buf_addf(out, "TAP version 14\n1..%zu\n", r->n);
	for (size_t i = 0; i < r->n; i++) {
		const struct probe_result *p = &r->v[i];
		buf_addf(out, "%sok %zu - ", p->status == PROBE_FAILED ? "not " : "", i + 1);
		_cleanup_free_ char *name = xasprintf("%s: %s", p->machine, p->name);
		for (const char *c = name; *c; c++) {
			if (*c == '#' || *c == '\\')
				buf_addc(out, '\\');
			buf_addc(out, *c);
		}
		buf_adds(out, p->status == PROBE_SKIPPED ? " # SKIP\n" : "\n");
		if (p->status == PROBE_PASSED)
			continue;
		buf_adds(out, "  ---\n");
		add_yaml(out, "expected", p->expected);
		add_yaml(out, "seen", p->seen);
		buf_adds(out, "  ...\n");
	}
	return 0;
}

/* XML 1.0 allows no control characters but tab and line ends, not even as references. */
static void add_xml(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++)
		switch (*p) {
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		default:
			buf_addc(out, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
		}
}

static void add_attribute(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, " %s=\"", name);
	add_xml(out, text);
	buf_addc(out, '"');
}

static int write_junit(const struct probe_report *r, struct buf *out)
{
	buf_addf(out,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		 "<testsuite name=\"pveprov\" tests=\"%zu\" failures=\"%zu\">\n",
		 r->n, probe_report_failed(r));
	for (size_t i = 0; i < r->n; i++) {
		const struct probe_result *p = &r->v[i];
		buf_adds(out, "<testcase");
		add_attribute(out, "classname", p->machine);
		add_attribute(out, "name", p->name);
		buf_addf(out, " time=\"%" PRId64 ".%03" PRId64 "\"", p->ms / 1000, p->ms % 1000);
		if (p->status == PROBE_FAILED) {
			buf_adds(out, "><failure");
			_cleanup_free_ char *text = xasprintf("expected %s, seen %s", p->expected, p->seen);
			add_attribute(out, "message", text);
			buf_adds(out, "/></testcase>\n");
		} else {
			buf_adds(out, p->status == PROBE_SKIPPED ? "><skipped/></testcase>\n" : "/>\n");
		}
	}
	return buf_adds(out, "</testsuite>\n</testsuites>\n");
}

enum { COLUMN_STATUS, COLUMN_MACHINE, COLUMN_PROBE, COLUMN_EXPECTED, COLUMN_SEEN };

static void add_row(struct libscols_table *t, const struct probe_result *p, bool color)
{
	static const char *const colors[] = { [PROBE_PASSED] = "green", [PROBE_FAILED] = "red",
					      [PROBE_SKIPPED] = "yellow" };
	const char *cells[] = { status_names[p->status], p->machine, p->name, p->expected, p->seen };
	struct libscols_line *line = scols_table_new_line(t, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		_cleanup_buf_ struct buf plain = { 0 };
		add_plain(&plain, cells[i]);
		scols_line_set_data(line, i, buf_text(&plain));
	}
	if (color)
		scols_cell_set_color(scols_line_get_cell(line, COLUMN_STATUS), colors[p->status]);
}

static int write_table(const struct probe_report *r, int width, bool color, struct buf *out, struct err **err)
{
	struct libscols_table *t = scols_new_table();
	char *text = NULL;

	if (!t)
		abort(); /* out of memory */
	scols_table_enable_colors(t, color);
	scols_table_set_termforce(t, width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (width)
		scols_table_set_termwidth(t, (size_t)width);
	scols_table_new_column(t, "STATUS", 0, 0);
	scols_table_new_column(t, "MACHINE", 0, 0);
	scols_table_new_column(t, "PROBE", 0, 0);
	scols_table_new_column(t, "EXPECTED", 0.3, width ? SCOLS_FL_TRUNC : 0);
	scols_table_new_column(t, "SEEN", 0.4, width ? SCOLS_FL_TRUNC : 0);
	for (size_t i = 0; i < r->n; i++)
		add_row(t, &r->v[i], color);
	int rc = scols_print_table_to_string(t, &text);
	scols_unref_table(t);
	if (rc < 0)
		return err_set(err, ERR_INTERNAL, "cannot print the table of probes");
	buf_adds(out, text);
	free(text);
	return r->n ? buf_addc(out, '\n') : 0;
}

int probe_report_write(const struct probe_report *r, enum probe_format format, int width, bool color,
		       struct buf *out, struct err **err)
{
	switch (format) {
	case PROBE_TAP:
		return write_tap(r, out);
	case PROBE_JUNIT:
		return write_junit(r, out);
	case PROBE_JSON:
		return write_json(r, out);
	default:
		return write_table(r, width, color, out, err);
	}
}

int probe_report_verdict(const struct probe_report *r, struct err **err)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].status == PROBE_FAILED)
			strv_addf(&names, "%s: %s", r->v[i].machine, r->v[i].name);
	if (names.n == 0)
		return 0;
	_cleanup_free_ char *all = strv_join(&names, ", ");
	return err_set(err, ERR_VERIFY, "%zu of %zu probes failed: %s", names.n, r->n, all);
}
