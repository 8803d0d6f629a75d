#include "lab/sim.h"
#include "lab/seed.h"
#include "lab/sim_exec.h"
#include "base/text.h"
#include "data/digest.h"
#include "data/json.h"

#include <sys/socket.h>

/* An operation that is under way. */
struct operation {
	struct sim *sim;
	struct event *event;
	enum hv_op op;
	int vmid, source_vmid;
	char *snapshot;
	json_t *config, *agent;
	int64_t timeout_ms;
	hv_done *done;
	void *ctx;
};

int64_t sim_uptime_ms(const struct sim *s, const struct sim_vm *vm)
{
	return clock_now_ms(s->clock) - vm->started_ms;
}

bool sim_has_agent(const struct sim *s, const struct sim_vm *vm)
{
	return vm->state == SIM_RUNNING && !vm->blank && !(vm->kind && !vm->kind->agent) &&
	       sim_uptime_ms(s, vm) >= (vm->kind ? vm->kind->boot_ms : 0);
}

int64_t sim_time(const struct sim *s, const char *type)
{
	const struct world_time *t = s->world->times.v;

	for (size_t i = 0; i < s->world->times.n; i++)
		if (streq(t[i].type, type))
			return t[i].ms;
	return 0;
}

/* The hash that makes cloud-init run again when it changes; malloc'd. */
static char *instance_id(const struct sim_vm *vm)
{
	_cleanup_seed_ struct seed seed = { 0 };
	_cleanup_buf_ struct buf all = { 0 };
	char hex[DIGEST_SHA1_HEX];

	if (seed_make(vm->config, vm->vmid, &(struct seed_node){ 0 }, &seed, NULL))
		return xstrdup("");
	buf_add(&all, seed.user_data.data, seed.user_data.len);
	buf_add(&all, seed.network_config.data, seed.network_config.len);
	return xstrdup(digest_sha1(buf_text(&all), all.len, hex));
}

void sim_guest_advance(struct sim *s, struct sim_vm *vm)
{
	static const char done[] = "{\n \"v1\": {\n  \"datasource\": \"DataSourceNoCloud\",\n  "
				   "\"errors\": []\n }\n}\n";
	const struct buf *last;
	_cleanup_free_ char *id = NULL;

	if (vm->state != SIM_OFF)
		sim_push_advance(s, vm);
	if (vm->state == SIM_OFF || vm->blank ||
	    sim_uptime_ms(s, vm) < (vm->kind ? vm->kind->cloudinit_ms : 0))
		return;
	if (guest_file(vm->guest, "/run/cloud-init/result.json"))
		return;
	id = instance_id(vm);
	last = guest_file(vm->guest, "/var/lib/cloud/data/instance-id");
	if (!last || !streq(last->data, id) ||
	    !guest_file(vm->guest, "/etc/ssh/ssh_host_ed25519_key")) {
		guest_make_host_key(vm->guest);
		guest_write(vm->guest, "/var/lib/cloud/data/instance-id", id, strlen(id), 0644);
	}
	guest_write(vm->guest, "/var/lib/cloud/data/result.json", done, sizeof(done) - 1, 0644);
	guest_write(vm->guest, "/run/cloud-init/result.json", done, sizeof(done) - 1, 0644);
}

/* What a power cycle forgets. */
static void forget_runtime(struct sim_vm *vm)
{
	guest_remove(vm->guest, "/run/cloud-init/result.json");
	guest_remove(vm->guest, "/proc/sys/kernel/random/boot_id");
	json_object_clear(vm->processes);
	json_object_clear(vm->handles);
}

static void new_boot(struct sim *s, struct sim_vm *vm)
{
	char id[64];

	forget_runtime(vm);
	vm->started_ms = clock_now_ms(s->clock);
	vm->state = SIM_RUNNING;
	snprintf(id, sizeof(id), "%08x-0000-4000-8000-%012" PRIx64 "\n", (unsigned)vm->vmid,
		 (uint64_t)vm->started_ms);
	guest_write(vm->guest, "/proc/sys/kernel/random/boot_id", id, strlen(id), 0444);
}

void sim_reboot(struct sim *s, struct sim_vm *vm)
{
	new_boot(s, vm);
}

static void do_start(struct sim *s, struct sim_vm *vm, json_t *config)
{
	json_decref(vm->config);
	vm->config = json_incref(config);
	if (!vm->guest)
		vm->guest = guest_new(vm->kind);
	new_boot(s, vm);
}

/* NULL: done. malloc'd text otherwise. */
static char *perform(struct sim *s, const struct operation *o, json_t **ret_result)
{
	struct sim_vm *vm = sim_vm(s, o->vmid);
	char *error = NULL;

	switch (o->op) {
	case HV_CLONE:
		sim_vm_clone(s, o->vmid, o->source_vmid);
		break;
	case HV_DESTROY:
		sim_vm_destroy(s, o->vmid);
		break;
	case HV_SNAPSHOT:
	case HV_SAVE:
		sim_vm_snapshot(vm, o->snapshot);
		break;
	case HV_SNAPSHOT_DELETE:
		sim_vm_snapshot_delete(vm, o->snapshot);
		break;
	case HV_ROLLBACK:
	case HV_LOAD:
		sim_vm_rollback(vm, o->snapshot);
		break;
	case HV_START:
		do_start(s, vm, o->config);
		break;
	case HV_SHUTDOWN:
		if (!sim_has_agent(s, vm))
			return xstrdup("VM quit/powerdown failed - got timeout");
		vm->state = SIM_OFF;
		break;
	case HV_STOP:
		vm->state = SIM_OFF;
		break;
	case HV_RESET:
		new_boot(s, vm);
		break;
	case HV_SUSPEND:
		vm->state = SIM_PAUSED;
		break;
	case HV_RESUME:
		vm->state = SIM_RUNNING;
		break;
	case HV_AGENT:
		*ret_result = sim_agent(s, vm, o->agent, &error);
		return error;
	case HV_RESIZE:
	case HV_NETWORK:
	case HV_FIREWALL:
	case HV_PLUG:
		break;
	}
	return NULL;
}

static void operation_free(struct operation *o)
{
	if (o->event)
		event_free(o->event);
	free(o->snapshot);
	json_decref(o->config);
	json_decref(o->agent);
	free(o);
}

static void fire(evutil_socket_t fd UNUSED, short what UNUSED, void *ctx)
{
	struct operation *o = ctx;
	json_t *result = NULL;
	char *error;

	pthread_mutex_lock(&o->sim->mutex);
	error = perform(o->sim, o, &result);
	pthread_mutex_unlock(&o->sim->mutex);
	o->done(o->ctx, error, result);
	free(error);
	json_decref(result);
	operation_free(o);
}

/* How long an agent that is not there, or a guest that does not listen, makes the caller wait. */
static int64_t duration(const struct sim *s, const struct hv_request *r)
{
	static const char *const types[] = {
		[HV_CLONE] = "qmclone",
		[HV_DESTROY] = "qmdestroy",
		[HV_RESIZE] = "resize",
		[HV_SNAPSHOT] = "qmsnapshot",
		[HV_SNAPSHOT_DELETE] = "qmdelsnapshot",
		[HV_ROLLBACK] = "qmrollback",
		[HV_START] = "qmstart",
		[HV_STOP] = "qmstop",
		[HV_SHUTDOWN] = "qmshutdown",
		[HV_RESET] = "qmreset",
		[HV_SUSPEND] = "qmpause",
		[HV_RESUME] = "qmresume",
		[HV_AGENT] = "agent",
		[HV_NETWORK] = "srvreload",
		[HV_FIREWALL] = "firewall",
		[HV_PLUG] = "plug",
		[HV_SAVE] = "save",
		[HV_LOAD] = "load",
	};
	const struct sim_vm *vm = sim_find(s, r->vmid);
	bool deaf = !vm || !sim_has_agent(s, vm);

	if (r->op == HV_AGENT)
		return deaf ? 3000 : sim_time(s, "agent");
	if (r->op == HV_SHUTDOWN && deaf)
		return r->timeout_ms;
	return sim_time(s, types[r->op]);
}

static void begin(struct hypervisor *h, const struct hv_request *r, hv_line *line UNUSED,
		  hv_done *done, void *ctx)
{
	struct sim *s = (struct sim *)h;
	struct operation *o = xcalloc(1, sizeof(*o));
	int64_t us = duration(s, r) * 1000;
	struct timeval wait;

	us /= MAX(h->scale, (int64_t)1);
	wait = (struct timeval){ .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
	*o = (struct operation){ .sim = s,
				 .op = r->op,
				 .vmid = r->vmid,
				 .source_vmid = r->source_vmid,
				 .snapshot = xstrdup_null(r->snapshot),
				 .timeout_ms = r->timeout_ms,
				 .config = json_deep_copy(r->config),
				 .agent = json_deep_copy(r->agent),
				 .done = done,
				 .ctx = ctx };
	o->event = event_new(s->base, -1, 0, fire, o);
	event_add(o->event, &wait);
}

static const char *status(struct hypervisor *h, int vmid)
{
	static const char *const names[] = { "stopped", "running", "paused" };
	const struct sim_vm *vm = sim_find((struct sim *)h, vmid);

	return names[vm ? vm->state : SIM_OFF];
}

struct sim_vm *sim_by_address(struct sim *s, const char *address)
{
	for (size_t i = 0; i < s->n_vms; i++) {
		struct sim_vm *vm = s->vms[i];
		json_t *list, *nic, *ip;
		size_t k, m;
		bool found = false;
		if (vm->state != SIM_RUNNING)
			continue;
		list = sim_interfaces(s, vm);
		json_array_foreach(list, k, nic)
			json_array_foreach(json_list(nic, "ip-addresses"), m, ip)
				found |= k > 0 && streq(json_text(ip, "ip-address"), address);
		json_decref(list);
		if (found)
			return vm;
	}
	return NULL;
}

static int dial(struct hypervisor *h, const char *host, int port)
{
	struct sim *s = (struct sim *)h;
	struct sim_vm *vm;
	int pair[2];

	pthread_mutex_lock(&s->mutex);
	vm = sim_by_address(s, host);
	if (vm)
		sim_guest_advance(s, vm);
	bool listens = vm && port == 22 && guest_file(vm->guest, "/etc/ssh/ssh_host_ed25519_key");
	pthread_mutex_unlock(&s->mutex);
	if (!vm || !listens) {
		errno = vm ? ECONNREFUSED : EHOSTUNREACH;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	if (sim_ssh_serve(s, vm, pair[1])) {
		close(pair[0]);
		errno = ECONNREFUSED;
		return -1;
	}
	evutil_make_socket_nonblocking(pair[0]);
	return pair[0];
}

static void sim_close(struct hypervisor *h)
{
	struct sim *s = (struct sim *)h;

	sim_ssh_close(s);
	for (size_t i = 0; i < s->n_vms; i++)
		sim_vm_free(s->vms[i]);
	free(s->vms);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

static int sim_open(const struct world *w, struct event_base *base, const struct clock *clock,
		    const struct log *log, struct hypervisor **ret, struct err **err)
{
	struct sim *s = xcalloc(1, sizeof(*s));
	const struct world_machine *m = w->machines.v;

	s->hypervisor.ops = &hypervisor_sim;
	s->world = w;
	s->base = base;
	s->clock = clock;
	s->log = log;
	pthread_mutex_init(&s->mutex, NULL);
	for (size_t i = 0; i < w->machines.n; i++) {
		uint64_t vmid;
		if (!text_to_u64(m[i].id, 100, INT32_MAX, &vmid)) {
			sim_close(&s->hypervisor);
			return err_set(err, ERR_RECIPE, "%s: '%s' is not the number of a machine",
				       w->file, m[i].id);
		}
		struct sim_vm *vm = sim_vm(s, (int)vmid);
		vm->kind = world_guest(w, m[i].image);
		vm->guest = guest_new(vm->kind);
		vm->blank = m[i].image == NULL;
	}
	*ret = &s->hypervisor;
	return 0;
}

const struct hypervisor_ops hypervisor_sim = {
	.name = "sim",
	.open = sim_open,
	.begin = begin,
	.status = status,
	.dial = dial,
	.close = sim_close,
};
