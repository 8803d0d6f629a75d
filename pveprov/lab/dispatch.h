#pragma once
/*
 * dispatch.h: from bytes to a handler, in Proxmox's order: method, path, login, body, faults,
 * endpoint, privileges, parameters. Each refusal answers as Proxmox does.
 */
#include "lab/request.h"

/* Takes the request over. */
void dispatch(struct request *q);
