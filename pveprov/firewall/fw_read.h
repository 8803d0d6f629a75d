#pragma once
/*
 * fw_read.h: reads a firewall file as leniently as the server does, and says of every line that it skips why.
 */
#include "firewall/fw_config.h"
#include "firewall/fw_issue.h"

enum { FW_FILE_BYTES_MAX = 1 << 20, FW_FILE_LINES_MAX = 50000 };

/*
 * Reads text. Never fails for what the text says: skipped lines stay in the config as bad entries and are reported to
 * `issues` (may be NULL). -1 only where it is too large or has a NUL byte (ERR_RECIPE).
 */
int fw_read(const char *file, enum fw_level level, const char *id, const char *text, size_t len,
	    struct fw_issues *issues, struct fw_config **ret, struct err **err);

/* The level and id that a file's name tells: cluster.fw, host.fw, 100.fw; others, and whatever lies in sdn/ or sdn/firewall/, are a vnet. */
enum fw_level fw_level_of_file(const char *path, char **ret_id);

/* Parses one rule line (no comment handling beyond its own). False with *why and *column (from 1) otherwise. */
bool fw_rule_parse(struct arena *a, const char *line, struct fw_rule *ret, const char **ret_comment, const char **why,
		   unsigned *column);

/* Moves the places of a rule that was parsed by itself to where its text begins: a line, and the columns before it. */
void fw_rule_shift(struct fw_rule *r, unsigned line, unsigned columns);
