/*
 * qemu.c: the hypervisor of real machines (hypervisor.h). See qemu_vm.h for what a request does,
 * qemu_net.h for the cables, upstream.h for what is at the other end of them.
 */
#include "base/proc.h"
#include "base/fs.h"
#include "base/text.h"
#include "lab/netns.h"
#include "lab/qemu_kvm.h"
#include "lab/qemu_vm.h"
#include "lab/world.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>

/* Enough for every machine of a demo to be waited for at once (agent, shutdown). */
enum { THREADS = 8 };

struct job {
	struct qemu *hv;
	struct hv_request r;
	char *snapshot, *disk;
	json_t *config, *agent, *network;
	hv_done *done;
	void *ctx;
	struct err *err;
	json_t *result;
};

static void job_free(struct job *j)
{
	json_decref(j->config);
	json_decref(j->agent);
	json_decref(j->network);
	json_decref(j->result);
	err_free(j->err);
	free(j->snapshot);
	free(j->disk);
	free(j);
}

/* On the event loop's thread. */
static void finish(void *arg)
{
	struct job *j = arg;

	j->done(j->ctx, j->err ? j->err->text : NULL, j->result);
	job_free(j);
}

/* On a thread of the pool. */
static void work(void *arg)
{
	struct job *j = arg;
	struct vm *vm = qemu_vm(j->hv, j->r.vmid);
	bool turn = j->r.op != HV_AGENT && j->r.op != HV_SHUTDOWN;

	if (turn)
		pthread_mutex_lock(&vm->turn);
	qemu_vm_request(vm, &j->r, &j->result, &j->err);
	if (turn)
		pthread_mutex_unlock(&vm->turn);
	jobs_post(j->hv->jobs, finish, j);
}

/* Everything is copied deeply: the core may change its own while a thread reads. */
static void qemu_begin(struct hypervisor *base, const struct hv_request *r, hv_line *line,
		       hv_done *done, void *ctx)
{
	struct qemu *h = (struct qemu *)base;
	struct job *j = xcalloc(1, sizeof(*j));

	(void)line;
	j->hv = h;
	j->r = *r;
	j->r.snapshot = j->snapshot = xstrdup_null(r->snapshot);
	j->r.disk = j->disk = xstrdup_null(r->disk);
	j->r.config = j->config = json_deep_copy(r->config);
	j->r.agent = j->agent = json_deep_copy(r->agent);
	j->r.network = j->network = json_deep_copy(r->network);
	j->done = done;
	j->ctx = ctx;
	jobs_submit(h->jobs, work, j);
}

static const char *qemu_status(struct hypervisor *base, int vmid)
{
	struct qemu *h = (struct qemu *)base;
	const char *status = "stopped";

	pthread_mutex_lock(&h->mutex);
	for (size_t i = 0; i < h->n_vms; i++)
		if (h->vms[i]->vmid == vmid && h->vms[i]->restarting)
			status = "running";
		else if (h->vms[i]->vmid == vmid && h->vms[i]->run)
			status = run_paused(h->vms[i]->run) ? "paused" : "running";
	pthread_mutex_unlock(&h->mutex);
	return status;
}

static int qemu_dial(struct hypervisor *base, const char *host, int port)
{
	struct qemu *h = (struct qemu *)base;
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	if (port < 1 || port > 65535) {
		errno = EINVAL;
		return -1;
	}
	if (inet_pton(AF_INET, host, &to4.sin_addr) == 1)
		return netns_connect(qemu_net_node(h->net), (const struct sockaddr *)&to4,
				     sizeof(to4));
	if (inet_pton(AF_INET6, host, &to6.sin6_addr) == 1)
		return netns_connect(qemu_net_node(h->net), (const struct sockaddr *)&to6,
				     sizeof(to6));
	errno = EADDRNOTAVAIL;
	return -1;
}

static json_t *namespace_path(int fd)
{
	return json_sprintf("/proc/%d/fd/%d", (int)getpid(), fd);
}

static int qemu_netns(const struct hypervisor *base)
{
	return qemu_net_node(((const struct qemu *)base)->net);
}

static int qemu_outside(const struct hypervisor *base)
{
	return qemu_net_internet(((const struct qemu *)base)->net);
}

/* Process ids by machine. */
static json_t *processes(const struct qemu *h)
{
	json_t *all = json_object();
	char id[16];

	pthread_mutex_lock((pthread_mutex_t *)&h->mutex);
	for (size_t i = 0; i < h->n_vms; i++) {
		if (!h->vms[i]->run)
			continue;
		snprintf(id, sizeof(id), "%d", h->vms[i]->vmid);
		json_object_set_new(all, id, json_integer(run_pid(h->vms[i]->run)));
	}
	pthread_mutex_unlock((pthread_mutex_t *)&h->mutex);
	return all;
}

/* The namespaces as paths for nsenter(1): a test looks from the LAN (client) or from outside. */
static json_t *qemu_describe(const struct hypervisor *base)
{
	const struct qemu *h = (const struct qemu *)base;
	json_t *namespaces =
		json_pack("{s:o, s:o, s:o}", "node", namespace_path(qemu_net_node(h->net)),
			  "internet", namespace_path(qemu_net_internet(h->net)), "client",
			  namespace_path(qemu_net_client(h->net)));

	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "accel", h->accel, "image", h->image.dir,
			 "machines", h->dir.path, "namespaces", namespaces, "processes",
			 processes(h));
}

static void qemu_close(struct hypervisor *base)
{
	struct qemu *h = (struct qemu *)base;

	for (size_t i = 0; i < h->n_vms; i++)
		qemu_vm_kill(h->vms[i]);
	jobs_free(h->jobs);
	upstream_free(h->upstream);
	qemu_net_free(h->net);
	for (size_t i = 0; i < h->n_vms; i++)
		qemu_vm_free(h->vms[i]);
	free(h->vms);
	qemu_dir_close(&h->dir);
	image_free(&h->image);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->mutex);
	free(h);
}

static int need_programs(struct err **err)
{
	static const char *const needed[] = { "dnsdist", "dnsmasq", "ip", "nft", "qemu-img",
					      "qemu-system-x86_64" };

	if (geteuid() != 0) {
		err_set(err, ERR_USAGE,
			"the qemu hypervisor needs root: it makes network namespaces and bridges");
		return err_hint(err, "use '--hypervisor sim', or become root");
	}
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (proc_find(needed[i]))
			continue;
		err_set(err, ERR_NOT_FOUND,
			"the qemu hypervisor needs '%s', which is not installed", needed[i]);
		return err_hint(err, "run 'scripts/deps lab'");
	}
	return 0;
}

static int make_disks(struct qemu *h, struct err **err)
{
	const struct world_machine *v = h->world->machines.v;

	for (size_t i = 0; i < h->world->machines.n; i++) {
		uint64_t vmid;

		if (!text_to_u64(v[i].id, 1, INT_MAX, &vmid))
			return err_set(err, ERR_RECIPE, "'%s' is no machine id", v[i].id);
		struct vm *vm = qemu_vm(h, (int)vmid);
		int64_t size = v[i].disk_mib << 20;

		if (qemu_vm_first_disk(vm, v[i].image != NULL, size, err) < 0)
			return err_wrap(err, "machine '%s'", v[i].id);
	}
	return 0;
}

static int make_upstream(struct qemu *h, struct err **err)
{
	_cleanup_free_ char *dir = fs_join(h->dir.path, "upstream");
	struct upstream_spec spec = { .netns = qemu_net_internet(h->net),
				      .dir = dir,
				      .image = &h->image,
				      .clock = &h->clock };

	spec.links = qemu_net_links(h->net, &spec.n_links);
	addr_text(&spec.links[0].dns, h->nameserver);
	return fs_mkdirs(dir, 0700, err) < 0 || upstream_open(&spec, &h->upstream, err) < 0 ? -1
											    : 0;
}

static int set_up(struct qemu *h, struct event_base *base, struct err **err)
{
	if (jobs_open(base, THREADS, &h->jobs, err) < 0 || need_programs(err) < 0 ||
	    image_get(NULL, NULL, &h->clock, h->log, &h->image, err) < 0 ||
	    qemu_dir_open(NULL, &h->dir, err) < 0 ||
	    qemu_net_open(h->world, &h->clock, &h->net, err) < 0 || make_upstream(h, err) < 0 ||
	    make_disks(h, err) < 0)
		return -1;
	h->accel = qemu_kvm_works(&h->image, &h->clock, h->log) ? "kvm" : "tcg";
	log_info(h->log, "machines run under %s", h->accel);
	return 0;
}

static int qemu_open(const struct world *w, struct event_base *base, const struct clock *clock,
		     const struct log *log, struct hypervisor **ret, struct err **err)
{
	struct qemu *h = xcalloc(1, sizeof(*h));
	pthread_condattr_t monotonic;

	(void)clock;
	h->base.ops = &hypervisor_qemu;
	h->world = w;
	h->log = log;
	h->clock = clock_real(-1);
	h->dir.lock_fd = -1;
	pthread_mutex_init(&h->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&h->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (set_up(h, base, err) < 0) {
		qemu_close(&h->base);
		return err_wrap(err, "hypervisor 'qemu'");
	}
	*ret = &h->base;
	return 0;
}

const struct hypervisor_ops hypervisor_qemu = {
	.name = "qemu",
	.open = qemu_open,
	.begin = qemu_begin,
	.status = qemu_status,
	.dial = qemu_dial,
	.describe = qemu_describe,
	.netns = qemu_netns,
	.outside = qemu_outside,
	.close = qemu_close,
};
