#pragma once
/*
 * keys.h: the public keys that may log in to the machines: from the SSH agent, from files, or as
 * they stand in the recipe.
 */
#include "base/clock.h"
#include "base/strv.h"
#include "recipe/recipe.h"

/* How guests are reached by SSH, from the context. Borrowed strings. */
struct step_ssh {
	const char *user; /* NULL: the recipe's */
	const char *
		key_file; /* private key; its public half is KEY_FILE.pub; NULL: the agent's keys */
	const char *agent_socket;  /* NULL: no agent runs */
	const char *proxy_command; /* NULL: connect directly */
};

/*
 * All keys, one line each "type base64 comment", none twice, in order: the context's key first.
 * ERR_USAGE with a hint: there is none at all, the agent has none, or a line is not a public key.
 */
int keys_collect(const struct recipe_ssh *recipe, const struct step_ssh *ssh,
		 const struct clock *clock, struct strv *ret, struct err **err);

/* Whether text has the form of a public key line. */
bool keys_is_public(const char *line);
