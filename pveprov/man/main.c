/*
 * mangen: prints the pages of the manual. Part of the build only.
 *
 *   mangen            the names of all pages
 *   mangen NAME.N     one page, for scdoc
 */
#include "man/pages.h"

static int print(const char *page, struct buf *out)
{
	_cleanup_err_ struct err *err = NULL;
	_cleanup_free_ char *name = xstrndup(page, strcspn(page, "."));

	if (streq(page, "pveprov.1")) {
		man_overview(out);
		return 0;
	}
	if (streq(page, "pveprov-recipe.5")) {
		if (man_recipe(out, &err) == 0)
			return 0;
		fprintf(stderr, "mangen: %s\n", err->text);
		return 1;
	}
	if (man_page(name, out))
		return 0;
	fprintf(stderr, "mangen: no page '%s'\n", page);
	return 64;
}

int main(int argc, char **argv)
{
	_cleanup_buf_ struct buf out = { 0 };
	int status = 0;

	if (argc > 1)
		status = print(argv[1], &out);
	else
		man_list(&out);
	if (status == 0 &&
	    (fwrite(buf_text(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0))
		status = 1;
	return status;
}
