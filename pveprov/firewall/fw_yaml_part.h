#pragma once
/*
 * fw_yaml_part.h: what the readers of the YAML form share. Used by fw_yaml.c and fw_yaml_rule.c only.
 */
#include "firewall/fw_yaml.h"

struct yaml {
	struct field_ctx *f; /* takes the errors */
	struct fw_config *c; /* that is read */
};

/* An error: a key that is not one of `known` (NULL-terminated), with the nearest. Returns -1. */
int fw_yaml_unknown(struct yaml *y, const struct tree *t, const char *what, const char *const *known);

/* The kind must be as expected, or it is an error; `form` says what that looks like. */
bool fw_yaml_need(struct yaml *y, const struct tree *t, enum tree_kind kind, const char *form);

const char *fw_yaml_copy(struct yaml *y, const char *text);

/* What stands behind '#' in a file: one line without blanks around it. NULL: none. */
const char *fw_yaml_comment(struct yaml *y, const struct tree *t);

bool fw_yaml_flag(struct yaml *y, const struct tree *t);

/* Reads a list of rules, each a line of a .fw file or a map with the API's names, into a section. */
void fw_yaml_rules(struct yaml *y, struct fw_section *s, const struct tree *list);
