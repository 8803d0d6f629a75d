#include "step/preflight.h"

#include "step/bridge.h"

static const struct recipe_nic *nic_named(const struct recipe_vm *vm, const char *name)
{
	for (size_t i = 0; i < vm->n_nics; i++)
		if (streq(vm->nics[i].name, name))
			return &vm->nics[i];
	return NULL;
}

/* A network of ours against every address that the node itself has on another interface. */
static void check_overlap(const struct session *s, const char *who, struct tree_pos pos,
			  const struct addr_cidr *cidr, const char *bridge, struct problems *p)
{
	char ours[ADDR_TEXT_MAX];

	for (size_t i = 0; i < s->net.n; i++) {
		const struct pve_iface *f = &s->net.ifaces[i];
		const char *text = cidr->addr.family == 6 ? f->cidr6 : f->cidr;
		struct addr_cidr theirs;
		if (!text || (bridge && streq(f->name, bridge)) ||
		    !addr_cidr_parse(text, &theirs) || !addr_cidr_overlaps(&theirs, cidr))
			continue;
		problem_add(p, ERR_RECIPE, "give it a network of its own, 192.168.77.0/24 for one",
			    "%s:%u:%u: %s %s overlaps the network of the node's '%s' (%s)",
			    s->recipe->file, pos.line, pos.column, who, addr_cidr_text(cidr, ours),
			    f->name, text);
	}
}

static void check_overlaps(const struct session *s, struct problems *p)
{
	for (size_t i = 0; i < s->recipe->n_bridges; i++) {
		const struct recipe_bridge *b = &s->recipe->bridges[i];
		if (b->cidr.addr.family)
			check_overlap(s, b->name, b->pos, &b->cidr, b->name, p);
	}
	for (size_t i = 0; i < s->recipe->n_vms; i++) {
		const struct recipe_router *r = s->recipe->vms[i].router;
		for (size_t k = 0; r && k < r->n_networks; k++) {
			const struct recipe_nic *nic =
				nic_named(&s->recipe->vms[i], r->networks[k].interface);
			if (r->networks[k].address.addr.family)
				check_overlap(s, r->networks[k].interface, r->networks[k].pos,
					      &r->networks[k].address, nic ? nic->bridge : NULL, p);
		}
	}
}

static bool in_recipe(const struct session *s, const char *bridge)
{
	for (size_t i = 0; i < s->recipe->n_bridges; i++)
		if (streq(s->recipe->bridges[i].name, bridge))
			return true;
	return false;
}

/* Whether the account sees bridges at all: else "absent" may mean "hidden". */
static int sees_bridges(struct session *s, bool *ret, struct err **err)
{
	const struct pve_permissions *may;
	static const char zone[] = "/sdn/zones/localnetwork";

	if (session_permissions(s, &may, err) < 0)
		return -1;
	*ret = pve_permissions_has(may, zone, "SDN.Audit") ||
	       pve_permissions_has(may, zone, "SDN.Use");
	return 0;
}

static int check_absent(struct session *s, const char *bridge, const char *who, struct problems *p,
			struct err **err)
{
	bool sees = false;

	if (sees_bridges(s, &sees, err) < 0)
		return -1;
	if (!sees) {
		_cleanup_free_ char *hint = xasprintf(
			"on the node, as root: pveum acl modify /sdn/zones/localnetwork --%s '%s' "
			"--roles PVESDNUser",
			strchr(pve_auth_user(s->client), '!') ? "tokens" : "users",
			pve_auth_user(s->client));
		problem_add(p, ERR_AUTH, hint,
			    "bridge '%s' is not to be seen, but without SDN.Audit or SDN.Use on "
			    "/sdn/zones/localnetwork it may only be hidden from '%s'",
			    bridge, pve_auth_user(s->client));
	} else if (who) {
		problem_add(p, ERR_NOT_FOUND, "add it under 'bridges:' in the recipe",
			    "%s: node '%s' has no bridge '%s'", who, s->node, bridge);
	}
	return 0;
}

static int check_bridges(struct session *s, struct problems *p, struct err **err)
{
	for (size_t i = 0; i < s->recipe->n_bridges; i++) {
		const char *name = s->recipe->bridges[i].name;
		if (!pve_net_find(&s->net, name) && check_absent(s, name, NULL, p, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->recipe->n_vms; i++)
		for (size_t k = 0; k < s->recipe->vms[i].n_nics; k++) {
			const char *name = s->recipe->vms[i].nics[k].bridge;
			if (!in_recipe(s, name) && !pve_net_find(&s->net, name) &&
			    check_absent(s, name, s->recipe->vms[i].name, p, err) < 0)
				return -1;
		}
	return 0;
}

/* The interface that carries the address we talk to, or the way out of the node, is nobody's to
 * change from afar. */
static void check_own_address(const struct session *s, const struct recipe_bridge *b,
			      struct problems *p)
{
	const struct pve_iface *f = pve_net_find(&s->net, b->name);
	const char *endpoint = pve_client_endpoint(s->client);
	struct addr_cidr cidr;
	char text[ADDR_TEXT_MAX];

	if (!f || bridge_compare(s, b) != BRIDGE_DIFFERS)
		return;
	bool ours = f->cidr && addr_cidr_parse(f->cidr, &cidr) &&
		    starts_with(endpoint, addr_text(&cidr.addr, text)) &&
		    endpoint[strlen(text)] == ':';
	if (ours || f->gateway || f->gateway6)
		problem_add(p, ERR_GUARD, "change it on the node itself",
			    "bridge '%s' carries the node's %s, so it is not changed from here",
			    b->name, ours ? "address that this connection uses" : "default route");
}

static int check_ifupdown2(struct session *s, struct problems *p, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_err_ struct err *why = NULL;
	const char *version = NULL;

	if (pve_node_package(s->client, s->node, "ifupdown2", &a, &version, &why) < 0)
		/* without Sys.Audit it cannot be known; the reload would tell */
		return why->kind == ERR_AUTH || why->kind == ERR_NOT_FOUND
			       ? 0
			       : err_move(err, TAKE_PTR(why));
	if (!version)
		problem_add(p, ERR_GUARD, "install it on the node: apt install ifupdown2",
			    "node '%s' has no ifupdown2, so network changes could not take effect",
			    s->node);
	return 0;
}

int preflight_net(struct session *s, struct problems *p, struct err **err)
{
	check_overlaps(s, p);
	if (check_bridges(s, p, err) < 0)
		return -1;
	if (!bridges_differ(s))
		return 0;
	if (s->net.changes && !bridge_changes_are_ours(s->net.changes, s->recipe))
		problem_add(p, ERR_GUARD,
			    "apply or revert them first ('pveprov net plan', 'pveprov net revert')",
			    "somebody has staged changes of the network of node '%s', which our "
			    "reload would bring into "
			    "effect too:\n%s",
			    s->node, s->net.changes);
	for (size_t i = 0; i < s->recipe->n_bridges; i++)
		check_own_address(s, &s->recipe->bridges[i], p);
	return check_ifupdown2(s, p, err);
}
