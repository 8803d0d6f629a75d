#include "lab/image.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/text.h"
#include "lab/child.h"
#include "lab/paths.h"

enum { DIGEST_MS = 20000, BUILD_MS = 20 * 60 * 1000, LOOK_MS = 500, OUTPUT_MAX = 8 << 20 };

char *image_cache(const char *name)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache)
		return xasprintf("%s/pveprov/%s", cache, name);
	return xasprintf("%s/.cache/pveprov/%s", home && *home ? home : "/root", name);
}

/* Beside an installed program, or in the source tree that the build directory belongs to. */
static int find_script(char **ret, struct err **err)
{
	static const char *const places[] = { LAB_LIBEXEC "/image/build",
					      LAB_SOURCE "/image/build" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (access(places[i], X_OK) == 0) {
			*ret = xstrdup(places[i]);
			return 0;
		}
	}
	return err_set(err, ERR_NOT_FOUND, "the recipe of the guest image is missing: no '%s'",
		       places[0]);
}

static int ask_digest(const char *script, const struct clock *clock, char **ret, struct err **err)
{
	const char *const argv[] = { script, "--digest", NULL };
	const struct proc_spec spec = { .argv = argv, .timeout_ms = DIGEST_MS };
	_cleanup_proc_result_ struct proc_result r = { 0 };

	if (proc_run(&spec, clock, &r, err) < 0)
		return -1;
	*ret = xstrdup(text_trim((char *)buf_text(&r.out)));
	if (r.status == 0 && text_consists_of(*ret, "0123456789abcdef"))
		return 0;
	return err_set(err, ERR_INTERNAL, "'%s --digest' failed with status %d", script, r.status);
}

/* Passes the script's whole new lines on. */
static void tell_progress(const char *output, size_t *told, const struct log *log)
{
	_cleanup_buf_ struct buf b = { .ceiling = OUTPUT_MAX };
	char *end;

	if (fs_read(output, OUTPUT_MAX, &b, NULL) < 0)
		return;
	while (*told < b.len && (end = memchr(b.data + *told, '\n', b.len - *told))) {
		*end = 0;
		if (starts_with(b.data + *told, "image: "))
			log_info(log, "%s", b.data + *told);
		*told = (size_t)(end - b.data) + 1;
	}
}

static int build(const char *script, const char *cache, const struct clock *clock,
		 const struct log *log, struct err **err)
{
	const char *const argv[] = { script, cache, NULL };
	_cleanup_free_ char *output = fs_join(cache, "build.log");
	const struct child_spec spec = { .argv = argv, .output = output, .netns = -1 };
	struct deadline d = deadline_in(clock, BUILD_MS);
	_cleanup_(child_freep) struct child *c = NULL;
	size_t told = 0;

	if (fs_mkdirs(cache, 0700, err) < 0 || child_start(&spec, &c, err) < 0)
		return -1;
	while (!child_wait(c, LOOK_MS)) {
		tell_progress(output, &told, log);
		if (deadline_check(&d, err, "building the guest image") < 0)
			return -1;
	}
	tell_progress(output, &told, log);
	return 0;
}

int image_get(const char *cache, const char *script, const struct clock *clock,
	      const struct log *log, struct image *ret, struct err **err)
{
	_cleanup_free_ char *own_cache = cache ? NULL : image_cache("images");
	_cleanup_free_ char *own_script = NULL, *digest = NULL;
	_cleanup_image_ struct image i = { 0 };

	if (!cache)
		cache = own_cache;
	if (!script && find_script(&own_script, err) < 0)
		return -1;
	if (!script)
		script = own_script;
	if (ask_digest(script, clock, &digest, err) < 0)
		return -1;
	i.dir = fs_join(cache, digest);
	if (!fs_exists(i.dir) && build(script, cache, clock, log, err) < 0)
		return -1;
	if (!fs_exists(i.dir)) {
		err_set(err, ERR_INTERNAL, "the guest image could not be built");
		return err_hint(err, "see '%s/build.log', or run '%s %s' by hand", cache, script,
				cache);
	}
	i.disk = fs_join(i.dir, "disk.qcow2");
	i.kernel = fs_join(i.dir, "kernel");
	i.initrd = fs_join(i.dir, "initrd");
	i.repository = fs_join(i.dir, "repository");
	i.certificate = fs_join(i.dir, "server.crt");
	i.private_key = fs_join(i.dir, "server.key");
	*ret = i;
	i = (struct image){ 0 };
	return 0;
}

void image_free(struct image *i)
{
	char *all[] = { i->dir,	       i->disk,	       i->kernel,     i->initrd,
			i->repository, i->certificate, i->private_key };

	for (size_t n = 0; n < ARRAY_SIZE(all); n++)
		free(all[n]);
}
