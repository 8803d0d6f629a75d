#pragma once
/*
 * context_file.h: the configuration file:
 *
 *   current: home
 *   contexts:
 *     home:
 *       endpoint: https://pve.example:8006
 *       fingerprint: "AA:BB:..."
 *       token: env:PVE_TOKEN                 # or file:PATH, { cmd: [pass, show, pve] }, or the
 * token itself ssh: { proxy: "ssh -W %h:%p root@pve.example" }
 */
#include "cli/context.h"

#include <jansson.h>

/* The context `name` (NULL: the file's default) into *c, which keeps its arena. */
int context_file_read(const char *path, const char *name, struct context *c, struct err **err);

/* Adds a context, or replaces those of its members that are given, and makes it the current one.
 * Comments are lost. */
int context_file_put(const char *path, const char *name, const json_t *context, struct err **err);
