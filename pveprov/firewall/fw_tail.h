#pragma once
/*
 * fw_tail.h: the end of a firewall log on the server, and what comes: each line once, in order.
 *
 * The API shows a file by line numbers, and the file is rotated every day. Each look asks for the last known line and what
 * follows: when that line is not there any more, the log began anew, and what was written to the old file since is read from
 * it (`since`, servers from pve-firewall 4.3-1 on). One look is one request, but for long pages and rotations.
 * Zero but for client and path; both outlive it.
 */
#include "base/strv.h"
#include "pve/client.h"

struct fw_tail {
	struct pve_client *client;
	const char *path; /* of the log's endpoint */
	bool lost;	  /* set where lines may be missing: the old file could not be read on */
	/* its own */
	int64_t next;	  /* lines of the file that were handed out or left out */
	char *last;	  /* the last of them */
	char *anchor;	  /* the last one with a time */
	int64_t anchor_s; /* its time */
	int old_looks;	  /* how often the old file is still to be looked at */
};

/* Adds the last n lines to *lines. ERR_NOT_FOUND: the node has no such log. */
int fw_tail_last(struct fw_tail *t, int64_t n, struct strv *lines, struct err **err);

/* Adds what has come since. Lines are added also when it fails later on, and are not repeated by the next call. */
int fw_tail_more(struct fw_tail *t, struct strv *lines, struct err **err);

void fw_tail_free(struct fw_tail *t);
#define _cleanup_fw_tail_ _cleanup_(fw_tail_free)
