#pragma once
/*
 * ticket.h: tickets of 'auth login', kept for as long as the server accepts them (two hours) in a
 * private file below $XDG_RUNTIME_DIR/pveprov, one for each endpoint and user.
 */
#include "base/err.h"
#include "base/secret.h"

/* A ticket that has not run out by now_s; false: none. */
bool ticket_read(const char *endpoint, const char *user, int64_t now_s, struct secret *ret_ticket,
		 struct secret *ret_csrf);

int ticket_write(const char *endpoint, const char *user, int64_t now_s, const struct secret *ticket,
		 const struct secret *csrf, struct err **err);

/* Forgets it; none is fine. */
void ticket_remove(const char *endpoint, const char *user);
