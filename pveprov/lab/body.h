#pragma once
/* body.h: parameters from a query string, a form or a JSON body. */
#include "base/base.h"

#include <jansson.h>

/* Adds name=value pairs; a name that comes again makes an array. Values that are not UTF-8 are
 * taken as Latin-1. */
void body_form(json_t *params, const char *text, size_t len);

/* Adds the members of an object: numbers and booleans become text. false: malformed; *ret_offset:
 * where. */
bool body_json(json_t *params, const char *text, size_t len, size_t *ret_offset);
