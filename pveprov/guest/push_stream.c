#include "guest/push_stream.h"
#include "base/text.h"

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,._/\\-"

static int add_word(struct buf *out, const char *word, struct err **err)
{
	if (!text_consists_of(word, WORD) || word[0] == '-')
		return err_set(err, ERR_INTERNAL, "'%s' cannot be pushed: only letters, digits and @%%+=:,._/\\- can",
			       word);
	buf_addc(out, ' ');
	return buf_adds(out, word);
}

static int add_file(const struct bundle_file *f, struct buf *out, struct err **err)
{
	char hex[DIGEST_SHA256_HEX];

	buf_adds(out, f->link ? "link" : f->secret ? "secret" : "file");
	if (add_word(out, f->path, err) < 0)
		return -1;
	if (f->link) {
		if (add_word(out, f->data, err) < 0)
			return -1;
		return buf_addc(out, '\n');
	}
	return buf_addf(out, " %o %s\n", f->mode, digest_sha256(f->data, f->len, hex));
}

static int add_list(const char *kind, const struct strv *words, struct buf *out, struct err **err)
{
	for (size_t i = 0; i < words->n; i++) {
		buf_adds(out, kind);
		if (add_word(out, words->v[i], err) < 0)
			return -1;
		buf_addc(out, '\n');
	}
	return 0;
}

int push_manifest(const struct bundle *b, int64_t confirm_s, char id[static DIGEST_SHA256_HEX], struct buf *out,
		  struct err **err)
{
	for (size_t i = 0; i < b->n_files; i++)
		if (add_file(&b->files[i], out, err) < 0)
			return -1;
	if (add_list("absent", &b->absent, out, err) < 0 || add_list("enable", &b->enable, out, err) < 0 ||
	    add_list("disable", &b->disable, out, err) < 0 || add_list("mask", &b->mask, out, err) < 0 ||
	    add_list("package", &b->packages, out, err) < 0)
		return -1;
	digest_sha256(buf_text(out), out->len, id);
	buf_addf(out, "id %s\nconfirm %" PRId64 "\nend\n", id, confirm_s);
	return out->overflow ? err_set(err, ERR_INTERNAL, "the list of files is too long") : 0;
}

int push_look_stream(const struct bundle *b, struct buf *out, struct err **err)
{
	char id[DIGEST_SHA256_HEX];

	buf_adds(out, push_program);
	buf_adds(out, "#manifest\n");
	return push_manifest(b, 0, id, out, err);
}

int push_tar_stream(const struct bundle *b, const struct buf *manifest, struct buf *out, struct err **err)
{
	_cleanup_bundle_ struct bundle all = { 0 };

	if (bundle_text(&all, "/push.sh", 0700, push_program, err) < 0 ||
	    bundle_file(&all, "/manifest", 0600, manifest->data, manifest->len, err) < 0)
		return -1;
	for (size_t i = 0; i < b->n_files; i++) {
		const struct bundle_file *f = &b->files[i];
		_cleanup_free_ char *path = xasprintf("/files%s", f->path);
		if ((f->link ? bundle_link(&all, path, f->data, err)
			     : bundle_file(&all, path, f->mode, f->data, f->len, err)) < 0)
			return -1;
	}
	return bundle_tar(&all, out, err);
}
