#pragma once
/*
 * agent_shell.h: a guest's shell through the QEMU guest agent and the Proxmox API. Needs no network in the guest.
 *
 * Limits of the API: 64 KiB of standard input for a program, text only (ERR_USAGE beyond), 61,440 characters for each
 * piece of a file (files of any bytes and size are put together from pieces). Output that the agent truncated is an
 * error.
 */
#include "guest/shell.h"

struct pve_client;

/* Borrows the client; asks nothing until it is used. Programs run as root, without a terminal. */
int agent_shell_open(struct pve_client *client, const char *node, int64_t vmid, const struct clock *clock,
		     struct shell **ret, struct err **err);
