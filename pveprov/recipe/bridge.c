#include "recipe/part.h"

#define AT(m) offsetof(struct recipe_bridge, m)

const struct field recipe_bridge_fields[] = {
	{ "name", FIELD_KEY, AT(name), .max = 15 },
	{ "pos", FIELD_POS, AT(pos) },
	{ "cidr", FIELD_CIDR, AT(cidr),
	  .help = "The node's own address on the bridge; without it the node is not there." },
	{ "vlan_aware", FIELD_BOOL, AT(vlan_aware),
	  .help = "Whether machines on the bridge may use VLAN tags." },
	{ "ports", FIELD_TEXTS, AT(ports),
	  .help = "The node's interfaces on the bridge; none for a bridge between machines." },
	{ 0 },
};

void recipe_bridge_check(struct recipe_reader *r)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < r->recipe->n_bridges; i++) {
		const struct recipe_bridge *b = &r->recipe->bridges[i];
		if (recipe_is_edge(&b->cidr, &b->cidr.addr))
			field_error(&r->fields, b->pos,
				    "bridge '%s': %s is the network's own or broadcast address",
				    b->name, addr_cidr_text(&b->cidr, text));
	}
}
