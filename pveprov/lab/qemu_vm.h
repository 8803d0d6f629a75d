#pragma once
/*
 * qemu_vm.h: the qemu hypervisor's inside: its machines and what each request does to one. Requests
 * run on threads of a pool and may block; only status() and dial() are called on the event loop's
 * thread.
 */
#include "lab/hypervisor.h"
#include "lab/image.h"
#include "lab/jobs.h"
#include "lab/qemu_dir.h"
#include "lab/qemu_net.h"
#include "lab/run.h"

#include <pthread.h>

struct qemu;

/* One machine. Made when first heard of, kept until the hypervisor closes. */
struct vm {
	struct qemu *hv;
	int vmid;
	char *dir;	   /* PATH/100 */
	char *disk, *seed; /* files; the disk is there once it was cloned or made */
	char *serial, *output;
	pthread_mutex_t turn; /* one request that changes it at a time */
	struct run *run;      /* NULL: off. Guarded by qemu.mutex */
	json_t *config;	      /* it was started with */
	bool restarting; /* QEMU failed early; a new one is on its way. Guarded by qemu.mutex */
	bool expected;	 /* its end was asked for. Guarded by qemu.mutex */
};

struct qemu {
	struct hypervisor base; /* first: the core knows only this */
	const struct world *world;
	const struct log *log;
	struct clock clock; /* real: these machines take the time they take */
	struct image image;
	struct qemu_dir dir;
	struct qemu_net *net;
	struct upstream *upstream;
	struct jobs *jobs;
	const char *accel;
	char nameserver[ADDR_TEXT_MAX]; /* of the node's resolv.conf */

	pthread_mutex_t mutex;
	pthread_cond_t changed; /* a run has ended */
	struct vm **vms;
	size_t n_vms;
};

/* The machine, made when it is new; never NULL. */
struct vm *qemu_vm(struct qemu *h, int vmid);

/* A reference to the running machine, or an error "VM 100 is not running". */
int qemu_vm_run(struct vm *vm, struct run **ret, struct err **err);

bool qemu_vm_is_on(struct vm *vm);

/*
 * Does what a request says. *ret_result (new reference) is set by those that have one. The caller
 * holds vm->turn except for HV_AGENT and HV_SHUTDOWN, which must not keep a HV_STOP from coming in
 * between.
 */
int qemu_vm_request(struct vm *vm, const struct hv_request *r, json_t **ret_result,
		    struct err **err);

/* Makes the first disk of a machine of the world. */
int qemu_vm_first_disk(struct vm *vm, bool image, int64_t size_bytes, struct err **err);

/* Kills what runs and waits for its end. */
void qemu_vm_kill(struct vm *vm);
void qemu_vm_free(struct vm *vm);
