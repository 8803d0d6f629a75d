#pragma once
/*
 * preflight.h: everything that can be known to stand in the way, looked for before the first
 * change.
 */
#include "step/problems.h"
#include "step/session.h"

/* The world against the recipe: ids, templates, networks, bridges, devices. Chooses how devices are
 * passed through. */
int preflight_world(struct session *s, struct problems *p, struct err **err);

/* The network part of it: overlaps, missing or hidden bridges, foreign pending changes, ifupdown2,
 * our own address. */
int preflight_net(struct session *s, struct problems *p, struct err **err);
