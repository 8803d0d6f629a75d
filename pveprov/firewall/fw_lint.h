#pragma once
/*
 * fw_lint.h: what a firewall's files really do, where that is hardly what was meant. Knows the code, not the manual.
 * Lines that the reader skipped are reported by fw_read(); this looks at what was read.
 */
#include "firewall/fw_issue.h"
#include "firewall/fw_site.h"

/* Looks at every file of the site. */
void fw_lint(const struct fw_site *s, struct fw_issues *issues);
