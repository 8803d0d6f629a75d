#pragma once
/*
 * sim.h: the hypervisor whose machines are data. An operation takes as long as the world's table of
 * times says, of the node's time; a guest answers its agent and SSH out of a file system in memory
 * and a table of scripted answers.
 *
 * The event loop's thread owns everything; a guest's state is also touched by the threads of its
 * SSH connections, under the mutex.
 */
#include "lab/hypervisor.h"
#include "lab/sim_guest.h"
#include "lab/world.h"

#include <event2/event.h>
#include <pthread.h>

struct sim_vm {
	int vmid;
	enum { SIM_OFF, SIM_RUNNING, SIM_PAUSED } state;
	bool blank; /* nothing is on its disk: it runs, and nobody answers */
	const struct world_guest *kind;
	struct guest *guest; /* its disk and what runs on it */
	json_t *config;	     /* as at the last start */
	int64_t started_ms;
	struct sim_snapshot *snapshots;
	json_t *processes; /* of the agent's exec: pid -> {status, out, err, done_ms} */
	json_t *handles;   /* of the agent's files: handle -> {path, write, data} */
	int64_t next_id;
	struct sim_change *change; /* a push that waits for its confirmation */
};

enum { SIM_CARD_PORTS = 4 };

struct sim {
	struct hypervisor hypervisor; /* first */
	const struct world *world;
	struct event_base *base;
	const struct clock *clock;
	const struct log *log;
	pthread_mutex_t mutex;
	struct sim_vm **vms; /* sorted by vmid */
	size_t n_vms, cap_vms;
	struct sim_ssh *ssh; /* connections */
};

struct sim_vm *sim_find(const struct sim *s, int vmid); /* NULL: never heard of */

/* The machine, made when it is new; never NULL. */
struct sim_vm *sim_vm(struct sim *s, int vmid);
void sim_vm_free(struct sim_vm *vm);

/* What is done to its disk. */
void sim_vm_clone(struct sim *s, int vmid, int source_vmid);
void sim_vm_destroy(struct sim *s, int vmid);
void sim_vm_snapshot(struct sim_vm *vm, const char *name);
void sim_vm_snapshot_delete(struct sim_vm *vm, const char *name);
void sim_vm_rollback(struct sim_vm *vm, const char *name); /* off afterwards */

/* The running machine that has the address now; NULL: none. */
struct sim_vm *sim_by_address(struct sim *s, const char *address);

/* How long an operation takes, ms of the node's time. */
int64_t sim_time(const struct sim *s, const char *type);

/* Whether its agent answers now. */
bool sim_has_agent(const struct sim *s, const struct sim_vm *vm);

/* Milliseconds since the machine was started. */
int64_t sim_uptime_ms(const struct sim *s, const struct sim_vm *vm);

/* The agent's answer to a command: new reference; NULL with *ret_error (malloc'd). Under the mutex.
 */
json_t *sim_agent(struct sim *s, struct sim_vm *vm, const json_t *command, char **ret_error);

/* Interfaces with addresses as guest-network-get-interfaces shows them; new reference. Under the
 * mutex. */
json_t *sim_interfaces(struct sim *s, struct sim_vm *vm);

/* Default routes as `ip -j route` shows them; new reference. Under the mutex. */
json_t *sim_routes(struct sim *s, struct sim_vm *vm);

/* Restarts the guest from inside. Under the mutex. */
void sim_reboot(struct sim *s, struct sim_vm *vm);

void sim_change_free(struct sim_vm *vm);

/* What happens in the guest as time goes by: the first boot writes its files. Under the mutex. */
void sim_guest_advance(struct sim *s, struct sim_vm *vm);

/* Serves SSH of a machine on a connected socket, on a thread of its own; takes the descriptor. */
int sim_ssh_serve(struct sim *s, struct sim_vm *vm, int fd);
void sim_ssh_close(struct sim *s);
