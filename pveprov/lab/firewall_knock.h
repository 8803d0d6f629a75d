#pragma once
/*
 * firewall_knock.h: may the API's clients open a connection to the node? Asked by doing it: somebody listens on the API's
 * port in the node's namespace, and a connection from the clients' own address comes to it by way of the node's bridge and
 * rules. (The API's clients themselves come in over the loopback of the machine that the lab runs on.)
 */
#include "lab/lab.h"

struct firewall_knock;

/* NULL where there are no packets, or no client to ask for; what fails is logged. */
struct firewall_knock *firewall_knock_new(struct lab *l, int port);

/* Knocks, unless a knock is under way. */
void firewall_knock(struct firewall_knock *k);

/* Whether the last knock that ended was not let in. */
bool firewall_knock_failed(const struct firewall_knock *k);

/* Other rules are in force: what was found before says nothing about them. */
void firewall_knock_forget(struct firewall_knock *k);

struct firewall_knock *firewall_knock_free(struct firewall_knock *k);
