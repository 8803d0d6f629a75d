#pragma once
/*
 * api_table.h: the part of Proxmox VE's API that the lab serves, as a description of it says:
 * parameters with types, formats and limits, and the privilege check of each endpoint. The table is
 * made by scripts/lab-api and kept here.
 */
#include "base/base.h"

enum api_type { API_TEXT, API_FLAG, API_INT, API_NUMBER, API_LIST };

struct api_param {
	const char *name; /* "net[n]" stands for net0, net1 ... */
	enum api_type type;
	bool optional;
	bool default_key;   /* in a property string: the key of a bare value */
	const char *format; /* name of a format */
	const struct api_param
		*fields;	       /* or the parts of a property string, ended by a NULL name */
	const char *values;	       /* "a, b, c" */
	const char *pattern;	       /* POSIX extended, unanchored as written */
	const char *requires;	       /* another parameter that must be there too */
	const char *alias, *key_alias; /* in a property string */
	bool has_min, has_max;
	int64_t min, max;
	uint32_t min_length, max_length; /* characters; 0: no limit */
};

struct api_endpoint {
	const char *method;
	const char *path;	/* /nodes/{node}/qemu */
	bool is_protected;	/* answered by the privileged daemon: two Connection headers */
	bool no_token;		/* refused for API tokens */
	const char *check;	/* the privilege expression, JSON; NULL: root@pam only */
	const uint16_t *params; /* indexes for api_param(), sorted by name */
	size_t n_params;
};

const struct api_param *api_param(uint16_t index);

/* Sorted by path, then method. */
extern const struct api_endpoint api_endpoints[];
extern const size_t api_n_endpoints;
