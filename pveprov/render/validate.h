#pragma once
/*
 * validate.h: the real tools' opinion of rendered files, before anything is touched. The one part
 * of render/ that does I/O. What a tool cannot look at here is said, with the reason: on the router
 * the push validates again.
 */
#include "base/clock.h"
#include "guest/bundle.h"

enum validate_verdict { VALIDATE_PASSED, VALIDATE_REFUSED, VALIDATE_SKIPPED };

/* One look of one tool. */
struct validate_look {
	const char *tool;    /* "nft -c" */
	const char *subject; /* a path of the bundle, or a unit */
	enum validate_verdict verdict;
	const char
		*text; /* what the tool said, or why it was skipped; may have several lines; "" */
};

struct validate_sink {
	void (*look)(void *ctx, const struct validate_look *look);
	void *ctx;
};

/* Writes the bundle's files below `dir`, making directories. */
int validate_write(const struct bundle *b, const char *dir, struct err **err);

/*
 * Runs nft -c (in a network namespace of its own), dnsmasq --test, dnscrypt-proxy -check and
 * systemd-analyze verify, where they exist, on what validate_write() put below `dir`. All looks are
 * taken and reported. -1 with ERR_GUARD when one refused.
 */
int validate_run(const struct bundle *b, const char *dir, const struct clock *clock,
		 const struct validate_sink *sink, struct err **err);

/* "passed", "refused", "skipped". */
const char *validate_verdict_text(enum validate_verdict v);
