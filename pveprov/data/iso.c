#include "data/iso.h"
#include "base/fs.h"

#include <pthread.h>

#define LIBISOFS_WITHOUT_LIBBURN 1 /* struct burn_source is libisofs' to define */
#include <libisofs/libisofs.h>

/* libisofs keeps its message queue and its inode numbers in globals; two seeds at a time would
 * share them. */
static pthread_mutex_t libisofs_lock = PTHREAD_MUTEX_INITIALIZER;

/* Every date in the image: the same files give the same bytes whenever they are written. */
enum { ISO_TIME = 315532800 /* 1980-01-01 00:00 UTC: what FAT and zip can say, too */ };

enum { BLOCK_BYTES = 2048 };

static int fault(int code, const char *what, struct err **err)
{
	return err_set(err, ERR_INTERNAL, "%s: %s", what, iso_error_to_msg(code));
}

static void freep_image(IsoImage **i)
{
	if (*i)
		iso_image_unref(*i);
}

static void freep_opts(IsoWriteOpts **o)
{
	if (*o)
		iso_write_opts_free(*o);
}

static void freep_source(struct burn_source **s)
{
	if (!*s)
		return;
	(*s)->free_data(*s);
	free(*s);
}

static int add_file(IsoImage *image, const struct iso_file *f, struct err **err)
{
	IsoStream *stream;
	IsoFile *node;

	/* libisofs frees memory that it streams, so it gets its own copy; malloc(0) may be NULL */
	unsigned char *copy = xmalloc(f->len + 1);
	if (f->len)
		memcpy(copy, f->data, f->len);
	int r = iso_memory_stream_new(copy, f->len, &stream);
	if (r < 0) {
		free(copy);
		return fault(r, f->name, err);
	}
	r = iso_tree_add_new_file(iso_image_get_root(image), f->name, stream, &node);
	if (r < 0) {
		iso_stream_unref(stream);
		return fault(r, f->name, err);
	}
	return 0;
}

static int make_image(const char *label, const struct iso_file *files, size_t n, IsoImage **ret,
		      struct err **err)
{
	_cleanup_(freep_image) IsoImage *image = NULL;
	int r = iso_image_new(label, &image);

	if (r < 0)
		return fault(r, label, err);
	/* these default to the library's name and version */
	iso_image_set_application_id(image, "PVEPROV");
	iso_image_set_data_preparer_id(image, "PVEPROV");
	for (size_t i = 0; i < n; i++)
		if (add_file(image, &files[i], err) < 0)
			return -1;
	*ret = TAKE_PTR(image);
	return 0;
}

static int make_opts(IsoWriteOpts **ret, struct err **err)
{
	_cleanup_(freep_opts) IsoWriteOpts *o = NULL;
	int r = iso_write_opts_new(&o, 0);

	if (r < 0)
		return fault(r, "options", err);
	static char uuid[] = "1980010100000000"; /* sixteen digits: the volume's dates */
	if ((r = iso_write_opts_set_iso_level(o, 3)) < 0 ||
	    (r = iso_write_opts_set_rockridge(o, 1)) < 0 ||
	    (r = iso_write_opts_set_joliet(o, 1)) < 0 ||
	    /* lower case in the label, as Proxmox's own seed has it */
	    (r = iso_write_opts_set_relaxed_vol_atts(o, 1)) < 0 ||
	    (r = iso_write_opts_set_output_charset(o, "UTF-8")) < 0 ||
	    (r = iso_write_opts_set_replace_mode(o, 2, 2, 2, 2)) < 0 ||
	    (r = iso_write_opts_set_default_dir_mode(o, 0755)) < 0 ||
	    (r = iso_write_opts_set_default_file_mode(o, 0444)) < 0 ||
	    (r = iso_write_opts_set_default_uid(o, 0)) < 0 ||
	    (r = iso_write_opts_set_default_gid(o, 0)) < 0 ||
	    (r = iso_write_opts_set_replace_timestamps(o, 2)) < 0 ||
	    (r = iso_write_opts_set_default_timestamp(o, ISO_TIME)) < 0 ||
	    (r = iso_write_opts_set_dir_rec_mtime(o, 7)) < 0 ||
	    (r = iso_write_opts_set_always_gmt(o, 1)) < 0 ||
	    (r = iso_write_opts_set_pvd_times(o, ISO_TIME, ISO_TIME, 0, ISO_TIME, uuid)) < 0)
		return fault(r, "options", err);
	*ret = TAKE_PTR(o);
	return 0;
}

/* The image's bytes, from libisofs' writer thread. */
static int drain(IsoImage *image, IsoWriteOpts *opts, struct buf *out, struct err **err)
{
	_cleanup_(freep_source) struct burn_source *source = NULL;
	int r = iso_image_create_burn_source(image, opts, &source);

	if (r < 0)
		return fault(r, "image", err);
	for (;;) {
		unsigned char *block = buf_reserve(out, BLOCK_BYTES);
		if (!block) {
			source->cancel(source);
			return err_set(err, ERR_INTERNAL, "image larger than %u bytes",
				       BUF_CEILING_DEFAULT);
		}
		r = source->read_xt(source, block, BLOCK_BYTES);
		if (r <= 0)
			break;
		out->len += (size_t)r;
	}
	return r < 0 ? err_set(err, ERR_INTERNAL, "image could not be produced") : 0;
}

static int produce(const char *label, const struct iso_file *files, size_t n, struct buf *out,
		   struct err **err)
{
	_cleanup_(freep_image) IsoImage *image = NULL;
	_cleanup_(freep_opts) IsoWriteOpts *opts = NULL;
	char never[] = "NEVER", none[] = "";
	int r = iso_init();

	if (r < 0)
		return fault(r, "libisofs", err);
	iso_set_msgs_severities(never, never, none);
	if (make_image(label, files, n, &image, err) < 0 || make_opts(&opts, err) < 0)
		return -1;
	return drain(image, opts, out, err);
}

int iso_write(const char *path, const char *label, const struct iso_file *files, size_t n,
	      struct err **err)
{
	_cleanup_buf_ struct buf image = { 0 };

	pthread_mutex_lock(&libisofs_lock);
	int r = produce(label, files, n, &image, err);
	pthread_mutex_unlock(&libisofs_lock);
	if (r < 0)
		return err_wrap(err, "'%s'", path);
	return fs_write(path, image.data, image.len, 0600, err);
}
