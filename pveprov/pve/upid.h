#pragma once
/*
 * upid.h: the name of a task: "UPID:node:pid:pstart:starttime:type:id:user:" with the three numbers
 * in hexadecimal (eight digits; pstart eight or nine) and the last colon. All text is owned by the
 * struct.
 */
#include "base/base.h"

struct pve_upid {
	char node[64];
	uint32_t pid;
	uint64_t pstart;
	int64_t start_s; /* the node's clock, seconds since 1970 */
	char type[64];	 /* "qmclone" ... */
	char id[128];	 /* of a clone the source's; may be empty */
	char user[128];	 /* "root@pam", "root@pam!ci" */
};

/* false for anything but the whole strict form. */
bool pve_upid_parse(const char *text, struct pve_upid *ret);
char *pve_upid_text(const struct pve_upid *u); /* malloc'd */
