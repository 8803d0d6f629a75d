#pragma once
/*
 * fw_address.h: the source or destination of a rule, the address of an alias or of an IP set's member.
 */
#include "base/arena.h"
#include "data/addr.h"

enum fw_address_kind { FW_ADDRESS_LIST, FW_ADDRESS_RANGE, FW_ADDRESS_ALIAS, FW_ADDRESS_SET };
enum fw_scope_name { FW_ANY_SCOPE, FW_DC_SCOPE, FW_GUEST_SCOPE, FW_SDN_SCOPE };

enum { FW_NAME_MAX = 64, FW_GROUP_NAME_MAX = 18 }; /* bytes */

struct fw_address {
	enum fw_address_kind kind;
	int family; /* 4, 6; 0 for a name */
	struct addr_cidr *list;
	size_t n;
	struct addr_range range;
	enum fw_scope_name scope; /* of a name */
	const char *name;	  /* of an alias or set, as written */
};

/* Parses a rule's source or dest. NULL with *why otherwise. */
struct fw_address *fw_address_parse(struct arena *a, const char *text, const char **why);

/* The value of an alias or member as the server reads it from a file: /32 and /128 left out, the rest as written. */
const char *fw_cidr_read(struct arena *a, const char *text);

/* The server's spelling of a network: host bits cleared, /32 and /128 left out (arena). */
const char *fw_cidr_text(struct arena *a, const struct addr_cidr *c);

/* A member of an IP set as the API stores it: of a network the host bits are cleared, anything else stays as written. */
const char *fw_member_stored(struct arena *a, const char *text);

/* [A-Za-z][A-Za-z0-9_-]+, at most max bytes. */
bool fw_name_valid(const char *name, size_t max);
