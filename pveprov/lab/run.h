#pragma once
/*
 * run.h: one machine from power-on to power-off: its QEMU, the conversations with it and with its
 * guest agent. Reference counted, because an agent's command may still be under way when the
 * machine goes off; every waiting call then ends at once, since QEMU's end of the socket is closed.
 * The last unref must not be on the run's own threads.
 */
#include "lab/machine.h"
#include "base/clock.h"

#include <sys/types.h>

struct run;

/* Called once on the run's own thread when QEMU has ended. */
typedef void run_ended(void *ctx, struct run *run);

struct run_spec {
	const struct machine *machine;
	const struct machine_host *host;
	const char *output; /* file for what QEMU prints */
	int netns;
	const struct clock *clock;
	run_ended *ended;
	void *ctx;
};

/*
 * Starts QEMU with its CPUs stopped and waits for its greeting. A QEMU that ends first is reported
 * with its last line. On success the caller owns one reference.
 */
int run_start(const struct run_spec *spec, struct run **ret, struct err **err);

struct run *run_ref(struct run *r);
struct run *run_unref(struct run *r);
DEFINE_CLEANUP(struct run *, run_unref)
#define _cleanup_run_ _cleanup_(run_unrefp)

/* Commands of QMP that take no argument: cont, stop, system_reset, system_powerdown ... */
int run_command(struct run *r, const char *execute, struct err **err);

/* snapshot: "blockdev-snapshot-internal-sync" or "blockdev-snapshot-delete-internal-sync" */
int run_disk_snapshot(struct run *r, const char *execute, const char *name, struct err **err);

int run_resize_disk(struct run *r, int64_t size_bytes, struct err **err);
int run_set_link(struct run *r, const char *nic, bool up, struct err **err);
int run_human(struct run *r, const char *line, int64_t timeout_ms, struct err **err);

/* A guest agent's command; waits up to three seconds for the agent to be there, as Proxmox does. */
int run_agent(struct run *r, const json_t *command, int64_t timeout_ms, json_t **ret,
	      struct err **err);

/* Whether the CPUs run, as QEMU's own events say. */
bool run_paused(struct run *r);

/* malloc'd: the last line that QEMU wrote, or what it ended with. */
char *run_last_words(struct run *r);

/*
 * Whether QEMU ended by an assertion of its own within a minute of a power-on or reset: its guest
 * has not got far enough to lose anything by being started once more.
 */
bool run_failed_early(struct run *r);

/* Process id of QEMU; 0 once it has ended. */
pid_t run_pid(struct run *r);

/* Kills QEMU. */
void run_kill(struct run *r);

/* Waits for QEMU's end; false when it still runs then. */
bool run_wait(struct run *r, int64_t timeout_ms);
