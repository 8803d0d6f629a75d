#include "lab/auth.h"
#include "lab/access.h"
#include "lab/acl.h"
#include "base/text.h"
#include "data/digest.h"
#include "data/json.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

enum { TICKET_S = 7200, TOTP_STEP_S = 30 };

static bool same(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(a)) == 0;
}

static char *sign(const uint8_t key[static 32], const char *text)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	HMAC(EVP_sha256(), key, 32, (const unsigned char *)text, strlen(text), md, &n);
	return digest_base64(md, n);
}

/* "PVE:NAME:HEXTIME::SIGNATURE" */
static char *make_ticket(const struct access *a, const char *name, int64_t now_s)
{
	_cleanup_free_ char *plain = xasprintf("PVE:%s:%08" PRIX64, name, (uint64_t)now_s);
	_cleanup_free_ char *signature = sign(a->ticket_key, plain);

	return xasprintf("%s::%s", plain, signature);
}

/* The NAME of a ticket that is ours and not too old; malloc'd, NULL otherwise. */
static char *check_ticket(const struct lab *l, const char *ticket)
{
	const char *end = strstr(ticket, "::"), *time_at;
	_cleanup_free_ char *plain = end ? xstrndup(ticket, (size_t)(end - ticket)) : NULL;
	_cleanup_free_ char *signature = NULL;
	uint64_t made_s;
	int64_t age_s;

	if (!plain || !starts_with(plain, "PVE:"))
		return NULL;
	time_at = strrchr(plain, ':') + 1;
	signature = sign(l->access->ticket_key, plain);
	if (!same(signature, end + 2) || !text_to_hex(time_at, UINT32_MAX, &made_s))
		return NULL;
	age_s = lab_wall_s(l) - (int64_t)made_s;
	if (age_s > TICKET_S || age_s < -300)
		return NULL;
	return xstrndup(plain + 4, (size_t)(time_at - 1 - (plain + 4)));
}

/* "HEXTIME:SIGNATURE" */
static char *make_csrf(const struct access *a, const char *user, int64_t now_s)
{
	_cleanup_free_ char *plain = xasprintf("%08" PRIX64 ":%s", (uint64_t)now_s, user);
	_cleanup_free_ char *signature = sign(a->csrf_key, plain);

	return xasprintf("%.8s:%s", plain, signature);
}

static bool check_csrf(const struct lab *l, const char *user, const char *token)
{
	_cleanup_free_ char *plain = NULL, *signature = NULL;

	if (!token || strlen(token) < 10 || token[8] != ':')
		return false;
	plain = xasprintf("%.8s:%s", token, user);
	signature = sign(l->access->csrf_key, plain);
	return same(signature, token + 9);
}

static const char *check_token(struct request *q, const char *text)
{
	const char *eq = strchr(text, '='), *bang = strchr(text, '!');
	_cleanup_free_ char *id = eq ? xstrndup(text, (size_t)(eq - text)) : NULL;
	json_t *tokens = q->lab->access->tokens, *token = id ? json_object_get(tokens, id) : NULL;

	if (!token || !bang || bang > eq || !same(json_text(token, "secret"), eq + 1))
		return "Authentication failed!";
	q->who.id = TAKE_PTR(id);
	q->who.token = strchr(q->who.id, '!') + 1;
	q->who.user = xstrndup(text, (size_t)(bang - text));
	q->who.privsep = json_flag(token, "privsep", true);
	return NULL;
}

static char *unescape(const char *text, size_t len)
{
	_cleanup_buf_ struct buf b = { 0 };
	uint64_t byte;

	for (size_t i = 0; i < len; i++) {
		char hex[3] = { 0 };
		if (text[i] == '%' && i + 2 < len)
			memcpy(hex, text + i + 1, 2);
		if (*hex && text_to_hex(hex, 255, &byte)) {
			buf_addc(&b, (char)byte);
			i += 2;
		} else {
			buf_addc(&b, text[i]);
		}
	}
	buf_text(&b);
	return buf_take(&b);
}

const char *auth_check(struct request *q, const char *authorization, const char *cookie,
		       const char *csrf)
{
	const char *at = cookie ? strstr(cookie, "PVEAuthCookie=") : NULL;
	_cleanup_free_ char *ticket = NULL, *user = NULL;

	if (authorization && strncasecmp(authorization, "PVEAPIToken", 11) == 0 &&
	    strchr("= ", authorization[11]) && authorization[11])
		return check_token(q, authorization + 12);
	if (authorization && !at)
		return "Authentication failed!";
	if (!at)
		return "No ticket";
	at += strlen("PVEAuthCookie=");
	ticket = unescape(at, strcspn(at, "; "));
	user = check_ticket(q->lab, ticket);
	if (!user || *user == '!' || !json_object_get(q->lab->access->users, user))
		return "Authentication failed!";
	q->who.id = xstrdup(user);
	q->who.user = TAKE_PTR(user);
	if (!streq(q->method, "GET") && !check_csrf(q->lab, q->who.user, csrf))
		return "Permission denied - invalid csrf token";
	return NULL;
}

/* RFC 6238 with SHA-1, 30 s, six digits. The user's device shows real time, so that is what counts
 * here. */
static bool totp_matches(const struct lab *l, const char *secret, const char *code)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t key[64];
	size_t n = 0;
	uint32_t bits = 0;
	int n_bits = 0;

	for (; *secret && n < sizeof(key); secret++) {
		const char *p = strchr(alphabet, *secret);
		if (!p)
			continue;
		bits = bits << 5 | (uint32_t)(p - alphabet);
		n_bits += 5;
		if (n_bits >= 8)
			key[n++] = (uint8_t)(bits >> (n_bits -= 8));
	}
	for (int64_t step = -1; step <= 1; step++) {
		uint64_t counter = (uint64_t)(clock_wall_s(&l->real) / TOTP_STEP_S + step);
		unsigned char message[8], md[EVP_MAX_MD_SIZE];
		unsigned int len = 0;
		char expected[16];
		for (int i = 0; i < 8; i++)
			message[i] = (unsigned char)(counter >> (56 - 8 * i));
		HMAC(EVP_sha1(), key, (int)n, message, sizeof(message), md, &len);
		const unsigned char *p = md + (md[len - 1] & 15);
		uint32_t value = ((uint32_t)(p[0] & 0x7f) << 24) | (uint32_t)p[1] << 16 |
				 (uint32_t)p[2] << 8 | p[3];
		snprintf(expected, sizeof(expected), "%06u", value % 1000000);
		if (same(expected, code))
			return true;
	}
	return false;
}

static void add_capability(json_t *cap, const char *name, json_t *set, const char *const *prefixes)
{
	json_t *out = json_object(), *value;
	const char *privilege;

	json_object_foreach(set, privilege, value)
		for (size_t i = 0; prefixes[i]; i++)
			if (starts_with(privilege, prefixes[i]))
				json_object_set_new(out, privilege, json_integer(1));
	json_object_set_new(cap, name, out);
}

/* What a user interface wants to know at login. */
static json_t *capabilities(const struct lab *l, const struct caller *who)
{
	static const struct {
		const char *name, *path;
		const char *prefixes[4];
	} parts[] = {
		{ "access", "/access", { "User.", "Group.", "Permissions.Modify" } },
		{ "dc", "/", { "Sys.Audit", "Sys.Modify", "SDN." } },
		{ "mapping", "/mapping", { "Mapping.", "Permissions.Modify" } },
		{ "nodes", "/nodes", { "Sys.", "Permissions.Modify" } },
		{ "sdn", "/sdn", { "SDN.", "Permissions.Modify" } },
		{ "storage", "/storage", { "Datastore.", "Permissions.Modify" } },
		{ "vms", "/vms", { "VM.", "Permissions.Modify" } },
	};
	json_t *cap = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		json_t *set = acl_privileges(l, who, parts[i].path);
		add_capability(cap, parts[i].name, set, parts[i].prefixes);
		json_decref(set);
	}
	return cap;
}

static void login_failed(void *ctx)
{
	reply_error(ctx, 401, "authentication failure");
}

static void login_done(struct request *q, const char *user)
{
	struct caller who = { .user = xstrdup(user), .id = xstrdup(user) };
	int64_t now_s = lab_wall_s(q->lab);
	_cleanup_free_ char *ticket = make_ticket(q->lab->access, user, now_s);
	_cleanup_free_ char *csrf = make_csrf(q->lab->access, user, now_s);

	reply_data(q, json_pack("{s:s, s:s, s:s, s:o}", "username", user, "ticket", ticket,
				"CSRFPreventionToken", csrf, "cap", capabilities(q->lab, &who)));
	caller_clear(&who);
}

static void login_challenge(struct request *q, const char *user)
{
	int64_t now_s = lab_wall_s(q->lab);
	_cleanup_free_ char *name = xasprintf("!tfa!%%7B%%22totp%%22%%3Atrue%%7D%%21%s", user);
	_cleanup_free_ char *ticket = make_ticket(q->lab->access, name, now_s);
	_cleanup_free_ char *csrf = make_csrf(q->lab->access, user, now_s);

	reply_data(q, json_pack("{s:s, s:s, s:s, s:i}", "username", user, "ticket", ticket,
				"CSRFPreventionToken", csrf, "NeedTFA", 1));
}

/* Whether a ticket given as the password, or a challenge, is this user's. */
static bool ticket_is_of(const struct lab *l, const char *ticket, const char *user, bool challenge)
{
	_cleanup_free_ char *name = check_ticket(l, ticket);
	const char *of = name;

	if (name && challenge)
		of = starts_with(name, "!tfa!") ? strstr(name, "%21") : NULL;
	return of && streq(of + (challenge ? 3 : 0), user);
}

static bool answers_challenge(const struct lab *l, const json_t *user, const char *name,
			      const char *challenge, const char *password)
{
	const char *totp = json_text(user, "totp");

	return totp && ticket_is_of(l, challenge, name, true) && starts_with(password, "totp:") &&
	       totp_matches(l, totp, password + 5);
}

void auth_login(struct request *q)
{
	const char *name = param_text(q, "username"), *realm = param_text(q, "realm");
	const char *password = param_text(q, "password"),
		   *challenge = param_text(q, "tfa-challenge");
	_cleanup_free_ char *full =
		realm && !strchr(name, '@') ? xasprintf("%s@%s", name, realm) : xstrdup(name);
	json_t *user = json_object_get(q->lab->access->users, full);
	const char *expected = json_text(user, "password");

	if (user && challenge && answers_challenge(q->lab, user, full, challenge, password))
		login_done(q, full);
	else if (user && !challenge && starts_with(password, "PVE:") &&
		 ticket_is_of(q->lab, password, full, false))
		login_done(q, full);
	else if (user && !challenge && expected && same(expected, password) &&
		 json_text(user, "totp"))
		login_challenge(q, full);
	else if (user && !challenge && expected && same(expected, password))
		login_done(q, full);
	else
		lab_after(q->lab, 3000, login_failed, q);
}
