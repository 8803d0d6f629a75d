#pragma once
/*
 * web.h: the web server of the made-up internet: the files of one directory below /debian/, and a
 * page that says where it is for everything else. It has a thread of its own and a socket in
 * another network namespace.
 */
#include "base/err.h"

struct web;

/* Serves on port 80 of every address of the namespace. */
int web_open(int netns, const char *repository, struct web **ret, struct err **err);
struct web *web_free(struct web *w);

/*
 * The file below `root` that a request for `path` ("/debian/./Packages.gz", percent-encoded) means;
 * malloc'd. NULL: none, or it would leave the directory.
 */
char *web_file(const char *root, const char *path);
