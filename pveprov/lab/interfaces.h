#pragma once
/*
 * interfaces.h: /etc/network/interfaces as Proxmox writes it, from interfaces as the API shows
 * them: name -> {type, method, address, netmask, cidr, gateway, bridge_ports, autostart, priority,
 * comments ...}.
 */
#include "base/buf.h"

#include <jansson.h>

void interfaces_text(const json_t *interfaces, struct buf *out);

/* A new interface of a type with what Proxmox adds by itself (methods, families, bridge_stp ...);
 * new reference. */
json_t *interface_new(const char *type, int priority);

/* Takes one option as the API has it: cidr sets address and netmask too, and so on. */
void interface_set(json_t *interface, const char *option, const char *value);
void interface_unset(json_t *interface, const char *option);
