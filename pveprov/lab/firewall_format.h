#pragma once
/*
 * firewall_format.h: the text formats of rules and names. Each function says what is wrong with a value in the server's
 * words (pve-firewall 6.0.4, Net::IP of Perl), malloc'd, or NULL.
 */
#include "base/base.h"

char *firewall_complain_proto(const char *value);
char *firewall_complain_sport(const char *value);
char *firewall_complain_dport(const char *value);
char *firewall_complain_icmp_type(const char *value);
char *firewall_complain_address(const char *value); /* of source and dest */
char *firewall_complain_cidr(const char *value);
char *firewall_complain_member(const char *value); /* a CIDR or an alias */
char *firewall_complain_helpers(const char *value);

/* A list of addresses with its family in *ret (0: a name). */
char *firewall_read_addresses(const char *value, int *ret);

/* Whether it is a name of a group, IP set or alias. */
bool firewall_is_name(const char *s);

/* "dc/x", "guest/x", "x". */
bool firewall_is_alias(const char *s);

bool firewall_is_icmp_type(int family, const char *name);
