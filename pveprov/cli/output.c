#include "cli/output.h"
#include "cli/yaml.h"
#include "base/strv.h"

#include <libsmartcols.h>

const char *const output_format_names[] = { "table", "json", "jsonl", "yaml", NULL };

void out_bytes(struct out *o, const void *data, size_t len)
{
	if (len && fwrite(data, 1, len, o->stream) != len && !o->error)
		o->error = errno ? errno : EIO;
}

void out_text(struct out *o, const char *text)
{
	out_bytes(o, text, strlen(text));
}

void out_printf(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	out_text(o, text);
}

int out_finish(struct out *o, struct err **err)
{
	if (fflush(o->stream) != 0 && !o->error)
		o->error = errno;
	if (!o->error)
		return 0;
	errno = o->error;
	return err_set_errno(err, ERR_INTERNAL, "cannot write to standard output");
}

/* The text of a cell where the column has no function of its own. */
static char *cell_text(const json_t *value)
{
	_cleanup_strv_ struct strv parts = { 0 };
	json_t *item;
	size_t i;

	if (!value || json_is_null(value))
		return xstrdup("-");
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "yes" : "no");
	if (!json_is_array(value)) {
		_cleanup_free_ char *text =
			json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
		return xstrdup(text ? text : "?");
	}
	json_array_foreach(value, i, item)
		strv_take(&parts, cell_text(item));
	return parts.n ? strv_join(&parts, ",") : xstrdup("-");
}

static struct libscols_table *new_table(const struct out *o)
{
	struct libscols_table *t = scols_new_table();

	if (!t)
		abort();
	scols_table_set_termforce(t, o->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (o->width)
		scols_table_set_termwidth(t, (size_t)o->width);
	return t;
}

static void unref_tablep(struct libscols_table **t)
{
	scols_unref_table(*t);
}
#define _cleanup_table_ _cleanup_(unref_tablep)

static void add_row(struct libscols_table *t, const struct output_column *columns,
		    const json_t *row)
{
	struct libscols_line *line = scols_table_new_line(t, NULL);
	size_t n = 0;

	if (!line)
		abort();
	for (const struct output_column *c = columns; c->key; c++) {
		const json_t *value = json_object_get(row, c->key);
		if (!c->header)
			continue;
		char *text = c->text && value ? c->text(value) : cell_text(value);
		scols_line_refer_data(line, n++, text);
	}
}

static int print_table(struct out *o, struct libscols_table *t, struct err **err)
{
	_cleanup_free_ char *text = NULL;

	if (scols_table_get_nlines(t) == 0)
		return 0;
	if (scols_print_table_to_string(t, &text) != 0 || !text)
		return err_set(err, ERR_INTERNAL, "cannot lay out a table");
	out_text(o, text);
	if (*text && text[strlen(text) - 1] != '\n')
		out_text(o, "\n");
	return 0;
}

static int table_of_rows(struct out *o, const struct output_column *columns, const json_t *rows,
			 struct err **err)
{
	_cleanup_table_ struct libscols_table *t = new_table(o);
	json_t *row;
	size_t i;

	for (const struct output_column *c = columns; c->key; c++)
		if (c->header)
			scols_table_new_column(t, c->header, 0,
					       (c->right ? SCOLS_FL_RIGHT : 0) |
						       (c->wide ? SCOLS_FL_TRUNC : 0));
	json_array_foreach(rows, i, row)
		add_row(t, columns, row);
	return print_table(o, t, err);
}

static void add_pair(struct libscols_table *t, const char *key, char *text)
{
	struct libscols_line *line = scols_table_new_line(t, NULL);

	if (!line)
		abort();
	scols_line_set_data(line, 0, key);
	scols_line_refer_data(line, 1, text);
}

static int table_of_item(struct out *o, const struct output_column *columns, const json_t *item,
			 struct err **err)
{
	_cleanup_table_ struct libscols_table *t = new_table(o);
	_cleanup_strv_ struct strv keys = { 0 };
	const char *key;
	json_t *value;

	scols_table_enable_noheadings(t, 1);
	scols_table_new_column(t, "KEY", 0, 0);
	scols_table_new_column(t, "VALUE", 0, SCOLS_FL_WRAP);
	for (const struct output_column *c = columns; c && c->key; c++)
		if (c->header && (value = json_object_get(item, c->key)))
			add_pair(t, c->header, c->text ? c->text(value) : cell_text(value));
	json_object_foreach((json_t *)item, key, value)
		strv_add(&keys, key);
	strv_sort(&keys);
	for (size_t i = 0; !columns && i < keys.n; i++)
		add_pair(t, keys.v[i], cell_text(json_object_get(item, keys.v[i])));
	return print_table(o, t, err);
}

/* Any value in one of the three forms for machines. */
static void print_value(struct out *o, const json_t *value)
{
	size_t flags = JSON_ENCODE_ANY | JSON_SORT_KEYS |
		       (o->format == OUTPUT_JSONL ? JSON_COMPACT : JSON_INDENT(2));
	_cleanup_buf_ struct buf yaml = { .ceiling = 256u << 20 };

	if (o->format == OUTPUT_YAML) {
		yaml_write(&yaml, value);
		out_bytes(o, yaml.data, yaml.len);
		return;
	}
	_cleanup_free_ char *text = json_dumps(value, flags);
	out_text(o, text ? text : "null");
	out_text(o, "\n");
}

static void print_lines(struct out *o, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		print_value(o, row);
}

static void print_envelope(struct out *o, const char *kind, const char *key, const json_t *value)
{
	_cleanup_json_ json_t *e =
		json_pack("{s:i, s:s, s:O}", "schema", 1, "kind", kind, key, value);

	print_value(o, e);
}

int out_list(struct out *o, const char *kind, const struct output_column *columns,
	     const json_t *rows, struct err **err)
{
	if (o->format == OUTPUT_TABLE)
		return table_of_rows(o, columns, rows, err);
	if (o->format == OUTPUT_JSONL)
		print_lines(o, rows);
	else
		print_envelope(o, kind, "items", rows);
	return 0;
}

int out_item(struct out *o, const char *kind, const struct output_column *columns,
	     const json_t *item, struct err **err)
{
	if (o->format == OUTPUT_TABLE)
		return table_of_item(o, columns, item, err);
	if (o->format == OUTPUT_JSONL)
		print_value(o, item);
	else
		print_envelope(o, kind, "item", item);
	return 0;
}

/* An array of objects shown with all their keys as columns. */
static int table_of_objects(struct out *o, const json_t *rows, struct err **err)
{
	_cleanup_strv_ struct strv keys = { 0 };
	const char *key;
	json_t *row, *value;
	size_t i;

	json_array_foreach(rows, i, row)
		json_object_foreach(row, key, value)
			if (!strv_contains(&keys, key))
				strv_add(&keys, key);
	strv_sort(&keys);
	_cleanup_free_ struct output_column *columns = xcalloc(keys.n + 1, sizeof(*columns));
	for (i = 0; i < keys.n; i++)
		columns[i] = (struct output_column){ .key = keys.v[i], .header = keys.v[i] };
	return table_of_rows(o, columns, rows, err);
}

int out_json(struct out *o, const json_t *value, struct err **err)
{
	if (o->format == OUTPUT_JSONL && json_is_array(value)) {
		print_lines(o, value);
	} else if (o->format != OUTPUT_TABLE) {
		print_value(o, value);
	} else if (json_is_object(value)) {
		return table_of_item(o, NULL, value, err);
	} else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
		return table_of_objects(o, value, err);
	} else if (json_is_array(value)) {
		json_t *item;
		size_t i;
		json_array_foreach(value, i, item) {
			_cleanup_free_ char *text = cell_text(item);
			out_printf(o, "%s\n", text);
		}
	} else if (value && !json_is_null(value)) {
		_cleanup_free_ char *text = cell_text(value);
		out_printf(o, "%s\n", text);
	}
	return 0;
}
