#pragma once
/*
 * fw_switch.h: a change of the firewall that is proved by a new connection, or undone.
 *
 * Switching on (iptables daemon): cluster option enable = 2 holds 60 s by the server's own clock; a new connection must
 * come through before it is set to 1. Other edits: after the daemon has had its time a new connection is opened; if it
 * fails the inverse goes over connections still open. What was there before is kept in a file of the state
 * directory until the change is proved, so that an interrupted run can be undone by hand: 'fw apply FILE'.
 */
#include "firewall/fw_job.h"

/* How many edits of a firewall that is on can be undone over connections held open; a write uses one up. */
enum { FW_UNDO_MAX = 60 };

/*
 * Sends the job's changes (after fw_job_judge()) and proves them. ERR_REVERTED: they were undone. Any other error: the
 * lines said before tell how much was sent and where the former firewall is.
 */
int fw_switch_apply(struct fw_job *j, struct err **err);
