#include "pve/auth.h"
#include "base/text.h"
#include "pve/client_private.h"

/* "PVE:user@realm:6B00DA9D::...": when it was made, by the server's clock. -1: not to be seen. */
static int64_t ticket_time(const struct secret *ticket)
{
	const char *at = secret_is_set(ticket) && starts_with(ticket->text, "PVE:")
				 ? strchr(ticket->text + 4, ':')
				 : NULL;
	uint64_t seconds;

	if (!at || strlen(at) < strlen(":6B00DA9D::") || memcmp(at + 9, "::", 2) != 0)
		return -1;
	_cleanup_free_ char *digits = xstrndup(at + 1, 8);
	return text_to_hex(digits, UINT32_MAX, &seconds) ? (int64_t)seconds : -1;
}

void pve_auth_init(struct pve_auth *a, const struct pve_login *l)
{
	static const struct secret none;
	const struct secret *from[] = { l->token, l->password, l->ticket, l->csrf };
	struct secret *to[] = { &a->token, &a->password, &a->ticket, &a->csrf };

	pthread_mutex_init(&a->lock, NULL);
	a->user = xstrdup(l->user);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		const struct secret *s = from[i] ? from[i] : &none;
		if (secret_is_set(s))
			secret_set(to[i], s->text, s->len);
	}
	a->generation = 1;
	a->since_s = ticket_time(&a->ticket);
	a->second_factor = l->second_factor;
	a->second_factor_ctx = l->second_factor_ctx;
}

void pve_auth_free(struct pve_auth *a)
{
	pthread_mutex_destroy(&a->lock);
	free(a->user);
	secret_free(&a->token);
	secret_free(&a->password);
	secret_free(&a->ticket);
	secret_free(&a->csrf);
}

int pve_token_split(const char *text, char **ret_user, struct secret *ret_token, struct err **err)
{
	const char *bang = strchr(text, '!');
	const char *equals = bang ? strchr(bang, '=') : NULL;
	const char *at = strchr(text, '@');

	if (!equals || !equals[1] || equals == bang + 1 || !at || at > bang) {
		err_set(err, ERR_USAGE, "the API token is not of the form user@realm!id=secret");
		return err_hint(
			err, "'pveum user token add USER@REALM ID' on the node prints both parts");
	}
	secret_set(ret_token, equals + 1, strlen(equals + 1));
	*ret_user = xstrndup(text, (size_t)(equals - text));
	return 0;
}

/* POST /access/ticket. *ret_data is the server's object. */
static int ask_for_ticket(struct pve_client *c, const struct secret *password,
			  const char *challenge, json_t **ret_data, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "username", c->auth.user);
	pve_params_add_len(&p, "password", password->text, password->len);
	pve_params_add(&p, "tfa-challenge", challenge);
	/* 7.x answers with a challenge of the old kind without this. */
	pve_params_add_bool(&p, "new-format", true);
	struct pve_exchange x = {
		.method = "POST", .path = "/access/ticket", .params = &p, .bare = true
	};
	return pve_exchange_data(c, &x, ret_data, err);
}

static int take_ticket(struct pve_client *c, const json_t *data, struct err **err)
{
	struct pve_auth *a = &c->auth;
	const char *ticket, *csrf;

	if (json_need_text(data, "ticket", &ticket, err) < 0 ||
	    json_need_text(data, "CSRFPreventionToken", &csrf, err) < 0)
		return err_wrap(err, "log in as '%s'", a->user);
	secret_set(&a->ticket, ticket, strlen(ticket));
	secret_set(&a->csrf, csrf, strlen(csrf));
	a->since_s = clock_wall_s(c->clock);
	a->generation++;
	return 0;
}

/* The password was right; `challenge` is half a ticket. */
static int answer_challenge(struct pve_client *c, const char *challenge, struct err **err)
{
	struct pve_auth *a = &c->auth;
	_cleanup_secret_ struct secret code = { 0 }, answer = { 0 };
	_cleanup_json_ json_t *data = NULL;

	if (!a->second_factor) {
		err_set(err, ERR_SECOND_FACTOR, "account '%s' wants a second factor", a->user);
		return err_hint(err,
				"run it on a terminal, or give a code; an API token needs none");
	}
	/* "PVE:!tfa!..." says in percent-encoded JSON which kinds the account has. */
	_cleanup_free_ char *kinds = pve_percent_decode(challenge);
	if (starts_with(challenge, "PVE:!tfa!") && !strstr(kinds, "\"totp\":true")) {
		err_set(err, ERR_SECOND_FACTOR, "account '%s' has a second factor, but no TOTP",
			a->user);
		return err_hint(err, "add a TOTP to the account, or use an API token");
	}
	if (a->second_factor(a->second_factor_ctx, &code, err) < 0)
		return -1;
	_cleanup_free_ char *text = xasprintf("totp:%s", code.text ? code.text : "");
	secret_set(&answer, text, strlen(text));
	explicit_bzero(text, strlen(text));
	if (ask_for_ticket(c, &answer, challenge, &data, err) < 0)
		return err_wrap(err, "second factor of '%s'", a->user);
	return take_ticket(c, data, err);
}

static int log_in(struct pve_client *c, struct err **err)
{
	struct pve_auth *a = &c->auth;
	_cleanup_json_ json_t *data = NULL;

	if (!secret_is_set(&a->password)) {
		err_set(err, ERR_AUTH, "the ticket of '%s' has run out and there is no password",
			a->user);
		return err_hint(err, "log in again: pveprov auth login");
	}
	if (ask_for_ticket(c, &a->password, NULL, &data, err) < 0)
		return err_wrap(err, "log in as '%s'", a->user);
	if (!json_flag(data, "NeedTFA", false))
		return take_ticket(c, data, err);
	const char *challenge;
	if (json_need_text(data, "ticket", &challenge, err) < 0)
		return err_wrap(err, "log in as '%s'", a->user);
	return answer_challenge(c, challenge, err);
}

/* Renews with the old ticket as password; where that is refused, logs in. */
static int renew(struct pve_client *c, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	_cleanup_err_ struct err *refused = NULL;

	if (ask_for_ticket(c, &c->auth.ticket, NULL, &data, &refused) == 0)
		return take_ticket(c, data, err);
	if (refused->kind != ERR_AUTH)
		return err_move(err, TAKE_PTR(refused));
	return log_in(c, err);
}

/* Makes sure there is a fresh ticket; the lock is held. */
static int ensure_ticket(struct pve_client *c, struct err **err)
{
	struct pve_auth *a = &c->auth;

	if (!secret_is_set(&a->ticket))
		return log_in(c, err);
	/* Renewed early rather than late: that costs one request, a 401 costs 3 s. */
	if (a->since_s < 0 || clock_wall_s(c->clock) - a->since_s >= AUTH_RENEW_S)
		return renew(c, err);
	return 0;
}

static void add_line(struct pve_headers *h, const char *name, const char *value)
{
	size_t i = h->v[0] ? 1 : 0;
	char *line = xasprintf("%s%s", name, value);

	secret_set(&h->lines[i], line, strlen(line));
	explicit_bzero(line, strlen(line));
	free(line);
	h->v[i] = h->lines[i].text;
}

int pve_auth_headers(struct pve_client *c, bool write, struct pve_headers *ret,
		     uint64_t *ret_generation, struct err **err)
{
	struct pve_auth *a = &c->auth;

	if (secret_is_set(&a->token)) {
		_cleanup_free_ char *name = xasprintf("Authorization: PVEAPIToken=%s=", a->user);
		add_line(ret, name, a->token.text);
		return 0;
	}
	pthread_mutex_lock(&a->lock);
	int r = ensure_ticket(c, err);
	if (r == 0) {
		char *ticket = pve_percent_encode(a->ticket.text);
		add_line(ret, "Cookie: PVEAuthCookie=", ticket);
		explicit_bzero(ticket, strlen(ticket));
		free(ticket);
		if (write)
			add_line(ret, "CSRFPreventionToken: ", a->csrf.text ? a->csrf.text : "");
		*ret_generation = a->generation;
	}
	pthread_mutex_unlock(&a->lock);
	return r;
}

void pve_headers_free(struct pve_headers *h)
{
	secret_free(&h->lines[0]);
	secret_free(&h->lines[1]);
}

bool pve_auth_again(struct pve_client *c, uint64_t generation)
{
	struct pve_auth *a = &c->auth;

	if (secret_is_set(&a->token))
		return false;
	pthread_mutex_lock(&a->lock);
	bool again = true;
	if (a->generation == generation) { /* nobody has renewed it meanwhile */
		again = secret_is_set(&a->password);
		secret_free(&a->ticket);
	}
	pthread_mutex_unlock(&a->lock);
	return again;
}

int pve_auth_login(struct pve_client *c, struct err **err)
{
	struct pve_auth *a = &c->auth;

	if (secret_is_set(&a->token))
		return 0;
	pthread_mutex_lock(&a->lock);
	int r = ensure_ticket(c, err);
	pthread_mutex_unlock(&a->lock);
	return r;
}

const char *pve_auth_user(const struct pve_client *c)
{
	return c->auth.user;
}

bool pve_auth_is_root(const struct pve_client *c)
{
	return streq(c->auth.user, "root@pam") && !secret_is_set(&c->auth.token);
}

int pve_auth_ticket(struct pve_client *c, struct secret *ret_ticket, struct secret *ret_csrf,
		    struct err **err)
{
	struct pve_auth *a = &c->auth;

	if (pve_auth_login(c, err) < 0)
		return -1;
	if (secret_is_set(&a->token))
		return err_set(err, ERR_AUTH, "account '%s' is a token, which has no ticket",
			       a->user);
	pthread_mutex_lock(&a->lock);
	secret_set(ret_ticket, a->ticket.text, a->ticket.len);
	secret_set(ret_csrf, a->csrf.text, a->csrf.len);
	pthread_mutex_unlock(&a->lock);
	return 0;
}
