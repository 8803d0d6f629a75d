#pragma once
/*
 * fw_revert.h: a timer on the node itself that switches the firewall off, for where the server's own switch proves
 * nothing (nftables backend) or stands in for too much. Set over SSH by the system's ssh with the user's own
 * configuration (host keys are verified, nothing is asked); a transient systemd timer there runs pvesh, so that it goes
 * off also when nobody gets at the node any more.
 */
#include "base/clock.h"
#include "base/err.h"

/* Sets the timer. `target`: as ssh takes it, "root@pve". An error means that nothing is set. */
int fw_revert_arm(const char *target, int seconds, const struct clock *clock, struct err **err);

/* Takes it back. ERR_REVERTED: it went off before. Any other error: it still runs, or nobody knows. */
int fw_revert_disarm(const char *target, const struct clock *clock, struct err **err);
