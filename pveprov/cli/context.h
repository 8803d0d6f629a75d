#pragma once
/*
 * context.h: which server, as whom, and how its guests are reached by SSH.
 *
 * Sources, the first wins: --lab; -c NAME; PVEPROV_CONTEXT; PROXMOX_VE_ENDPOINT with
 * PROXMOX_VE_API_TOKEN (or PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD); the file's `current`; its
 * only context. The file is $XDG_CONFIG_HOME/pveprov/config.yaml; it is refused when it holds a
 * secret and others may read it. Everything but secrets lives in the context's arena.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/secret.h"

#include <jansson.h>

/* Where a secret comes from. It is read when it is needed. */
struct context_secret {
	const char *env;  /* name of a variable */
	const char *file; /* path; the first line counts */
	const char *const
		*argv;	    /* a program, NULL-terminated; the first line of its output counts */
	struct secret text; /* given as it is */
};

struct context {
	const char *name;
	const char *endpoint;	 /* https://host:8006 */
	const char *fingerprint; /* SHA-256 of the certificate as PVE shows it; NULL: not pinned */
	const char *ca;		 /* file of CA certificates; NULL: the system's */
	const char *user;	 /* root@pam; NULL with a token */
	const char *node;	 /* default of --node; NULL: none */
	struct context_secret token; /* USER@REALM!ID=UUID */
	struct context_secret password;
	struct {
		const char *user;  /* NULL: the recipe's, or root */
		const char *key;   /* private key file; NULL: the SSH agent's keys */
		const char *proxy; /* command line with %h and %p, as OpenSSH's ProxyCommand; NULL:
				      a TCP connection */
	} ssh;
	bool lab; /* the built-in lab */
	const char *lab_client; /* our address as the lab's node sees it; NULL: not said */
	int64_t lab_scale;	/* how many times faster than real the lab's time runs; else 1 */
	struct arena arena;
};

/*
 * Finds the context; name NULL: the default. ERR_NOT_FOUND: no such one,
 * the text names those there are; ERR_GUARD: the file may be read by others; ERR_RECIPE: it is
 * malformed.
 */
int context_load(const char *name, struct context *ret, struct err **err);

/*
 * The lab's, from $XDG_RUNTIME_DIR/pveprov/lab.json, as the named account of it (NULL: a token with
 * all privileges). ERR_NOT_FOUND: no lab runs, or it has no such account.
 */
int context_load_lab(const char *account, struct context *ret, struct err **err);

/* Whether a lab of this user runs. */
bool context_lab_runs(void);

/* The lab's description without its secrets: "accounts" is a list of names. New reference. */
int context_lab_describe(json_t **ret, struct err **err);

bool context_secret_is_set(const struct context_secret *s);

/* Reads it; `what` names it in errors ("token of context 'home'"). */
int context_secret_read(const struct context_secret *s, const char *what, const struct clock *clock,
			struct secret *ret, struct err **err);

/* malloc'd paths below $XDG_CONFIG_HOME/pveprov (or ~/.config) and $XDG_RUNTIME_DIR/pveprov (or
 * /run/user/UID, /tmp). */
char *context_config_path(const char *name);
char *context_runtime_path(const char *name);

/* malloc'd path below $XDG_STATE_HOME/pveprov (or ~/.local/state); name NULL: that folder. */
char *context_state_path(const char *name);

void context_free(struct context *c);
#define _cleanup_context_ _cleanup_(context_free)
