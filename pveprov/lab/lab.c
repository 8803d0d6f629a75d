#include "lab/lab.h"
#include "lab/access.h"
#include "lab/connect.h"
#include "lab/fault.h"
#include "lab/firewall.h"
#include "lab/httpd.h"
#include "lab/keypair.h"
#include "lab/lock.h"
#include "lab/mapping.h"
#include "lab/node_network.h"
#include "lab/pool.h"
#include "lab/storage.h"
#include "lab/tap.h"
#include "lab/task.h"
#include "lab/vm.h"
#include "base/fs.h"

#include <event2/thread.h>
#include <openssl/rand.h>
#include <signal.h>

struct timer {
	struct event *event;
	timer_fn *fn;
	void *ctx;
};

static int64_t node_now_ms(const struct clock *c)
{
	const struct lab *l = c->ctx;

	return (clock_now_ms(&l->real) - l->start_real_ms) * l->scale;
}

static int64_t node_wall_s(const struct clock *c)
{
	const struct lab *l = c->ctx;

	return l->start_wall_s + node_now_ms(c) / 1000;
}

static int node_sleep_ms(const struct clock *c, int64_t ms)
{
	const struct lab *l = c->ctx;

	return clock_sleep(&l->real, ms / l->scale, NULL);
}

static const struct clock_ops node_clock = { node_now_ms, node_wall_s, node_sleep_ms };

int64_t lab_now_ms(const struct lab *l)
{
	return clock_now_ms(&l->clock);
}

int64_t lab_wall_s(const struct lab *l)
{
	return clock_wall_s(&l->clock);
}

static void timer_fire(evutil_socket_t fd UNUSED, short what UNUSED, void *ctx)
{
	struct timer *t = ctx;
	timer_fn *fn = t->fn;
	void *fn_ctx = t->ctx;

	timer_cancel(t);
	fn(fn_ctx);
}

struct timer *lab_after(struct lab *l, int64_t ms, timer_fn *fn, void *ctx)
{
	struct timer *t = xcalloc(1, sizeof(*t));
	int64_t real_us = MAX(ms, (int64_t)0) * 1000 / l->scale;
	struct timeval wait = { .tv_sec = real_us / 1000000, .tv_usec = real_us % 1000000 };

	t->fn = fn;
	t->ctx = ctx;
	t->event = event_new(l->base, -1, 0, timer_fire, t);
	event_add(t->event, &wait);
	return t;
}

void timer_cancel(struct timer *t)
{
	if (!t)
		return;
	event_free(t->event);
	free(t);
}

struct discarded {
	void (*free_fn)(void *thing);
	void *thing;
	struct discarded *next;
};

static void free_discarded(void *ctx)
{
	struct lab *l = ctx;

	while (l->discarded) {
		struct discarded *d = l->discarded;
		l->discarded = d->next;
		d->free_fn(d->thing);
		free(d);
	}
}

void lab_discard(struct lab *l, void (*free_fn)(void *thing), void *thing)
{
	struct discarded *d = xcalloc(1, sizeof(*d));

	if (!l->discarded)
		lab_after(l, 0, free_discarded, l);
	*d = (struct discarded){ free_fn, thing, l->discarded };
	l->discarded = d;
}

char *lab_uuid(void)
{
	uint8_t b[16];

	RAND_bytes(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	return xasprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
			 b[12], b[13], b[14], b[15]);
}

char *lab_mac(void)
{
	uint8_t b[3];

	RAND_bytes(b, sizeof(b));
	return xasprintf("BC:24:11:%02X:%02X:%02X", b[0], b[1], b[2]);
}

static void machine_stopped(void *ctx, int vmid)
{
	vm_stopped(ctx, vmid);
}

static int lab_parts(struct lab *l, const struct lab_options *o, struct err **err)
{
	l->locks = locks_new(l);
	l->faults = faults_new(l);
	l->tasks = tasks_new(l);
	l->access = access_new(l);
	l->storages = storages_new(l);
	l->network = network_new(l);
	l->mappings = mappings_new(l);
	l->pools = pools_new();
	l->firewall = firewall_new(l);
	l->vms = vms_new(l);
	if (o->hypervisor->open(l->world, l->base, &l->clock, l->log, &l->hypervisor, err))
		return err_wrap(err, "hypervisor '%s'", o->hypervisor->name);
	l->hypervisor->stopped = machine_stopped;
	l->hypervisor->stopped_ctx = l;
	l->hypervisor->scale = l->scale;
	network_apply_now(l);
	vms_populate(l);
	if (keypair_make(l->state_dir, &l->ssh_key, err))
		return -1;
	l->connect_path = fs_join(l->state_dir, "connect.sock");
	if (connect_open(l->base, l->connect_path, l->hypervisor, &l->connect, err))
		return -1;
	if (tap_open(l, &l->tap, err) < 0 || firewall_log_open(l, err) < 0 || httpd_open(l, o->listen, &l->httpd, err) < 0)
		return -1;
	firewall_watch(l);
	return 0;
}

int lab_open(const struct lab_options *o, struct lab **ret, struct err **err)
{
	_cleanup_(lab_freep) struct lab *l = xcalloc(1, sizeof(*l));

	evthread_use_pthreads();
	l->base = event_base_new();
	if (!l->base)
		return err_set(err, ERR_INTERNAL, "cannot make an event loop");
	l->world = o->world;
	l->node = o->world->node;
	l->state_dir = o->state_dir;
	l->scale = MAX(o->scale, (int64_t)1);
	l->log = o->log;
	l->real = clock_real(-1);
	l->start_real_ms = clock_now_ms(&l->real);
	l->start_wall_s = clock_wall_s(&l->real);
	l->clock = (struct clock){ .ops = &node_clock, .ctx = l, .cancel_fd = -1 };
	if (lab_parts(l, o, err))
		return -1;
	*ret = TAKE_PTR(l);
	return 0;
}

static void on_signal(evutil_socket_t number UNUSED, short what UNUSED, void *ctx)
{
	lab_stop(ctx);
}

int lab_run(struct lab *l, struct err **err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct event *events[ARRAY_SIZE(signals)];
	int result;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		events[i] = evsignal_new(l->base, signals[i], on_signal, l);
		event_add(events[i], NULL);
	}
	result = event_base_dispatch(l->base);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		event_free(events[i]);
	return result < 0 ? err_set(err, ERR_INTERNAL, "the event loop failed") : 0;
}

void lab_stop(struct lab *l)
{
	event_base_loopbreak(l->base);
}

json_t *lab_describe(const struct lab *l)
{
	json_t *d = json_pack("{s:i, s:s, s:s, s:i, s:I}", "version", 1, "node", l->node,
			      "hypervisor", l->hypervisor->ops->name, "pid", (int)getpid(), "scale",
			      (json_int_t)l->scale);

	httpd_describe(l->httpd, d);
	json_object_set_new(d, "connect", json_string(l->connect_path));
	json_object_set_new(d, "ssh_key", json_string(l->ssh_key));
	json_object_set_new(d, "firewall_log", json_string(firewall_log_path(l)));
	if (l->hypervisor->ops->describe)
		json_object_set_new(d, "details", l->hypervisor->ops->describe(l->hypervisor));
	json_object_set_new(d, "accounts", access_describe(l));
	if (l->world->client.family) {
		char text[ADDR_TEXT_MAX];
		json_object_set_new(d, "client", json_string(addr_text(&l->world->client, text)));
	}
	return d;
}

const char *lab_endpoint(const struct lab *l)
{
	return httpd_endpoint(l->httpd);
}

struct lab *lab_free(struct lab *l)
{
	if (!l)
		return NULL;
	httpd_free(l->httpd);
	tap_free(l->tap);
	connect_free(l->connect);
	free(l->connect_path);
	free(l->ssh_key);
	if (l->hypervisor)
		l->hypervisor->ops->close(l->hypervisor);
	vms_free(l->vms);
	pools_free(l->pools);
	firewall_free(l->firewall);
	mappings_free(l->mappings);
	network_free(l->network);
	storages_free(l->storages);
	access_free(l->access);
	tasks_free(l->tasks);
	free_discarded(l);
	faults_free(l->faults);
	locks_free(l->locks);
	if (l->base)
		event_base_free(l->base);
	free(l);
	return NULL;
}
