#pragma once
/*
 * tap.h: a test that looks on. The lab connects to the Unix socket that the world names as `tap`
 * and tells every call there before it is served, one JSON object a line:
 *
 *     {"id": 7, "who": "root@pam!lab", "method": "PUT", "path": "/version", "param": {...}}
 *
 * A call that writes waits for the line "7", so that the test can do what it likes just before it.
 * When the socket's far end is closed everything goes on without it.
 */
#include "lab/request.h"

struct tap;

/* Connects where the world has a tap; *ret is NULL where it has none. */
int tap_open(struct lab *l, struct tap **ret, struct err **err);
struct tap *tap_free(struct tap *t);

/* Tells the call and passes it on to `next`, at once or when the test says so. */
void tap_request(struct request *q, route_fn *next);
