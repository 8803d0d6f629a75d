#pragma once
/* field_scalar.h: the scalar types of field.h; used by field.c and field_schema.c only. */
#include "data/field.h"

/* True for the types that one scalar holds. */
bool field_is_scalar(enum field_type type);

/* Parses text as f says into member; false when it has not that form. Text must live as long as the
 * arena. */
bool field_scalar_parse(const struct field *f, const char *text, void *member);

/* "a whole number from 1 to 4094": for errors and help; malloc'd. */
char *field_expects(const struct field *f);
