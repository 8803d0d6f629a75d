/* YAML: whatever is accepted is a tree within its limits. */
#include "fuzz.h"
#include "data/tree.h"

static size_t check(const struct tree *t, const struct tree *parent, int depth)
{
	size_t nodes = 1, children = 0;

	fuzz_expect(depth <= TREE_DEPTH_MAX && t->pos.line && t->pos.column);
	fuzz_expect(!parent || (parent->kind == TREE_MAP) == (t->key != NULL));
	fuzz_expect((t->kind == TREE_SCALAR) == (t->text != NULL));
	if (t->key)
		fuzz_expect(tree_get(parent, t->key) == t);
	for (const struct tree *e = t->first; e; e = e->next, children++)
		nodes += check(e, t, depth + 1);
	fuzz_expect(children == t->n);
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct tree *t = NULL;

	if (tree_parse(&a, "f", (const char *)data, size, &t, NULL) == 0)
		fuzz_expect(check(t, NULL, 1) <= TREE_NODES_MAX);
	return 0;
}
