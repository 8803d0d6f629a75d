#include "lab/access.h"
#include "lab/acl.h"
#include "lab/route.h"
#include "base/text.h"
#include "data/json.h"

static const char *const user_keys[] = { "comment", "email", "firstname", "lastname" };

static json_t *user_entry(const json_t *user)
{
	json_t *out = json_object(), *value;

	for (size_t i = 0; i < ARRAY_SIZE(user_keys); i++)
		if ((value = json_object_get(user, user_keys[i])))
			json_object_set(out, user_keys[i], value);
	json_object_set_new(out, "enable", json_integer(json_int(user, "enable", 1)));
	json_object_set_new(out, "expire", json_integer(json_int(user, "expire", 0)));
	return out;
}

static void get_users(struct request *q)
{
	json_t *list = json_array(), *user;
	const char *name;

	json_object_foreach(q->lab->access->users, name, user) {
		if (!streq(name, q->who.user) &&
		    !acl_has(q->lab, &q->who, "/access/groups", "User.Modify|Sys.Audit", false))
			continue;
		json_t *entry = user_entry(user);
		json_object_set_new(entry, "userid", json_string(name));
		json_object_set_new(entry, "realm-type", json_string(strchr(name, '@') + 1));
		json_array_append_new(list, entry);
	}
	reply_data(q, list);
}

static void set_user(struct request *q, json_t *user)
{
	for (size_t i = 0; i < ARRAY_SIZE(user_keys); i++)
		if (param_given(q, user_keys[i]))
			json_object_set_new(user, user_keys[i],
					    json_string(param_text(q, user_keys[i])));
	json_object_set_new(user, "enable", json_integer(param_flag(q, "enable", true)));
	json_object_set_new(user, "expire", json_integer(param_int(q, "expire", 0)));
}

static void post_user(struct request *q)
{
	const char *name = param_text(q, "userid"), *password = param_text(q, "password");
	json_t *user;

	if (json_object_get(q->lab->access->users, name)) {
		reply_error(q, 500, "create user failed: user '%s' already exists", name);
		return;
	}
	user = json_object();
	if (password)
		json_object_set_new(user, "password", json_string(password));
	set_user(q, user);
	json_object_set_new(q->lab->access->users, name, user);
	reply_null(q);
}

/* The user of the path; answers an error where there is none. */
static json_t *need_user(struct request *q)
{
	json_t *user = json_object_get(q->lab->access->users, param_text(q, "userid"));

	if (!user)
		reply_error(q, 500, "no such user ('%s')", param_text(q, "userid"));
	return user;
}

static void get_user(struct request *q)
{
	json_t *user = need_user(q);

	if (user)
		reply_data(q, user_entry(user));
}

static void put_user(struct request *q)
{
	json_t *user = need_user(q);

	if (!user)
		return;
	set_user(q, user);
	reply_null(q);
}

static void delete_user(struct request *q)
{
	const char *name = param_text(q, "userid"), *token;
	json_t *value;
	void *next;

	if (!need_user(q))
		return;
	json_object_foreach_safe(q->lab->access->tokens, next, token,
				 value) if (starts_with(token, name) && token[strlen(name)] == '!')
		json_object_del(q->lab->access->tokens, token);
	json_object_del(q->lab->access->users, name);
	reply_null(q);
}

static json_t *token_entry(const json_t *token)
{
	json_t *out = json_pack("{s:i, s:i}", "privsep", (int)json_flag(token, "privsep", true),
				"expire", (int)json_int(token, "expire", 0));

	if (json_text(token, "comment"))
		json_object_set(out, "comment", json_object_get(token, "comment"));
	return out;
}

static void get_tokens(struct request *q)
{
	const char *user = param_text(q, "userid"), *name;
	json_t *list = json_array(), *token;

	json_object_foreach(q->lab->access->tokens, name, token)
		if (starts_with(name, user) && name[strlen(user)] == '!') {
			json_t *entry = token_entry(token);
			json_object_set_new(entry, "tokenid", json_string(name + strlen(user) + 1));
			json_array_append_new(list, entry);
		}
	reply_data(q, list);
}

static char *token_name(const struct request *q)
{
	return xasprintf("%s!%s", param_text(q, "userid"), param_text(q, "tokenid"));
}

/* The token of the path; answers an error where there is none. */
static json_t *need_token(struct request *q)
{
	_cleanup_free_ char *name = token_name(q);
	json_t *token = json_object_get(q->lab->access->tokens, name);

	if (!token)
		reply_error(q, 500, "no such token '%s' for user '%s'", param_text(q, "tokenid"),
			    param_text(q, "userid"));
	return token;
}

static void get_token(struct request *q)
{
	json_t *token = need_token(q);

	if (token)
		reply_data(q, token_entry(token));
}

static void post_token(struct request *q)
{
	_cleanup_free_ char *name = token_name(q), *secret = lab_uuid();
	bool privsep = param_flag(q, "privsep", true);
	const char *comment = param_text(q, "comment");

	if (!json_object_get(q->lab->access->users, param_text(q, "userid"))) {
		reply_error(q, 500, "no such user ('%s')", param_text(q, "userid"));
		return;
	}
	if (json_object_get(q->lab->access->tokens, name)) {
		reply_param_error(q, "tokenid", "Token already exists.");
		return;
	}
	json_object_set_new(q->lab->access->tokens, name,
			    json_pack("{s:s, s:b, s:I, s:s*}", "secret", secret, "privsep",
				      (int)privsep, "expire", (json_int_t)param_int(q, "expire", 0),
				      "comment", comment));
	reply_data(q, json_pack("{s:s, s:s, s:{s:s}}", "full-tokenid", name, "value", secret,
				"info", "privsep", privsep ? "1" : "0"));
}

static void put_token(struct request *q)
{
	json_t *token = need_token(q);

	if (!token)
		return;
	if (param_given(q, "privsep"))
		json_object_set_new(token, "privsep", json_boolean(param_flag(q, "privsep", true)));
	if (param_given(q, "comment"))
		json_object_set_new(token, "comment", json_string(param_text(q, "comment")));
	reply_data(q, token_entry(token));
}

static void delete_token(struct request *q)
{
	_cleanup_free_ char *name = token_name(q);

	if (!need_token(q))
		return;
	json_object_del(q->lab->access->tokens, name);
	reply_null(q);
}

const struct route user_routes[] = {
	{ "GET", "/access/users", get_users },
	{ "POST", "/access/users", post_user },
	{ "GET", "/access/users/{userid}", get_user },
	{ "PUT", "/access/users/{userid}", put_user },
	{ "DELETE", "/access/users/{userid}", delete_user },
	{ "GET", "/access/users/{userid}/token", get_tokens },
	{ "GET", "/access/users/{userid}/token/{tokenid}", get_token },
	{ "POST", "/access/users/{userid}/token/{tokenid}", post_token },
	{ "PUT", "/access/users/{userid}/token/{tokenid}", put_token },
	{ "DELETE", "/access/users/{userid}/token/{tokenid}", delete_token },
	{ NULL },
};
