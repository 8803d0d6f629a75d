#pragma once
/*
 * part.h: how recipe/ is put together; for its own files only.
 *
 * A typed part of a recipe is one file: its field table, its defaults and its checks. To add one: a
 * struct in recipe.h; a file with its table and, where values depend on each other, a check; both
 * declared here; a row in the table of the part that holds it, and a row in `checks` of recipe.c.
 *
 * Checks run after everything was read, also where some values were wrong, so that one run shows
 * all that is wrong. A member that could not be read is NULL, 0 or of family 0: a check lets it
 * pass.
 */
#include "recipe/recipe.h"

struct recipe_reader {
	struct field_ctx fields;
	struct recipe *recipe;
	bool whole; /* every value could be read; only then is a name that leads nowhere a mistake
		       of its own */
};

/* Tables, by noun. */
extern const struct field recipe_allow_fields[];
extern const struct field recipe_bridge_fields[];
extern const struct field recipe_dns_fields[];
extern const struct field recipe_forward_fields[];
extern const struct field recipe_network_fields[];
extern const struct field recipe_nic_fields[];
extern const struct field recipe_passthrough_fields[];
extern const struct field recipe_router_fields[];
extern const struct field recipe_verify_fields[];
extern const struct field recipe_vm_fields[];
extern const struct field recipe_wan_fields[];

void recipe_nic_init(void *nic);
void recipe_router_init(void *router);
void recipe_vm_init(void *vm);

/* FIELD_LIST elements that may be a word or a map. */
int recipe_allow_parse(struct field_ctx *c, const struct tree *t, void *allow);
json_t *recipe_allow_schema(void);
int recipe_firewall_parse(struct field_ctx *c, const struct tree *t, void *files);
json_t *recipe_firewall_schema(void);
int recipe_port_forward_parse(struct field_ctx *c, const struct tree *t, void *port_forward);
json_t *recipe_port_forward_schema(void);

/* The network of a router on that interface, or NULL. */
const struct recipe_network *recipe_network_on(const struct recipe_router *router,
					       const char *interface);

/* Checks, in the order of `checks` in recipe.c. */
void recipe_bridge_check(struct recipe_reader *r);
void recipe_vm_check(struct recipe_reader *r); /* ids, names, machine, memory, card */
void recipe_passthrough_check(struct recipe_reader *r);
void recipe_nic_check(struct recipe_reader *r); /* names, MAC addresses (derives them), addresses */
void recipe_router_check(struct recipe_reader *r); /* interfaces and their roles, defaults */
void recipe_wan_check(struct recipe_reader *r);
void recipe_network_check(
	struct recipe_reader *r); /* addresses, ranges, leases, hosts, allow; fills in defaults */
void recipe_forward_check(struct recipe_reader *r); /* forwards and port forwards */
void recipe_segment_check(struct recipe_reader *r); /* networks against each other */
void recipe_verify_check(struct recipe_reader *r);
void recipe_firewall_check(struct recipe_reader *r); /* guests whose NICs are not filtered */

/* The value of "${name}": recipe/substitute.c. `root` is the tree of the whole recipe. */
struct recipe_substitute {
	struct arena *arena;
	const struct recipe_source *source;
	const struct tree *root;
};
const char *recipe_substitute(void *substitute, const char *name, const char **why);

/*
 * Shared value parsers (FIELD_CUSTOM): value.c. Members: struct field_texts of "22" or "5900-5999";
 * const char * of a domain name.
 */
int recipe_ports_parse(struct field_ctx *c, const struct tree *t, void *texts);
int recipe_domain_parse(struct field_ctx *c, const struct tree *t, void *text);
json_t *recipe_ports_schema(void);
json_t *recipe_text_schema(void);

/* "dhcp", "auto" where `auto_too`, or an address with its prefix, of that family. */
int recipe_addressing_parse(struct field_ctx *c, const struct tree *t, uint8_t family,
			    bool auto_too, enum recipe_addressing *ret_how, struct addr_cidr *ret);

/* True when no machine can have the address: the network's own or its broadcast address (IPv4, up
 * to /30). */
bool recipe_is_edge(const struct addr_cidr *network, const struct addr *a);

/* Checks `gateway` of a static address. */
void recipe_gateway_check(struct recipe_reader *r, struct tree_pos pos, enum recipe_addressing how,
			  const struct addr_cidr *address, const struct addr *gateway);

bool recipe_is_label(
	const char *s); /* a host name: letters, digits and inner '-', at most 63 bytes */
