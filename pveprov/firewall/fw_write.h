#pragma once
/*
 * fw_write.h: writes a config as a file: comments and order kept, bad lines as they were. Reading the text again gives
 * the same model. Source of the form: pve-firewall 6.0.4 (format_rules and its siblings).
 */
#include "firewall/fw_config.h"

void fw_write(const struct fw_config *c, struct buf *out);

/* One rule line without its line end. */
void fw_rule_write(const struct fw_rule *r, const char *comment, struct buf *out);
