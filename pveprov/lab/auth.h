#pragma once
/*
 * auth.h: who calls: tickets (cookie PVEAuthCookie, with a CSRF token for writes) and API tokens.
 *
 * A ticket is PVE:user@realm:HEXTIME::signature and lasts two hours of the node's time. An account
 * with a second factor gets a challenge first, PVE:!tfa!...; it is answered by a second login with
 * tfa-challenge and "totp:CODE".
 */
#include "lab/request.h"

/* Fills q->who from the request's headers. NULL, or the reason phrase of the 401. */
const char *auth_check(struct request *q, const char *authorization, const char *cookie,
		       const char *csrf);

/* POST /access/ticket. */
void auth_login(struct request *q);
