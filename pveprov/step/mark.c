#include "step/mark.h"

#include "base/buf.h"
#include "base/strv.h"
#include "base/text.h"

static const char prefix[] = "pveprov:";

char *mark_text(const char *recipe, int64_t id, const char *role)
{
	_cleanup_buf_ struct buf text = { 0 };

	buf_addf(&text, "%s recipe=%s", prefix, recipe);
	if (id)
		buf_addf(&text, " id=%" PRId64, id);
	if (role)
		buf_addf(&text, " role=%s", role);
	return buf_take(&text);
}

static bool parse_line(char *line, struct mark *ret)
{
	_cleanup_strv_ struct strv words = { 0 };
	_cleanup_mark_ struct mark m = { 0 };
	uint64_t id = 0;

	strv_split(&words, line + strlen(prefix), " \t\r");
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.v[i];
		if (starts_with(word, "recipe=") && !m.recipe)
			m.recipe = xstrdup(word + 7);
		else if (starts_with(word, "role=") && !m.role)
			m.role = xstrdup(word + 5);
		else if (starts_with(word, "id=") && !text_to_u64(word + 3, 1, INT32_MAX, &id))
			return false;
	}
	if (!m.recipe)
		return false;
	m.id = (int64_t)id;
	*ret = m;
	m = (struct mark){ 0 };
	return true;
}

bool mark_find(const char *description, struct mark *ret)
{
	_cleanup_strv_ struct strv lines = { 0 };

	if (!description)
		return false;
	strv_split(&lines, description, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *line = text_trim(lines.v[i]);
		if (starts_with(line, prefix))
			return parse_line(line, ret);
	}
	return false;
}

bool mark_is_ours(const char *description, const char *recipe, int64_t id)
{
	_cleanup_mark_ struct mark m = { 0 };

	return mark_find(description, &m) && streq(m.recipe, recipe) && m.id == id;
}

void mark_free(struct mark *m)
{
	free(m->recipe);
	free(m->role);
	*m = (struct mark){ 0 };
}
