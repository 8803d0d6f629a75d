#include "pve/client_private.h"

static struct pve_gate *gate_of(struct pve_client *c, const char *node)
{
	struct pve_gate *g = c->gates;

	while (g && !streq(g->node, node))
		g = g->next;
	if (!g) {
		g = xcalloc(1, sizeof(*g));
		g->node = xstrdup(node);
		pthread_cond_init(&g->moved, NULL);
		g->next = c->gates;
		c->gates = g;
	}
	return g;
}

/* Every call inside is bounded by its HTTP limits, so this wait is too. */
void pve_gate_enter(struct pve_client *c, const char *node)
{
	pthread_mutex_lock(&c->lock);
	struct pve_gate *g = gate_of(c, node);
	uint64_t ticket = g->next_ticket++;
	while (g->serving != ticket)
		pthread_cond_wait(&g->moved, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

void pve_gate_leave(struct pve_client *c, const char *node)
{
	pthread_mutex_lock(&c->lock);
	struct pve_gate *g = gate_of(c, node);
	g->serving++;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&c->lock);
}
