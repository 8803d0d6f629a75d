#pragma once
/*
 * firewall.h: the firewall files of the node in a box, with what the daemon has made of them so far.
 *
 * Files are JSON in the form the API shows: {options: {}, aliases: {name: {}}, ipset: {name: {comment, entries: []}},
 * groups: {name: {comment, rules: []}}, rules: []}. A change is picked up by the daemon seconds later (10 s; 5 s with the
 * nftables backend); cluster option `enable` > 1 at once, and it lapses after 60 s (iptables daemon only).
 * Facts: pve-firewall 6.0.4, proxmox-firewall 1.2.3.
 */
#include "base/buf.h"
#include "data/addr.h"
#include "lab/request.h"

struct firewall;

struct firewall *firewall_new(struct lab *l);
struct firewall *firewall_free(struct firewall *f);

/* The file of "cluster", "host", a VMID or "vnet/NAME"; made where it is missing. Borrowed. */
json_t *firewall_file(struct lab *l, const char *name);

/* The file that a request's path is about. */
json_t *firewall_file_of(const struct request *q);

/* A file was written: the daemon will look at it. `at_once`: it is told to. */
void firewall_changed(struct lab *l, bool at_once);

/* NICs or the node's network are others now: the rules in force are made anew. */
void firewall_machines_changed(struct lab *l);

/* A clone takes the template's file along; destroying a machine takes its file away. */
void firewall_clone(struct lab *l, int source_vmid, int vmid);
void firewall_forget(struct lab *l, int vmid);

/* Opens the log; where the hypervisor has a network, what its rules log goes there from now on. */
int firewall_log_open(struct lab *l, struct err **err);
const char *firewall_log_path(const struct lab *l); /* a test may append to it what a logger would */

/* Whether the rules in force let `client` open a new connection to tcp `port` of the node. */
bool firewall_admits(const struct lab *l, const struct addr *client, int port);

/* From now on the door of the API is shut to new clients where the rules in force say so. */
void firewall_watch(struct lab *l);
