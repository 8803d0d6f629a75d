#pragma once
/*
 * fw_cover.h: whether one rule matches everything that a later one matches, so that the later one never decides.
 */
#include "firewall/fw_verify.h"

/* Both verified, in one list. Where it cannot be told (IP sets of different names), it does not cover. */
bool fw_rule_covers(struct arena *a, const struct fw_place *p, const struct fw_rule *earlier, const struct fw_rule *later);
