#pragma once
/*
 * fw_switch_private.h: a change on its way, shared by fw_switch.c (what catches it, and the proof) and fw_undo.c.
 */
#include "base/deadline.h"
#include "firewall/fw_switch.h"

enum { FW_KNOCK_MS = 5000 };

struct fw_switch {
	struct fw_job *job;
	bool armed;  /* the 60 s switch is used */
	int timer_s; /* the node's own timer, set over SSH; 0: not set */
	bool lit;    /* one of these is under way: the firewall goes off unless that is confirmed */
	size_t held; /* connections for the way back: a write ends the one it goes over */
	int64_t tended_ms;
	char *kept; /* the file with what was there before */
};

/* Keeps the connections for the way back alive; to be called between the calls. */
void fw_switch_tend(struct fw_switch *s);

/* How long the daemon of the node that answers us may take to load what was written. */
int64_t fw_switch_daemon_ms(const struct fw_job *j);

/* The file with the former firewall is forgotten, or removed. */
void fw_switch_drop_kept(struct fw_switch *s, bool remove);

/* The door is shut, or nobody waits for the proof: `why`, which is taken over. Always -1; ERR_REVERTED: undone. */
int fw_switch_undo(struct fw_switch *s, struct err *why, struct err **err);
