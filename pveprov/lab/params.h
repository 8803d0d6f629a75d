#pragma once
/*
 * params.h: request parameters against the table of endpoints, with the texts of Proxmox's JSON
 * schema checker.
 */
#include "lab/api_table.h"

#include <jansson.h>

/* Checks every parameter; errors: name -> text, empty when all is well. */
void params_check(const struct api_endpoint *e, const json_t *params, json_t *errors);

/* The parameter of an endpoint that a name stands for ("net3" for "net[n]"); NULL: none. */
const struct api_param *params_find(const struct api_endpoint *e, const char *name);

/* The endpoint's row in the table; it must be there. */
const struct api_endpoint *params_endpoint(const char *method, const char *path);
