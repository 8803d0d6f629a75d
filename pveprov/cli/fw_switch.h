#pragma once
/*
 * fw_switch.h: a change of the firewall that is proved by a new connection, or undone.
 *
 * Switching on (iptables daemon): cluster option enable = 2 holds 60 s by the server's own clock; a new connection must
 * come through before it is set to 1. Other edits: after the daemon has had its time a new connection is opened; if it
 * fails the inverse goes over connections still open. What was there before is kept in a file of the state
 * directory until the change is proved, so that an interrupted run can be undone by hand: 'fw apply FILE'.
 */
#include "cli/fw_job.h"

struct fw_switch {
	struct app *app;
	struct fw_job *job;
	bool armed; /* the 60 s switch is used */
	char *kept; /* the file with what was there before */
	size_t held; /* connections for the way back: a write ends the one it goes over */
	int64_t tended_ms;
};

/* Keeps what is there now, and puts 2 in place of 1 among the changes where the switch is used. */
int fw_switch_begin(struct fw_switch *s, struct err **err);

/* Keeps the connections for the way back alive; to be called between the calls. */
void fw_switch_tend(struct fw_switch *s);

/*
 * A call failed (*err): says how much was sent and where the former state is. Where the door fell shut behind the calls
 * that were sent they are undone, and *err says so.
 */
int fw_switch_failed(struct fw_switch *s, size_t sent, struct err **err);

/* Proves the change by a new connection; ERR_REVERTED: it was undone. Frees what begin() made. */
int fw_switch_confirm(struct fw_switch *s, struct err **err);
