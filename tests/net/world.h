#pragma once
/*
 * world.h: a rendered router in a network namespace, with machines around it in namespaces of their
 * own.
 *
 *   admin 10.77.0.2 -- vm0 10.77.0.1          10.88.0.5 lives behind admin, in another network
 *   vm    192.168.1.50 and .5 -- vm1 192.168.1.1
 *   lan   192.168.100.50 -- lan 192.168.100.1       opt 192.168.101.50 -- opt1 192.168.101.1
 *   net   5.6.7.9, 1.1.1.1, 10.1.2.3 -- wan 5.6.7.8
 *   IPv6: lan 2a00:100:0:1::50, wan 2a00:100::8, net 2a00:100::9 and 2606:4700::1111
 *
 * Everything is in namespaces that only this process holds: nothing is left behind when it ends,
 * however it ends.
 */
#include "render/render.h"

#include <sys/socket.h>

struct place {
	const char *name;
	int ns; /* descriptor of its network namespace */
};

struct world {
	int home; /* the namespace the process was started in, or its own empty one */
	struct place router, admin, vm, lan, opt, net;
	char *dir; /* the rendered files */
};

/* Makes the process able to make namespaces: root, or a user namespace. NULL, or the reason why
 * not. */
const char *world_possible(void);

/* Keeps the process on one processor: frames then arrive in the order in which they were sent. */
void world_pin(void);
void world_unpin(void);

/* A namespace of its own for the place; -1 with errno. The descriptor is the caller's. */
int place_new(struct place *p);

/* Namespaces only; no interface exists yet. */
void world_begin(struct world *w);

/* Interfaces alone, up. */
void world_cables(struct world *w);

/* Interfaces, addresses, routes and the sysctl settings of the rendered files. */
void world_connect(struct world *w);

void world_end(struct world *w);

/* Renders into w->dir. */
void world_render(struct world *w, const struct recipe *r, const struct recipe_vm *vm,
		  const struct render_facts *facts);

/* Loads a rendered file with nft in the router; its status. */
int world_load(struct world *w, const char *file);

/* Runs a program in a place: its status, and its output when `out` is given. */
int place_run(const struct place *p, struct buf *out, const char *const *argv);
#define RUN(place, ...) place_run(place, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* Runs a program in a place with this standard input; -1 and its words on stderr when it fails. */
int place_feed(const struct place *p, const char *const *argv, const char *input);

/* `ip -batch`, a command a line; the test ends when it fails. option: "-6", or NULL. */
void place_ip(const struct place *p, const char *option, const char *commands);

/* A socket of a place; a raw one for a protocol. */
int place_socket(const struct place *p, int family, int type);
int place_raw(const struct place *p, int family, int protocol);

/* A listening TCP or a bound UDP socket on all addresses of a place, both families. */
int place_listen(const struct place *p, int type, uint16_t port);

/* Begins to connect by TCP and does not wait: the socket, and EINPROGRESS (or another errno, or 0).
 * from may be NULL. */
int place_begin(const struct place *p, const char *from, const char *to, uint16_t port,
		int *ret_errno);

/* Connects: 0 or the errno, ETIMEDOUT after 5 s without an answer. The socket goes to *ret_fd, or
 * is closed when NULL. */
int place_connect(const struct place *p, const char *from, const char *to, uint16_t port,
		  int *ret_fd);

/* Sends one UDP packet, from any address (also one that the place does not have). */
void place_send(const struct place *p, const char *from, const char *to, uint16_t port);

/* Who sent the next packet or connection, as text; waits for at most 5 s. "" when nothing came. */
void place_receive(int fd, char from[static ADDR_TEXT_MAX]);
void place_accept(int fd, char from[static ADDR_TEXT_MAX], int *ret_fd);

/* True when nothing has come. Say what came before it on the same path first: order is kept. */
bool place_silent(int fd);

/* Packets that a named counter of the router has seen. */
uint64_t world_counter(struct world *w, const char *name);

/* Waits until the counter is above `before`, at most 5 s. */
bool world_counts(struct world *w, const char *name, uint64_t before);
