#pragma once
/* agent_private.h: one gated call of an agent command. For pve/agent*.c only. */
#include "pve/agent.h"
#include "pve/client_private.h"

/*
 * Calls /nodes/N/qemu/ID/agent/COMMAND through the gate. `once`: an answer that was lost must not
 * be asked for again. body_max: 0 is the default. The answer's `data` goes to *ret (may be NULL).
 */
int pve_agent_call(struct pve_client *c, struct pve_vm vm, const char *method, const char *command,
		   const struct pve_params *params, size_t body_max, json_t **ret,
		   struct err **err);

/* As above for commands that only read: `data.result`. */
int pve_agent_result(struct pve_client *c, struct pve_vm vm, const char *command, json_t **ret,
		     struct err **err);

/* Text as the server sends bytes (each a code point below 256) back to bytes. */
int pve_agent_bytes(const json_t *text, struct buf *out);

/* Bytes as text that the server turns into these bytes: each a code point. malloc'd,
 * NUL-terminated. */
char *pve_agent_text(const void *data, size_t len, size_t *ret_len);
