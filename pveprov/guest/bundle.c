#include "guest/bundle.h"
#include "guest/tar.h"

enum { PATH_BYTES_MAX = 1024 };

/* "/a/b": absolute, no empty, "." or ".." parts, no control characters; not "/" itself. */
static bool path_is_plain(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len < 2 || len > PATH_BYTES_MAX)
		return false;
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	for (const char *part = path; part; part = strchr(part, '/')) {
		size_t n = strcspn(++part, "/");
		if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && starts_with(part, "..")))
			return false;
	}
	return true;
}

static int check_path(const char *path, struct err **err)
{
	if (!path_is_plain(path))
		return err_set(err, ERR_INTERNAL, "path '%s' is not absolute and normalised", path);
	return 0;
}

/* Where `path` is or belongs. */
static size_t position(const struct bundle *b, const char *path)
{
	size_t low = 0, high = b->n_files;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(b->files[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts the file with a copy of `data` at its sorted place. */
static int insert(struct bundle *b, const char *path, struct bundle_file file, const char *data,
		  struct err **err)
{
	if (check_path(path, err) < 0)
		return -1;
	if (bundle_get(b, path))
		return err_set(err, ERR_INTERNAL, "path '%s' is in the bundle twice", path);
	size_t at = position(b, path);
	b->files = xrealloc(b->files, b->n_files + 1, sizeof(*b->files));
	memmove(b->files + at + 1, b->files + at, (b->n_files - at) * sizeof(*b->files));
	file.path = xstrdup(path);
	file.data = xmalloc(file.len + 1);
	if (file.len)
		memcpy(file.data, data, file.len);
	file.data[file.len] = '\0';
	b->files[at] = file;
	b->n_files++;
	return 0;
}

int bundle_file(struct bundle *b, const char *path, unsigned mode, const char *data, size_t len,
		struct err **err)
{
	return insert(b, path, (struct bundle_file){ .mode = mode & 07777, .len = len }, data, err);
}

int bundle_text(struct bundle *b, const char *path, unsigned mode, const char *text,
		struct err **err)
{
	return bundle_file(b, path, mode, text, strlen(text), err);
}

int bundle_link(struct bundle *b, const char *path, const char *target, struct err **err)
{
	struct bundle_file file = { .mode = 0777, .len = strlen(target), .link = true };

	return insert(b, path, file, target, err);
}

int bundle_absent(struct bundle *b, const char *path, struct err **err)
{
	if (check_path(path, err) < 0)
		return -1;
	if (!strv_contains(&b->absent, path))
		strv_add(&b->absent, path);
	return 0;
}

const struct bundle_file *bundle_get(const struct bundle *b, const char *path)
{
	size_t at = position(b, path);

	return at < b->n_files && streq(b->files[at].path, path) ? &b->files[at] : NULL;
}

int bundle_tar(const struct bundle *b, struct buf *out, struct err **err)
{
	for (size_t i = 0; i < b->n_files; i++) {
		const struct bundle_file *f = &b->files[i];
		const struct tar_entry e = {
			.path = f->path + 1, .mode = f->mode, .link = f->link, .data = f->data, .len = f->len
		};
		tar_add(out, &e);
	}
	tar_end(out);
	return out->overflow ? err_set(err, ERR_INTERNAL, "the router's files are too large to be packed") : 0;
}

void bundle_free(struct bundle *b)
{
	for (size_t i = 0; i < b->n_files; i++) {
		free(b->files[i].path);
		free(b->files[i].data);
	}
	free(b->files);
	strv_free(&b->absent);
	strv_free(&b->enable);
	strv_free(&b->disable);
	strv_free(&b->mask);
	strv_free(&b->packages);
	*b = (struct bundle){ 0 };
}
