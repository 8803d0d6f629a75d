#pragma once
/*
 * bridge.h: the recipe's bridges on the node: all are staged, then brought up by one reload. A
 * bridge is ours when its comment carries our mark; others are used as they are and never changed.
 */
#include "step/session.h"

enum bridge_state {
	BRIDGE_SAME,
	BRIDGE_ABSENT,
	BRIDGE_DIFFERS, /* ours, and not as the recipe has it */
	BRIDGE_FOREIGN, /* not ours; differs from the recipe */
	BRIDGE_STAGED,	/* as the recipe has it, but not in effect yet */
	BRIDGE_DOWN, /* ours and as wanted, but the kernel does not have it up */
};

enum bridge_state bridge_compare(const struct session *s, const struct recipe_bridge *b);

/* Whether the bridge in the list carries the mark of this recipe. */
bool bridge_is_ours(const struct session *s, const struct pve_iface *f);

/* Some bridge has to be made, changed or brought up. */
bool bridges_differ(const struct session *s);

/* A unified diff of the network's staged state that touches nothing but these bridges. Pure. */
bool bridge_changes_are_ours(const char *changes, const struct recipe *r);

extern const struct step_ops step_bridges;	  /* subject: none */
extern const struct step_ops step_bridges_remove; /* of `destroy` */
