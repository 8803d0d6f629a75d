#include "plan/journal.h"

#include "base/fs.h"
#include "data/json.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>

enum { JOURNAL_BYTES_MAX = 1 << 20, JOURNAL_TASKS_MAX = 4096 };

struct journal {
	pthread_mutex_t lock;
	const struct clock *clock;
	char *path;
	char *digest;
	int fd;
	bool recipe_changed;
	struct journal_task *left;
	size_t n_left;
};

static void left_remove(struct journal *j, size_t i)
{
	free(j->left[i].step);
	free(j->left[i].upid);
	memmove(&j->left[i], &j->left[i + 1], (--j->n_left - i) * sizeof(*j->left));
}

static void replay(struct journal *j, const json_t *line)
{
	const char *recipe = json_text(line, "recipe");
	const char *started = json_text(line, "started");
	const char *ended = json_text(line, "ended");
	const char *step = json_text(line, "step");

	if (recipe && !streq(recipe, j->digest))
		j->recipe_changed = true;
	if (started && step && j->n_left < JOURNAL_TASKS_MAX) {
		j->left = xrealloc(j->left, j->n_left + 1, sizeof(*j->left));
		j->left[j->n_left++] =
			(struct journal_task){ .step = xstrdup(step), .upid = xstrdup(started) };
	}
	for (size_t i = 0; ended && i < j->n_left; i++)
		if (streq(j->left[i].upid, ended)) {
			left_remove(j, i);
			break;
		}
}

/* Lines of older runs; one that a crash cut off is no line. */
static int read_back(struct journal *j, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (fs_read(j->path, JOURNAL_BYTES_MAX, &text, err) < 0)
		return -1;
	for (char *line = (char *)buf_text(&text), *end; (end = strchr(line, '\n'));
	     line = end + 1) {
		_cleanup_json_ json_t *object = NULL;
		if (json_parse("journal", line, (size_t)(end - line), &object, NULL) == 0)
			replay(j, object);
	}
	return 0;
}

static int append(struct journal *j, json_t *object, struct err **err)
{
	_cleanup_json_ json_t *owned = object;
	_cleanup_free_ char *text = json_dump_text(owned);
	_cleanup_free_ char *line = xasprintf("%s\n", text);
	size_t len = strlen(line);

	pthread_mutex_lock(&j->lock);
	bool written = write(j->fd, line, len) == (ssize_t)len && fdatasync(j->fd) == 0;
	pthread_mutex_unlock(&j->lock);
	return written ? 0 : err_set_errno(err, ERR_INTERNAL, "cannot write '%s'", j->path);
}

/* Opens and locks. A journal that its owner removed in between is made anew. */
static int open_locked(struct journal *j, struct err **err)
{
	for (int tries = 0; tries < 10; tries++) {
		_cleanup_close_ int fd =
			open(j->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return err_set_errno(err, ERR_INTERNAL, "cannot open '%s'", j->path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			err_set(err, ERR_BUSY,
				"another run of this recipe is at work ('%s' is locked)", j->path);
			return err_hint(err, "wait until it has ended");
		}
		if (fs_exists(j->path)) {
			j->fd = TAKE_FD(fd);
			return 0;
		}
	}
	return err_set(err, ERR_BUSY, "'%s' is removed again and again by another run", j->path);
}

int journal_open(const char *dir, const char *name, const char *digest, const struct clock *clock,
		 struct journal **ret, struct err **err)
{
	_cleanup_journal_ struct journal *j = xcalloc(1, sizeof(*j));

	j->fd = -1;
	j->clock = clock;
	j->digest = xstrdup(digest);
	pthread_mutex_init(&j->lock, NULL);
	_cleanup_free_ char *base = xasprintf("%s.jsonl", name);
	j->path = fs_join(dir, base);
	if (fs_mkdirs(dir, 0700, err) < 0 || open_locked(j, err) < 0 || read_back(j, err) < 0)
		return -1;
	if (append(j,
		   json_pack("{s:s, s:I, s:i}", "recipe", digest, "at",
			     (json_int_t)clock_wall_s(clock), "pid", (int)getpid()),
		   err) < 0)
		return -1;
	*ret = TAKE_PTR(j);
	return 0;
}

size_t journal_left(const struct journal *j, const struct journal_task **ret)
{
	*ret = j ? j->left : NULL;
	return j ? j->n_left : 0;
}

bool journal_recipe_changed(const struct journal *j)
{
	return j && j->recipe_changed;
}

int journal_task_started(struct journal *j, const char *step, const char *upid, struct err **err)
{
	if (!j)
		return 0;
	return append(j,
		      json_pack("{s:s, s:s, s:I}", "started", upid, "step", step, "at",
				(json_int_t)clock_wall_s(j->clock)),
		      err);
}

int journal_task_ended(struct journal *j, const char *upid, struct err **err)
{
	if (!j)
		return 0;
	return append(
		j, json_pack("{s:s, s:I}", "ended", upid, "at", (json_int_t)clock_wall_s(j->clock)),
		err);
}

int journal_finish(struct journal *j, struct err **err)
{
	if (unlink(j->path) < 0 && errno != ENOENT)
		return err_set_errno(err, ERR_INTERNAL, "cannot remove '%s'", j->path);
	return 0;
}

struct journal *journal_close(struct journal *j)
{
	if (!j)
		return NULL;
	while (j->n_left)
		left_remove(j, j->n_left - 1);
	free(j->left);
	free(j->path);
	free(j->digest);
	if (j->fd >= 0)
		close(j->fd);
	pthread_mutex_destroy(&j->lock);
	free(j);
	return NULL;
}
