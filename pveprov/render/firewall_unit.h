#pragma once
/*
 * firewall_unit.h: where the firewall's files are on the router.
 */
#define FIREWALL_RULES	    "/etc/nftables.conf"
#define FIREWALL_LOCKDOWN   "/etc/router/lockdown.nft"
#define FIREWALL_FORWARDING "/etc/router/forwarding.conf"
