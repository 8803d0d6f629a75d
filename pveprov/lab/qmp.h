#pragma once
/*
 * qmp.h: the conversation with one QEMU over a connected socket (QEMU's own protocol, QMP). A
 * thread reads; commands may come from any thread and go one at a time. (Source: QEMU's
 * docs/interop/qmp-spec.)
 */
#include "base/clock.h"

#include <jansson.h>

struct qmp;

/* Called on the reader's thread. `data` is borrowed, may be NULL. */
typedef void qmp_event(void *ctx, const char *name, const json_t *data);

/* Takes the descriptor over. Events come from now on. */
struct qmp *qmp_open(int fd, qmp_event *event, void *ctx);

/* Waits for the greeting and leaves negotiation mode. Fails as soon as the peer is gone. */
int qmp_greet(struct qmp *q, int64_t timeout_ms, struct err **err);

/*
 * Executes a command; `arguments` (may be NULL) is taken over. ret (may be NULL) gets a new
 * reference to "return". QEMU's error text is ERR_TASK; a peer that is gone is ERR_UNREACHABLE.
 */
int qmp_command(struct qmp *q, const char *execute, json_t *arguments, int64_t timeout_ms,
		json_t **ret, struct err **err);

/* A line for QEMU's human monitor, the only way to savevm; any answer is taken for an error. */
int qmp_human(struct qmp *q, const char *line, int64_t timeout_ms, struct err **err);

/* Ends the conversation; waits for the reader. */
struct qmp *qmp_free(struct qmp *q);
DEFINE_CLEANUP(struct qmp *, qmp_free)
