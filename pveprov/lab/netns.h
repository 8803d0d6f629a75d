#pragma once
/*
 * netns.h: network namespaces without names: each is held by a descriptor of this process, so the
 * kernel removes it, with every bridge, tap and address in it, when the lab is gone, however it
 * ended. Needs root.
 */
#include "base/clock.h"

#include <sys/socket.h>

/* Makes a namespace with its loopback up. *ret_fd is the caller's. */
int netns_new(int *ret_fd, struct err **err);

/* Runs fn(ctx) on a thread inside the namespace and returns its value; -1 with errno when it cannot
 * be entered. */
int netns_call(int fd, int (*fn)(void *ctx), void *ctx);

/* For proc_spec.in_child: moves the child into the namespace *(int *)fd. */
int netns_enter(void *fd);

/* Gives `ip -batch` these lines, inside the namespace. */
int netns_ip(int fd, const char *lines, const struct clock *clock, struct err **err);

/* Writes a sysctl ("net/ipv4/ip_forward"), inside the namespace. */
int netns_sysctl(int fd, const char *key, const char *value, struct err **err);

/* A TCP socket that listens on address:port inside the namespace; close-on-exec, non-blocking. -1
 * with errno. */
int netns_listen(int fd, const struct sockaddr *address, socklen_t len);

/* A non-blocking TCP socket of the namespace, connecting or connected. -1 with errno. */
int netns_connect(int fd, const struct sockaddr *address, socklen_t len);

/* The same from an address of the namespace. */
int netns_connect_from(int fd, const struct sockaddr *from, const struct sockaddr *to, socklen_t len);
