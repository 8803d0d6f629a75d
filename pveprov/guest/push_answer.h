#pragma once
/*
 * push_answer.h: what push.sh said: its lines that begin with '@', as data.
 */
#include "guest/push.h"

enum push_outcome {
	PUSH_OUTCOME_NONE,
	PUSH_OUTCOME_SAME,	   /* nothing differs */
	PUSH_OUTCOME_SWITCHING,	   /* armed; the switch has begun */
	PUSH_OUTCOME_AGAIN,	   /* a reboot is needed before anything can be validated */
	PUSH_OUTCOME_NEEDS_REBOOT, /* and is not allowed */
	PUSH_OUTCOME_CONFIRMED,
};

struct push_answer {
	struct push_state state;
	enum push_outcome outcome;
	char *phase;		/* of what is pending: armed, switching, rebooting, switched, reverting */
	char *failed;		/* units that failed, or NULL */
	struct strv refused;	/* "nft refuses /etc/nftables.conf" */
	struct strv said;	/* by the validators, or by the units that failed */
	struct strv warnings;
};

/* ERR_INTERNAL for facts that make no sense. */
int push_answer_parse(const char *text, struct push_answer *ret, struct err **err);

void push_answer_free(struct push_answer *a);
#define _cleanup_push_answer_ _cleanup_(push_answer_free)
