#include "guest/tar.h"

enum { BLOCK = 512 };

/* IEEE Std 1003.1, pax: "ustar Interchange Format". */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], dev_major[8], dev_minor[8], prefix[155],
		pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

/* Octal digits and a NUL fill the field. */
static void octal(char *field, size_t size, uint64_t value)
{
	field[--size] = '\0';
	for (; size; value >>= 3)
		field[--size] = (char)('0' + (value & 7));
}

/* Whether the path fits: as a name, or as prefix and name cut at a slash. */
static bool set_path(struct header *h, const char *path)
{
	size_t len = strlen(path);

	if (len <= sizeof(h->name)) {
		memcpy(h->name, path, len);
		return true;
	}
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t prefix = (size_t)(slash - path), name = len - prefix - 1;
		if (prefix > sizeof(h->prefix) || name > sizeof(h->name) || prefix == 0)
			continue;
		memcpy(h->prefix, path, prefix);
		memcpy(h->name, slash + 1, name);
		return true;
	}
	memcpy(h->name, path, sizeof(h->name));
	return false;
}

static void put_block(struct buf *out, struct header *h)
{
	unsigned sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < BLOCK; i++)
		sum += ((const unsigned char *)h)[i];
	octal(h->checksum, 7, sum); /* six digits, NUL, blank */
	buf_add(out, h, BLOCK);
}

static void put_data(struct buf *out, const char *data, size_t len)
{
	static const char zeros[BLOCK];

	buf_add(out, data, len);
	if (len % BLOCK)
		buf_add(out, zeros, BLOCK - len % BLOCK);
}

static struct header new_header(char type, unsigned mode, uint64_t size)
{
	struct header h = { .type = type,
			    .magic = "ustar",
			    .version = { '0', '0' },
			    .user = "root",
			    .group = "root" };

	octal(h.mode, sizeof(h.mode), mode);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	octal(h.size, sizeof(h.size), size);
	octal(h.mtime, sizeof(h.mtime), 0);
	octal(h.dev_major, sizeof(h.dev_major), 0);
	octal(h.dev_minor, sizeof(h.dev_minor), 0);
	return h;
}

/* "LENGTH key=value\n", where the length counts its own digits. */
static void pax_record(struct buf *records, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3, len = rest;

	for (size_t before = 0; before != len;) {
		before = len;
		len = rest + (size_t)snprintf(NULL, 0, "%zu", len);
	}
	buf_addf(records, "%zu %s=%s\n", len, key, value);
}

void tar_add(struct buf *out, const struct tar_entry *e)
{
	struct header h = new_header(e->link ? '2' : '0', e->mode & 07777, e->link ? 0 : e->len);
	_cleanup_buf_ struct buf records = { 0 };

	if (!set_path(&h, e->path))
		pax_record(&records, "path", e->path);
	if (e->link && strlen(e->data) > sizeof(h.link))
		pax_record(&records, "linkpath", e->data);
	if (e->link)
		memcpy(h.link, e->data, MIN(strlen(e->data), sizeof(h.link)));
	if (records.len) {
		struct header pax = new_header('x', 0644, records.len);
		memcpy(pax.name, "PaxHeader", strlen("PaxHeader"));
		put_block(out, &pax);
		put_data(out, records.data, records.len);
	}
	put_block(out, &h);
	if (!e->link)
		put_data(out, e->data, e->len);
}

void tar_end(struct buf *out)
{
	static const char zeros[2 * BLOCK];

	buf_add(out, zeros, sizeof(zeros));
}
