#include "firewall/fw_diff.h"

/* "cluster/firewall/..." and "nodes/NODE/firewall/...". */
static bool is_at_nodes(const struct fw_change *c)
{
	return streq(c->path[1], "firewall") || streq(c->path[2], "firewall");
}

size_t fw_changes_at_nodes(const struct fw_changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += is_at_nodes(&c->v[i]);
	return n;
}

size_t fw_changes_nodes_first(struct fw_changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct fw_change x = c->v[i];
		if (!is_at_nodes(&x))
			continue;
		memmove(&c->v[n + 1], &c->v[n], (i - n) * sizeof(x));
		c->v[n++] = x;
	}
	return n;
}
