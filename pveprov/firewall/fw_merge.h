#pragma once
/*
 * fw_merge.h: the way back from a change, with what others did in the meantime: a file's former state, in which whatever
 * is neither as it was before nor as we wanted it stays as it is now. Pure.
 */
#include "firewall/fw_config.h"

/*
 * Options, aliases, sets and groups go by name, members by address, rules by what they say: a rule that only `now` has
 * keeps its position as far as there is one. The strings are borrowed from `now`.
 */
struct fw_config *fw_merge(const struct fw_config *former, const struct fw_config *wanted, const struct fw_config *now);
