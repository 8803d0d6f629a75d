#pragma once
/* pci.h: the node's PCI devices. */
#include "lab/request.h"

/* The function with that id ("0000:01:00.0", or without the domain), NULL: none. */
const struct world_pci *pci_find(const struct lab *l, const char *id);

/*
 * The functions a hostpci value means: "01:00" all of a slot, "0000:01:00.0" one, several with ';';
 * new reference to an array of full ids, NULL with *ret_missing (malloc'd) when one is not there.
 */
json_t *pci_functions(const struct lab *l, const char *host, char **ret_missing);
