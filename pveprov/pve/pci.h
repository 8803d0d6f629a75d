#pragma once
/*
 * pci.h: PCI devices of a node. An id is "0000:01:00.0"; people write "01:00" for all functions of
 * a slot.
 */
#include "pve/client.h"

struct pve_pci {
	const char *id; /* "0000:01:00.0" */
	uint16_t vendor;
	uint16_t device;
	uint16_t sub_vendor; /* 0: none */
	uint16_t sub_device;
	uint32_t class;		 /* 0x020000: Ethernet */
	int64_t iommu_group;	 /* -1: the IOMMU is off. Never store that in a mapping */
	const char *vendor_name; /* NULL where not known */
	const char *device_name;
};

/* Every device, bridges too. Needs Sys.Audit on /. */
int pve_pci_list(struct pve_client *c, const char *node, struct arena *a, struct pve_pci **ret,
		 size_t *ret_n, struct err **err);

/* Whether the device's id is `wanted`: with or without domain, with or without function ("01:00" is
 * all functions). */
bool pve_pci_matches(const struct pve_pci *d, const char *wanted);

/* "01:00" -> "0000:01:00", "01:00.0" -> "0000:01:00.0". NULL (nothing set): not a PCI address.
 * malloc'd. */
char *pve_pci_normalise(const char *text);

/* A PCI-to-PCI or host bridge: its membership of an IOMMU group does not stand in the way of
 * passing through. */
bool pve_pci_is_bridge(const struct pve_pci *d);
