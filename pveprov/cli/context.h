#pragma once
/*
 * context.h: which server, as whom, and how its guests are reached by SSH.
 *
 * Sources, first wins: -c NAME or --lab; PVEPROV_CONTEXT; PROXMOX_VE_ENDPOINT with PROXMOX_VE_API_TOKEN (or
 * PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD); the file's `current`; its only context. The file is
 * $XDG_CONFIG_HOME/pveprov/config.yaml and is refused when it holds a secret and others may read it.
 */
#include "base/clock.h"
#include "base/secret.h"
#include "base/strv.h"

/* Where a secret comes from. It is read when it is needed, once. */
struct context_secret {
	char *env;	    /* name of a variable */
	char *file;	    /* path; the first line counts */
	struct strv command; /* argv; the first line of its output counts */
	struct secret text; /* given as it is */
};

struct context {
	char *name;
	char *endpoint;	   /* https://host:8006 */
	char *fingerprint; /* SHA-256 of the certificate as PVE shows it; NULL: not pinned */
	char *ca;	   /* file of CA certificates; NULL: the system's */
	char *user;	   /* root@pam; NULL with a token */
	struct context_secret token;	/* USER@REALM!ID=UUID */
	struct context_secret password;
	char *node;	    /* default of --node; NULL: none */
	char *ssh_key;	    /* private key file; NULL: the agent's keys */
	char *ssh_proxy;    /* command line with %h and %p, as OpenSSH's ProxyCommand; NULL: connect directly */
	char *ssh_user;	    /* NULL: the recipe's, or root */
	bool lab;	    /* the built-in lab */
};

/* Finds the context. `name` NULL: the default. ERR_NOT_FOUND names those there are, ERR_GUARD: file too open. */
int context_load(const char *name, bool lab, const struct clock *clock, struct context *ret, struct err **err);

bool context_secret_is_set(const struct context_secret *s);

/* Reads it; `what` names it in errors ("token of context 'home'"). */
int context_secret_read(const struct context_secret *s, const char *what, const struct clock *clock,
			struct secret *ret, struct err **err);

void context_free(struct context *c);
#define _cleanup_context_ _cleanup_(context_free)
