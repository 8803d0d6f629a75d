#pragma once
/*
 * push.h: brings a guest to what a bundle says, and puts everything back by itself when that cuts us off.
 *
 * A fixed program (push.sh) travels with the bundle in one tar stream; nothing is ever put into its text. On the guest
 * it compares the live state, installs packages, validates the staged files, saves what is about to change in
 * /var/lib/pveprov/revert, arms a timer and a unit that runs before the network of the next boot, and only then switches.
 * The change stays only when it is confirmed over a new connection in time, and when none of its units failed. Then
 * /etc is committed, where etckeeper is installed. Packages are not reverted.
 *
 * Words of a bundle (paths, units, packages, targets of links) consist of letters, digits and @%+=:,._/\- only.
 */
#include "guest/bundle.h"
#include "guest/shell.h"

enum push_kind {
	PUSH_PACKAGE, /* to be installed */
	PUSH_CREATE,  /* a file that is missing */
	PUSH_CHANGE,  /* a file with other content, target or mode */
	PUSH_REMOVE,  /* a path that must not be there */
	PUSH_ENABLE,
	PUSH_DISABLE,
	PUSH_MASK,
	PUSH_START,   /* a unit that is enabled and does not run */
};

/* One difference between the live guest and the bundle. */
struct push_change {
	enum push_kind kind;
	char *name; /* path, unit or package */
};

/* What a look at the guest found. */
struct push_state {
	struct push_change *changes;
	size_t n;
	bool reboots;	  /* names of interfaces change: the switch ends with a reboot */
	char *pending;	  /* id of the bundle that waits for its confirmation, or NULL */
	char *last;	  /* "confirmed ID" or "reverted ID why" of the last push, or NULL */
	char boot_id[37]; /* of the running system */
};

const char *push_kind_text(enum push_kind kind); /* "package", "create" ... */
void push_state_free(struct push_state *s);
#define _cleanup_push_state_ _cleanup_(push_state_free)

/* Looks, changes nothing: one program over any shell. Must be root there. */
int push_check(struct shell *s, const struct bundle *b, struct push_state *ret, struct err **err);

/* How push_apply() reaches the guest. */
struct push_ops {
	/*
	 * Opens a new SSH connection to the address that the agent reports now. One try; push_apply() paces the calls
	 * (one in 6 s but for the first three) so that they stay below a router's limit of 12 a minute.
	 */
	int (*connect)(void *ctx, struct shell **ret, struct err **err);
	/* A line of progress. May be NULL. */
	void (*line)(void *ctx, const char *text);
	void *ctx;
	/* Another way in (guest agent) that works without the guest's network; NULL: none. Borrowed. */
	struct shell *side;
};

struct push_options {
	int64_t confirm_s;	  /* 0: 120; after a planned reboot 300 more */
	int64_t packages_timeout_ms; /* 0: 15 min */
	bool allow_reboot;	  /* else ERR_GUARD where one is needed, before anything is changed */
};

struct push_result {
	bool changed;	/* false: there was nothing to do */
	bool rebooted;
	size_t n_changes;
	struct strv warnings; /* skipped validators, a commit that failed */
};

void push_result_free(struct push_result *r);
#define _cleanup_push_result_ _cleanup_(push_result_free)

/*
 * Makes the guest what the bundle says. One connection when there is nothing to do, two otherwise (one more for each
 * failed try to come back). Resumes a push of the same bundle that was interrupted. ERR_GUARD: a validator refused
 * (nothing has changed, the text has its lines) or a reboot is needed and not allowed; ERR_BUSY: a push of something
 * else still waits for confirmation; ERR_REVERTED: the change undid itself, the text says why.
 */
int push_apply(const struct push_ops *ops, const struct bundle *b, const struct push_options *options,
	       const struct clock *clock, struct push_result *ret, struct err **err);
