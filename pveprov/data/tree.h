#pragma once
/*
 * tree.h: YAML as a tree that remembers where everything stood.
 *
 * Built from libyaml's events. Refused: aliases and anchors, tags, several documents, an empty
 * document, duplicate keys, keys that are not scalars, NUL in text, input beyond the limits (bytes,
 * depth, nodes, keys of one map). A scalar stays text; its type is decided by whoever reads it
 * (data/field). Everything lives in the caller's arena.
 */
#include "base/arena.h"
#include "base/err.h"

enum {
	TREE_BYTES_MAX = 1 << 20,
	TREE_DEPTH_MAX = 32,
	TREE_NODES_MAX = 50000,
	TREE_KEYS_MAX = 2048
};

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_pos {
	uint32_t line;	 /* from 1; 0: not known */
	uint32_t column; /* from 1, in characters */
};

struct tree {
	enum tree_kind kind;
	struct tree_pos pos;
	bool quoted;	  /* scalar was in quotes or a block: "null" and "" then are text */
	const char *text; /* TREE_SCALAR */
	const char *key;  /* of a map's child */
	struct tree_pos key_pos;
	struct tree *first; /* children of a list or map, in order */
	struct tree *next;
	size_t n; /* number of children */
};

/* Parses text (not NUL-terminated). `name` stands in errors: "name:line:column: ...", kind
 * ERR_RECIPE. */
int tree_parse(struct arena *a, const char *name, const char *text, size_t len, struct tree **ret,
	       struct err **err);

/* The child of a map with that key, or NULL (also where `map` is NULL or no map). */
const struct tree *tree_get(const struct tree *map, const char *key);

/* True for a plain (unquoted) scalar that is empty, "null" or "~". */
bool tree_is_null(const struct tree *t);

/* Where a reader looks for it: a map's child at its key, others where they begin. */
struct tree_pos tree_place(const struct tree *t);
