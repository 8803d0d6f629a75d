#pragma once
/*
 * fault.h: things that go wrong on purpose, by the rules of the world and those added through the
 * control socket.
 */
#include "lab/request.h"

struct faults *faults_new(struct lab *l);
struct faults *faults_free(struct faults *f);

/* Passes a call on to `serve`, or lets it go wrong. */
void faults_request(struct request *q, route_fn *serve);

/* The text a new task has to fail with; malloc'd, NULL: it may succeed. */
char *faults_task(struct lab *l, const char *type, const char *id);

/* How much later than usual the guest agent of a VM comes that is being started, ms. */
int64_t faults_agent_delay(struct lab *l, int vmid);

/* Adds a rule as the world file has it, in JSON: {"path": "...", "effect": "status", "status": 596,
 * "nth": 1, ...}. */
int faults_add(struct lab *l, const json_t *rule, struct err **err);
