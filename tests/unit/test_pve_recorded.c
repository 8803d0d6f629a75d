#include "pve_stub.h"
#include "base/fs.h"
#include "pve/access.h"
#include "pve/agent.h"
#include "pve/cluster.h"
#include "pve/mapping.h"
#include "pve/net.h"
#include "pve/node.h"
#include "pve/snapshot.h"
#include "pve/storage.h"

/*
 * Every recorded answer that a family of endpoints reads is fed to it through the client; what it
 * makes of all of them is one golden file. GOLDEN_UPDATE=1 writes it anew.
 */

static const struct pve_vm vm = { "pve", 100 };

struct reading {
	struct pve_client *c;
	struct arena *a;
	struct buf *out;
	const char *path; /* of the recording */
};

static const char *shown(const char *text)
{
	return text ? text : "-";
}

static int read_vms(struct reading *r, struct pve_vm_entry *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(r->out,
			 "  %u %s %s %s lock=%s tags=%s template=%d %.0f cpus %" PRId64 "/%" PRId64
			 "\n",
			 list[i].id, list[i].node, shown(list[i].name), list[i].status,
			 shown(list[i].lock), shown(list[i].tags), list[i].template, list[i].cpus,
			 list[i].max_memory_bytes, list[i].max_disk_bytes);
	return 0;
}

static int vm_list(struct reading *r, struct err **err)
{
	struct pve_vm_entry *list;
	size_t n;

	return pve_vm_list(r->c, "pve", r->a, &list, &n, err) < 0 ? -1 : read_vms(r, list, n);
}

static int cluster_vms(struct reading *r, struct err **err)
{
	struct pve_vm_entry *list;
	size_t n;

	return pve_cluster_vms(r->c, r->a, &list, &n, err) < 0 ? -1 : read_vms(r, list, n);
}

static int vm_status(struct reading *r, struct err **err)
{
	struct pve_vm_status s;

	if (pve_vm_status(r->c, vm, r->a, &s, err) < 0)
		return -1;
	buf_addf(r->out,
		 "  %s running=%d paused=%d agent=%d lock=%s up=%" PRId64 " pid=%" PRId64 "\n",
		 shown(s.name), s.running, s.paused, s.agent_enabled, shown(s.lock), s.uptime_s,
		 s.pid);
	return 0;
}

static int next_id(struct reading *r, struct err **err)
{
	uint32_t id;

	if (pve_cluster_next_id(r->c, &id, err) < 0)
		return -1;
	buf_addf(r->out, "  %u\n", id);
	return 0;
}

static int members(struct reading *r, struct err **err)
{
	struct pve_member *list;
	size_t n;

	if (pve_cluster_members(r->c, r->a, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		buf_addf(r->out, "  %s %s online=%d local=%d\n", list[i].node,
			 shown(list[i].address), list[i].online, list[i].local);
	return 0;
}

static void show_task(struct reading *r, const struct pve_task *t)
{
	buf_addf(r->out, "  %s %s %s %s %" PRId64 "-%" PRId64 " %s\n", t->upid, shown(t->type),
		 shown(t->id), shown(t->user), t->start_s, t->end_s, shown(t->status));
}

static int tasks(struct reading *r, struct err **err)
{
	struct pve_task *list;
	size_t n;

	if (pve_task_list(r->c, "pve", NULL, r->a, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		show_task(r, &list[i]);
	return 0;
}

static int task_status(struct reading *r, struct err **err)
{
	const char *at = strstr(r->path, "UPID:");
	struct pve_upid u;
	struct pve_task t;
	char *upid = arena_strndup(r->a, at, strcspn(at, "/"));

	assert_true(pve_upid_parse(upid, &u));
	if (pve_task_status(r->c, upid, r->a, &t, err) < 0)
		return -1;
	show_task(r, &t);
	return 0;
}

static void on_line(void *ctx, const char *text)
{
	buf_addf(ctx, "  | %s\n", text);
}

static int task_log(struct reading *r, struct err **err)
{
	const char *at = strstr(r->path, "UPID:");
	uint64_t next;

	return pve_task_log(r->c, arena_strndup(r->a, at, strcspn(at, "/")), 0, on_line, r->out,
			    &next, err);
}

static int snapshots(struct reading *r, struct err **err)
{
	struct pve_snapshot *list;
	const char *parent;
	size_t n;

	if (pve_snapshot_list(r->c, vm, r->a, &list, &n, &parent, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		buf_addf(r->out, "  %s on %s '%s' %" PRId64 " memory=%d\n", list[i].name,
			 shown(list[i].parent), list[i].description, list[i].time_s,
			 list[i].with_memory);
	buf_addf(r->out, "  now on %s\n", shown(parent));
	return 0;
}

static int network(struct reading *r, struct err **err)
{
	struct pve_net net;

	if (pve_net_list(r->c, "pve", r->a, &net, err) < 0)
		return -1;
	for (size_t i = 0; i < net.n; i++) {
		const struct pve_iface *f = &net.ifaces[i];
		buf_addf(r->out,
			 "  %s %s %s cidr=%s gateway=%s ports=%s slaves=%s active=%d auto=%d "
			 "vlan=%d # %s\n",
			 f->name, f->type, f->method, shown(f->cidr), shown(f->gateway),
			 shown(f->ports), shown(f->slaves), f->active, f->autostart, f->vlan_aware,
			 shown(f->comment));
	}
	buf_addf(r->out, "  pending: %s\n", net.changes ? "yes" : "no");
	return 0;
}

static int version(struct reading *r, struct err **err)
{
	struct pve_version v;

	if (pve_version_get(r->c, &v, err) < 0)
		return -1;
	buf_addf(r->out, "  %u %u %u\n", v.major, v.minor, v.patch);
	return 0;
}

static int storages(struct reading *r, struct err **err)
{
	struct pve_storage *list;
	size_t n;

	if (pve_storage_list(r->c, "pve", r->a, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		buf_addf(r->out, "  %s %s %s %d%d%d %" PRId64 "/%" PRId64 "\n", list[i].name,
			 list[i].type, list[i].content, list[i].enabled, list[i].active,
			 list[i].shared, list[i].available_bytes, list[i].total_bytes);
	return 0;
}

static int content(struct reading *r, struct err **err)
{
	struct pve_volume *list;
	size_t n;

	if (pve_storage_content(r->c, "pve", "vmstore", NULL, r->a, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		buf_addf(r->out, "  %s %s %s %u %" PRId64 "\n", list[i].id, shown(list[i].content),
			 shown(list[i].format), list[i].vm, list[i].size_bytes);
	return 0;
}

static int pci(struct reading *r, struct err **err)
{
	struct pve_pci *list;
	size_t n;

	if (pve_pci_list(r->c, "pve", r->a, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		buf_addf(r->out, "  %s %04x:%04x %04x:%04x class %06x group %" PRId64 "\n",
			 list[i].id, list[i].vendor, list[i].device, list[i].sub_vendor,
			 list[i].sub_device, list[i].class, list[i].iommu_group);
	return 0;
}

static int mappings(struct reading *r, struct err **err)
{
	struct pve_mapping *list;
	size_t n;

	if (pve_mapping_list(r->c, r->a, &list, &n, err) < 0)
		return -1;
	buf_addf(r->out, "  %zu\n", n);
	return 0;
}

static int permissions(struct reading *r, struct err **err)
{
	_cleanup_pve_permissions_ struct pve_permissions p = { 0 };

	if (pve_permissions_get(r->c, &p, err) < 0)
		return -1;
	buf_addf(r->out, "  VM.Audit on /vms/100: %d, VM.PowerMgmt: %d\n",
		 pve_permissions_has(&p, "/vms/100", "VM.Audit"),
		 pve_permissions_has(&p, "/vms/100", "VM.PowerMgmt"));
	return 0;
}

static int interfaces(struct reading *r, struct err **err)
{
	struct pve_guest_nic *list;
	char mac[ADDR_MAC_TEXT_MAX], text[ADDR_TEXT_MAX];
	size_t n;

	if (pve_agent_interfaces(r->c, vm, r->a, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		buf_addf(r->out, "  %s %s", list[i].name, addr_mac_text(&list[i].mac, mac));
		for (size_t k = 0; k < list[i].n_addrs; k++)
			buf_addf(r->out, " %s", addr_cidr_text(&list[i].addrs[k], text));
		buf_addc(r->out, '\n');
	}
	return 0;
}

static int osinfo(struct reading *r, struct err **err)
{
	struct pve_osinfo os;

	if (pve_agent_osinfo(r->c, vm, r->a, &os, err) < 0)
		return -1;
	buf_addf(r->out, "  %s %s %s %s %s\n", os.id, shown(os.name), shown(os.version_id),
		 shown(os.kernel), shown(os.machine));
	return 0;
}

static int file(struct reading *r, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (pve_agent_read(r->c, vm, "/tmp/x.txt", 1000, &b, err) < 0)
		return -1;
	buf_addf(r->out, "  %zu bytes\n", b.len);
	return 0;
}

/* By what the path (without query) begins and ends with. */
static const struct {
	const char *begin, *end;
	int (*read)(struct reading *r, struct err **err);
} readers[] = {
	{ "/access/permissions", "/permissions", permissions },
	{ "/cluster/mapping/pci", "/pci", mappings },
	{ "/cluster/nextid", "/nextid", next_id },
	{ "/cluster/resources", "/resources", cluster_vms },
	{ "/cluster/status", "/status", members },
	{ "/nodes/pve/hardware/pci", "/pci", pci },
	{ "/nodes/pve/network", "/network", network },
	{ "/nodes/pve/qemu/", "/agent/file-read", file },
	{ "/nodes/pve/qemu/", "/agent/get-osinfo", osinfo },
	{ "/nodes/pve/qemu/", "/agent/network-get-interfaces", interfaces },
	{ "/nodes/pve/qemu/", "/snapshot", snapshots },
	{ "/nodes/pve/qemu/", "/status/current", vm_status },
	{ "/nodes/pve/qemu", "/qemu", vm_list },
	{ "/nodes/pve/storage/", "/content", content },
	{ "/nodes/pve/storage", "/storage", storages },
	{ "/nodes/pve/tasks/", "/log", task_log },
	{ "/nodes/pve/tasks/", "/status", task_status },
	{ "/nodes/pve/tasks", "/tasks", tasks },
	{ "/version", "/version", version },
};

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

static size_t one_recording(const json_t *j, struct buf *out)
{
	const json_t *request = json_map(j, "request");
	const char *path = json_text(request, "path"), *method = json_text(request, "method");
	const char *body = json_text(j, "body");

	if (!path || !body || !streq(method, "GET") || json_int(j, "status", 0) != 200 ||
	    !starts_with(path, "/api2/json"))
		return 0;
	path += strlen("/api2/json");
	size_t len = strcspn(path, "?");
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		if (!starts_with(path, readers[i].begin) || !ends_with(path, len, readers[i].end))
			continue;
		const struct stub_step step = { "GET *", .status = 200, .answer = body };
		_cleanup_arena_ struct arena a = { 0 };
		struct stub s;
		struct pve_client *c = stub_open(&s, &step, 1, NULL);
		struct reading r = { c, &a, out, path };
		buf_addf(out, "%s\n", json_text(j, "name"));
		assert_works(readers[i].read(&r, &err));
		stub_close_all(&s, c);
		return 1;
	}
	return 0;
}

static void every_recorded_answer_is_read(void **state UNUSED)
{
	_cleanup_free_ char *recordings =
		xasprintf("%s/tests/recordings/pve-9.2.jsonl", getenv("SOURCE"));
	_cleanup_free_ char *golden = xasprintf("%s/pve/answers.txt", getenv("GOLDEN"));
	_cleanup_buf_ struct buf lines = { 0 }, out = { 0 }, expected = { 0 };
	size_t n = 0;

	assert_works(fs_read(recordings, 1 << 20, &lines, &err));
	for (char *line = lines.data; *line;) {
		_cleanup_json_ json_t *j = NULL;
		size_t len = strcspn(line, "\n");
		assert_works(json_parse("recording", line, len, &j, &err));
		n += one_recording(j, &out);
		line += len + (line[len] == '\n');
	}
	assert_true(n > 60);
	if (getenv("GOLDEN_UPDATE"))
		assert_works(fs_write(golden, out.data, out.len, 0644, &err));
	assert_works(fs_read(golden, 1 << 20, &expected, &err));
	if (!streq(buf_text(&expected), buf_text(&out)))
		fail_msg("%s differs; GOLDEN_UPDATE=1 writes it anew. Now:\n%s", golden,
			 buf_text(&out));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_recorded_answer_is_read) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
