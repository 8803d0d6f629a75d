#pragma once
/*
 * sim_exec.h: what runs on a simulated guest: answers of the world first, then the fixed programs
 * that pveprov sends (push.sh, probe.sh, its list of PCI ports), of which the effect is played on
 * the guest's files, then a few tools.
 */
#include "lab/sim.h"

/* Under the mutex. */
void sim_exec(struct sim *s, struct sim_vm *vm, const char *const *argv, const void *input,
	      size_t input_len, struct guest_result *ret);

/* One program each: true when the call was for it. */
bool sim_push(struct sim *s, struct sim_vm *vm, const char *const *argv, const struct buf *input,
	      struct guest_result *ret);
bool sim_probe(struct sim *s, struct sim_vm *vm, const char *const *argv, const struct buf *input,
	       struct guest_result *ret);

/* A change that was not confirmed in time undoes itself. */
void sim_push_advance(struct sim *s, struct sim_vm *vm);
