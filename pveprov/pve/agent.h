#pragma once
/*
 * agent.h: the guest agent of a VM, through the API.
 *
 * Not answering has three causes that the caller can tell apart by err->code (fault.h):
 * PVE_VM_STOPPED, PVE_AGENT_OFF (the VM's option `agent` is off) and PVE_AGENT_NOT_READY (boots, is
 * paused, or has no agent installed: the server cannot know). A call to an agent that is not there
 * holds one of the server's few workers for 3 s; therefore a gate lets one agent call per node be
 * in flight, in order of arrival.
 */
#include "data/addr.h"
#include "pve/vm.h"

enum {
	PVE_AGENT_INPUT_MAX = 65536, /* bytes of exec's standard input */
	PVE_AGENT_WRITE_MAX =
		61440, /* characters of file-write's content as sent (base64: 46,080 bytes) */
	PVE_AGENT_READ_MAX = 16 << 20, /* bytes of file-read */
};

/* One ping. 0: it answers. */
int pve_agent_ping(struct pve_client *c, struct pve_vm vm, struct err **err);

/*
 * Waits until the agent answers. A stopped VM or a disabled option ends it at once; ERR_TIMEOUT
 * (code PVE_AGENT_NOT_READY) says how long the VM runs and what to look at.
 */
int pve_agent_wait(struct pve_client *c, struct pve_vm vm, int64_t timeout_ms, struct err **err);

struct pve_guest_nic {
	const char *name;
	bool has_mac;
	struct addr_mac mac;
	struct addr_cidr *addrs;
	size_t n_addrs;
};

int pve_agent_interfaces(struct pve_client *c, struct pve_vm vm, struct arena *a,
			 struct pve_guest_nic **ret, size_t *ret_n, struct err **err);

/* What makes an address the one we wait for. */
struct pve_address_want {
	struct addr_mac mac;
	uint8_t family;			/* 4, 6; 0: either, 4 first */
	const struct addr_cidr *within; /* NULL: any but link-local and loopback */
};

/* Waits for an address of the NIC with that MAC, seen twice in a row. ERR_TIMEOUT lists what was
 * seen. */
int pve_agent_wait_address(struct pve_client *c, struct pve_vm vm,
			   const struct pve_address_want *want, int64_t timeout_ms,
			   struct addr_cidr *ret, struct err **err);

struct pve_osinfo {
	const char *id; /* "debian", "arch" */
	const char *name;
	const char *version_id; /* NULL: a rolling one */
	const char *pretty_name;
	const char *kernel;
	const char *machine; /* "x86_64" */
};

int pve_agent_osinfo(struct pve_client *c, struct pve_vm vm, struct arena *a,
		     struct pve_osinfo *ret, struct err **err);

struct pve_agent_exec {
	const char *const
		*argv; /* NULL-terminated; argv[0] an absolute path or found in the agent's PATH */
	const void *input; /* at most PVE_AGENT_INPUT_MAX bytes, valid UTF-8 without NUL (the API
			      carries text) */
	size_t input_len;
	int64_t timeout_ms; /* 0: 60 s */
	size_t output_max;  /* bytes each; 0: 1 MiB. More is an error */
};

struct pve_agent_output {
	int status;	/* exit status; 128 + signal when killed */
	struct buf out; /* bytes as the program wrote them */
	struct buf err;
	bool truncated; /* by the agent, at 16 MiB */
};

/*
 * Runs a program and waits for its end, one poll at a time. 0 whatever its status. ERR_TIMEOUT: it
 * still runs there. ERR_UNREACHABLE with PVE_PROXY also when there is no such program and the agent
 * says so in curly quotes.
 */
int pve_agent_exec(struct pve_client *c, struct pve_vm vm, const struct pve_agent_exec *x,
		   struct pve_agent_output *ret, struct err **err);
void pve_agent_output_free(struct pve_agent_output *o);
#define _cleanup_pve_agent_output_ _cleanup_(pve_agent_output_free)

/* Reads at most max_bytes (<= PVE_AGENT_READ_MAX); a longer file is an error. ERR_NOT_FOUND: no
 * such file. */
int pve_agent_read(struct pve_client *c, struct pve_vm vm, const char *path, size_t max_bytes,
		   struct buf *out, struct err **err);

/* Writes a whole file of at most 46,080 bytes (ERR_USAGE beyond); the mode is the agent's umask.
 * Any bytes. */
int pve_agent_write(struct pve_client *c, struct pve_vm vm, const char *path, const void *data,
		    size_t len, struct err **err);
