#pragma once
/*
 * fw_options.h: every option of every level with type, range and what the code does when it is absent.
 * Where the manual and the code differ, the code is stated. Source: pve-firewall 6.0.4.
 */
#include "firewall/fw_config.h"

enum fw_option_type {
	FW_BOOLEAN,
	FW_INTEGER,	/* min..max */
	FW_CHOICE,	/* one of `choices`, any letter case */
	FW_LEVEL,	/* a log level; empty counts as nolog in host and guest files */
	FW_RATELIMIT,	/* enable=0|1,rate=N/unit,burst=N */
	FW_HELPERS,	/* comma list of conntrack helpers */
	FW_QUEUES,	/* N or N:M */
	FW_ETHERTYPES,	/* comma list */
};

struct fw_option_spec {
	const char *key;
	enum fw_level level;
	enum fw_option_type type;
	const char *absent;	   /* what counts when the file has none */
	int64_t min, max;	   /* FW_INTEGER */
	const char *const *choices; /* FW_CHOICE */
	bool file_only;		   /* the API does not know it */
	const char *note;	   /* what surprises; NULL */
};

/* The spec, or NULL. Keys are compared in any letter case. */
const struct fw_option_spec *fw_option_spec(enum fw_level level, const char *key);

/* All specs of a level, in the order of the table: call with *i = 0 until NULL. */
const struct fw_option_spec *fw_option_next(enum fw_level level, size_t *i);

/*
 * The value in the server's spelling (arena), or NULL with *why set to what is wrong with it.
 */
const char *fw_option_normal(struct arena *a, const struct fw_option_spec *spec, const char *value, const char **why);

/* A config's value of an option, or what counts when it is absent. */
const char *fw_option_effective(const struct fw_config *c, enum fw_level level, const char *key);
bool fw_option_on(const struct fw_config *c, enum fw_level level, const char *key);

/* Whether it is a level's name, in small letters. */
bool fw_log_level(const char *name);

/* The log levels, NULL-terminated, in the order of their LOGID: emerg is 0, nolog the last. */
extern const char *const fw_log_levels[];
