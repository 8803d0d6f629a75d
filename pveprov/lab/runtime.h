#pragma once
/*
 * runtime.h: where the running lab leaves word of itself: $XDG_RUNTIME_DIR/pveprov/lab.json (0600;
 * without that variable /run/user/UID, without that /tmp/pveprov-UID), and its private directory
 * beside it. One lab a user; one with a --state-dir of its own is apart and keeps its lab.json
 * there. PVEPROV_LAB names another lab.json for `connect`, `status` and `down`.
 */
#include "lab/lab.h"

struct runtime;

/* state_dir NULL: the user's lab. ERR_CONFLICT when one runs already. */
int runtime_enter(const char *state_dir, struct runtime **ret, struct err **err);
const char *runtime_dir(const struct runtime *r);

/* Writes lab.json. */
int runtime_publish(struct runtime *r, const struct lab *l, struct err **err);

/* Removes it and the private directory. */
void runtime_leave(struct runtime *r);
DEFINE_CLEANUP(struct runtime *, runtime_leave)

/* malloc'd: recipes/lab.yaml of the source, or the installed one. */
char *runtime_default_world(void);

/* For the child that goes to the background: input from nowhere, output to a log file. */
int runtime_detach(const char *const *state_dir, struct err **err);

/* Why the child ended before it was ready; -1. */
int runtime_start_failed(pid_t child, struct err **err);

int runtime_print_status(struct err **err);
int runtime_stop(struct err **err);

/* The socket that `connect` asks; malloc'd. */
int runtime_connect_path(char **ret, struct err **err);
