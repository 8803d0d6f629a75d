#pragma once
/*
 * ruleset.h: the parts of the router's nftables file, inside render/ only. Each writes chains of
 * "table inet router".
 *
 * Names of chains and counters that hold an interface's name join it with dots, which interface
 * names cannot have: "in.lan", "fwd.lan.wan". The counters are what an exporter reads.
 */
#include "render/job.h"

/* The mark of connections that came in on the admin interface; networkd.c has the routing rule for
 * it. */
#define RULESET_ADMIN_MARK "0x76"

/* { "vm1", "lan" }: the networks' interfaces; with_wan adds wan's. */
void ruleset_interfaces(const struct job *j, bool with_wan, struct buf *b);

/* "tcp dport { 80, 8000-8080 }"; refuses what is no port. */
int ruleset_ports(struct buf *b, const char *protocol, const struct field_texts *ports,
		  struct err **err);

/* Counters and sets. */
void ruleset_objects(const struct job *j, struct buf *b);

/* Believable sources only; answers to the admin interface leave through it. */
void ruleset_prerouting(const struct job *j, struct buf *b);
void ruleset_admin_return(const struct job *j, struct buf *b);

/* What reaches the router itself, and what it sends. */
int ruleset_input(const struct job *j, struct buf *b, struct err **err);
void ruleset_icmp6(const struct job *j, struct buf *b);

/* What passes through, translated or not, and its accounting. */
int ruleset_forward(const struct job *j, struct buf *b, struct err **err);
void ruleset_nat(const struct job *j, struct buf *b);
