#pragma once
/* yaml.h: JSON written as YAML (block style, keys sorted, every doubtful string in quotes). */
#include "base/buf.h"

#include <jansson.h>

/* Ends with a newline. */
void yaml_write(struct buf *out, const json_t *value);
