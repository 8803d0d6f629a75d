#pragma once
/*
 * json.h: reading jansson values with the place in the error, so that a strange answer of a server
 * never crashes us. Proxmox sends numbers as numbers or as strings and leaves booleans out when
 * false: these readers accept that.
 */
#include "base/err.h"

#include <jansson.h>

/* jansson has the function itself. */
#define _cleanup_json_ _cleanup_(json_decrefp)

/* Parses at most `len` bytes, depth limited, duplicate keys refused. Errors name `what` and the
 * place. */
int json_parse(const char *what, const char *text, size_t len, json_t **ret, struct err **err);

/*
 * A string, or NULL when the key is absent, null, not a string, or has a NUL in it (output of a
 * program in a guest may; who wants that takes json_string_length()). Borrowed.
 */
const char *json_text(const json_t *object, const char *key);

/* As json_text(), but absence is an error. */
int json_need_text(const json_t *object, const char *key, const char **ret, struct err **err);

/* An integer given as a number or as a decimal string; `otherwise` when absent or anything else. */
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);

/* 1, "1", true are true; absent is `otherwise`. */
bool json_flag(const json_t *object, const char *key, bool otherwise);

/* The array or object under the key; NULL when absent or of another kind. Borrowed. */
json_t *json_list(const json_t *object, const char *key);
json_t *json_map(const json_t *object, const char *key);

/* malloc'd compact text with sorted keys. */
char *json_dump_text(const json_t *j);
