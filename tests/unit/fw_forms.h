#pragma once
/*
 * fw_forms.h: the three forms of a firewall's file (text, YAML, the API's objects), for tests.
 */
#include "test.h"
#include "firewall/fw_read.h"

/* Reads text; what the server skips goes to issues (may be NULL). Fails the test only where the text is too large. */
struct fw_config *forms_read(enum fw_level level, const char *text, struct fw_issues *issues);

/* Reads the map of one level ("options: { ndp: 1 }"). NULL with *ret_fault: what is wrong with it (malloc'd). */
struct fw_config *forms_read_yaml(enum fw_level level, const char *text, char **ret_fault);

/* What is written in each form reads as the same model. The API's form leaves out what the API does not know. */
void forms_survive(const struct fw_config *c);
