#pragma once
/*
 * explain.h: what often goes wrong with Proxmox VE: cause and way out, by a short name. Printed by
 * 'pveprov explain'. Sources: the answers of a real API server and the source of PVE 9.2, 8
 * and 7.4.
 */
#include "base/base.h"

struct explain_info {
	const char *code;    /* "locked" */
	const char *summary; /* one line */
	const char *cause;
	const char *action;
};

extern const struct explain_info explain_infos[]; /* sorted by code, ended by NULL */
