#pragma once
/*
 * qga.h: the conversation with a guest agent over the socket behind its virtio port. Before each
 * command the two are brought into step with guest-sync-delimited, so that the late answer to an
 * older, abandoned command is never taken for this one's. One command at a time: the caller sees to
 * it.
 */
#include "base/deadline.h"

#include <jansson.h>

enum { QGA_PING_MS = 3000 }; /* as Proxmox waits for a guest-ping before every command */

/*
 * command: {"execute": ..., "arguments": ...}. *ret: a new reference to its "return".
 * No answer to the synchronisation within QGA_PING_MS is "QEMU guest agent is not running"
 * (ERR_UNREACHABLE); the agent's own refusal is "Agent error: <its text>" (ERR_TASK), as Proxmox
 * words them.
 */
int qga_command(int fd, const json_t *command, int64_t timeout_ms, const struct clock *clock,
		json_t **ret, struct err **err);
