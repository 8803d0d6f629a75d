#include "fuzz.h"
#include "pve/access.h"
#include "pve/agent.h"
#include "pve/cluster.h"
#include "pve/mapping.h"
#include "pve/net.h"
#include "pve/node.h"
#include "pve/snapshot.h"
#include "pve/storage.h"

/*
 * Whatever a server answers, every family reads it or fails with an error. The first line of the
 * input is the status and reason, the rest is the body; every call gets the same answer.
 */
struct wire {
	struct http http;
	int status;
	const char *reason;
	const char *body;
	size_t body_len;
};

static int exchange(struct http *h, const struct http_request *q, struct http_response *ret,
		    struct err **err)
{
	struct wire *w = (struct wire *)h;

	(void)q;
	(void)err;
	ret->status = w->status;
	ret->reason = xstrdup(w->reason);
	buf_add(&ret->body, w->body, w->body_len);
	return 0;
}

static void counters(struct http *h, struct http_counters *ret)
{
	(void)h;
	*ret = (struct http_counters){ 0 };
}

static void nothing(struct http *h)
{
	(void)h;
}

static void on_line(void *ctx, const char *text)
{
	*(size_t *)ctx += strlen(text);
}

/* A call must give its result or an error, never neither. */
#define CALL(expression)                                                                           \
	do {                                                                                       \
		_cleanup_err_ struct err *err = NULL;                                              \
		fuzz_expect(((expression) == 0) == (err == NULL));                                 \
	} while (0)

static void lists(struct pve_client *c, struct arena *a)
{
	static const struct pve_vm vm = { "pve", 100 };
	struct pve_vm_entry *vms;
	struct pve_snapshot *snapshots;
	struct pve_storage *storages;
	struct pve_volume *volumes;
	struct pve_mapping *mappings;
	struct pve_member *members;
	struct pve_guest_nic *nics;
	struct pve_node *nodes;
	struct pve_task *tasks;
	struct pve_pci *devices;
	struct pve_net net;
	const char *parent;
	size_t n;

	CALL(pve_vm_list(c, "pve", a, &vms, &n, &err));
	CALL(pve_cluster_vms(c, a, &vms, &n, &err));
	CALL(pve_cluster_members(c, a, &members, &n, &err));
	CALL(pve_snapshot_list(c, vm, a, &snapshots, &n, &parent, &err));
	CALL(pve_storage_list(c, "pve", a, &storages, &n, &err));
	CALL(pve_storage_content(c, "pve", "local", NULL, a, &volumes, &n, &err));
	CALL(pve_mapping_list(c, a, &mappings, &n, &err));
	CALL(pve_pci_list(c, "pve", a, &devices, &n, &err));
	CALL(pve_node_list(c, a, &nodes, &n, &err));
	CALL(pve_task_list(c, "pve", NULL, a, &tasks, &n, &err));
	CALL(pve_net_list(c, "pve", a, &net, &err));
	CALL(pve_agent_interfaces(c, vm, a, &nics, &n, &err));
}

static void objects(struct pve_client *c, struct arena *a)
{
	static const struct pve_vm vm = { "pve", 100 };
	static const char upid[] = "UPID:pve:0000243D:0003253C:6B00DAFE:qmclone:9000:root@pam!ci:";
	_cleanup_pve_permissions_ struct pve_permissions permissions = { 0 };
	_cleanup_buf_ struct buf file = { 0 };
	struct pve_vm_status status;
	struct pve_version version;
	struct pve_osinfo os;
	struct pve_task task;
	const char *package;
	uint64_t next;
	uint32_t id;
	size_t n = 0;

	CALL(pve_vm_status(c, vm, a, &status, &err));
	CALL(pve_version_get(c, &version, &err));
	CALL(pve_agent_osinfo(c, vm, a, &os, &err));
	CALL(pve_agent_read(c, vm, "/x", 4096, &file, &err));
	CALL(pve_task_status(c, upid, a, &task, &err));
	CALL(pve_task_log(c, upid, 0, on_line, &n, &next, &err));
	CALL(pve_node_package(c, "pve", "ifupdown2", a, &package, &err));
	CALL(pve_cluster_next_id(c, &id, &err));
	CALL(pve_permissions_get(c, &permissions, &err));
	if (permissions.paths)
		pve_permissions_has(&permissions, "/vms/100", "VM.Audit");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_ops ops = { exchange, counters, nothing };
	_cleanup_free_ char *text = size ? xmemdup(data, size) : xstrdup("");
	const char *line_end = size ? memchr(text, '\n', size) : NULL;
	_cleanup_free_ char *reason = line_end ? xstrndup(text, (size_t)(line_end - text)) : NULL;
	struct secret token = { (char *)"x", 1 };
	int64_t now_ms = 0;
	struct clock clock = clock_fake(&now_ms);
	struct pve_client *c = NULL;
	_cleanup_arena_ struct arena a = { 0 };

	/* A log that fills every page goes on for ever: the server's own limit ends it, not ours.
	 */
	if (!line_end || strlen(reason) < 3 || size > 16384)
		return 0;
	struct wire w = { .http.ops = &ops, .reason = reason + 3, .body = line_end + 1 };
	w.status = (reason[0] & 7) * 100 + (reason[1] & 15) * 10 + (reason[2] & 15);
	w.body_len = size - (size_t)(line_end + 1 - text);
	struct pve_options o = {
		.endpoint = "pve",
		.login = { .user = "root@pam!ci", .token = &token },
		.clock = &clock,
		.http = &w.http,
		.seed = 1,
	};
	fuzz_expect(pve_client_new(&o, &c, NULL) == 0);
	lists(c, &a);
	objects(c, &a);
	pve_client_free(c);
	return 0;
}
