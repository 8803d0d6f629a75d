#pragma once
/*
 * firewall_logger.h: the lab's pvefw-logger: what the firewall's rules of a network namespace log to NFLOG group 0 becomes
 * lines of a file. It reads on the event loop; a packet's line is in the file as soon as the loop has turned.
 */
#include "base/err.h"

struct event_base;
struct firewall_logger;

enum { FIREWALL_LOG_GROUP = 0 };

/* netns: descriptor of the namespace, borrowed for this call. The file is appended to; it is made where it is missing. */
int firewall_logger_open(struct event_base *base, int netns, const char *path, struct firewall_logger **ret, struct err **err);
struct firewall_logger *firewall_logger_free(struct firewall_logger *g);
DEFINE_CLEANUP(struct firewall_logger *, firewall_logger_free)
