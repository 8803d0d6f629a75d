#include "fake_node.h"

#include "base/strv.h"
#include "base/text.h"
#include "data/digest.h"
#include "test.h"

/* What a call is made of. */
struct call {
	struct fake_node *f;
	const char *method;
	char *path;    /* without the query */
	json_t *form;  /* decoded query and body */
	struct strv p; /* the path's parts */
	struct http_response *r;
};

static void answer(struct call *c, json_t *data)
{
	_cleanup_json_ json_t *all = json_pack("{s:o}", "data", data);
	_cleanup_free_ char *text = json_dump_text(all);

	c->r->status = 200;
	c->r->reason = xstrdup("OK");
	buf_adds(&c->r->body, text);
}

static void refuse(struct call *c, int status, const char *text)
{
	_cleanup_json_ json_t *all =
		json_pack("{s:n, s:o}", "data", "message", json_sprintf("%s\n", text));
	_cleanup_free_ char *body = json_dump_text(all);

	c->r->status = status;
	c->r->reason = xstrdup(text);
	buf_adds(&c->r->body, body);
}

static const char *form(const struct call *c, const char *key)
{
	return json_text(c->form, key);
}

static void task(struct call *c, const char *type, const char *id)
{
	_cleanup_free_ char *upid = xasprintf(
		"UPID:pve:%08X:00000001:66000000:%s:%s:root@pam!ci:", ++c->f->n_tasks, type, id);
	bool fails = c->f->fail_text && !c->f->fail;

	json_object_set_new(c->f->tasks, upid, json_string(fails ? c->f->fail_text : "OK"));
	if (fails)
		c->f->fail_text = NULL;
	answer(c, json_string(upid));
}

/* The call's own rule: true when its task is to fail, so that nothing is done. */
static bool task_fails(const struct call *c)
{
	return c->f->fail_text && !c->f->fail;
}

json_t *fake_node_vm(struct fake_node *f, const char *id)
{
	return json_object_get(f->vms, id);
}

json_t *fake_node_config(struct fake_node *f, const char *id)
{
	return json_object_get(fake_node_vm(f, id), "config");
}

void fake_node_add(struct fake_node *f, const char *id, json_t *config, const char *status)
{
	json_object_set_new(
		f->vms, id,
		json_pack("{s:o, s:s, s:{}}", "config", config, "status", status, "snapshots"));
}

static json_t *entry(const char *id, json_t *vm, bool cluster)
{
	json_t *config = json_object_get(vm, "config");
	json_t *e = json_pack("{s:i, s:s, s:s}", "vmid", (int)strtol(id, NULL, 10), "name",
			      json_text(config, "name"), "status", json_text(vm, "status"));

	if (cluster)
		json_object_update_new(e, json_pack("{s:s, s:s, s:s++}", "type", "qemu", "node",
						    "pve", "id", "qemu/", id, ""));
	if (json_flag(config, "template", false))
		json_object_set_new(e, "template", json_integer(1));
	return e;
}

static json_t *list(struct fake_node *f, bool cluster)
{
	json_t *all = json_array(), *vm;
	const char *id;

	json_object_foreach(f->vms, id, vm)
		json_array_append_new(all, entry(id, vm, cluster));
	return all;
}

static void digest(json_t *config)
{
	char hex[DIGEST_SHA1_HEX];

	json_object_del(config, "digest");
	_cleanup_free_ char *text = json_dump_text(config);
	json_object_set_new(config, "digest", json_string(digest_sha1(text, strlen(text), hex)));
}

static void put_config(struct call *c, json_t *config)
{
	const char *key, *sent = form(c, "digest");
	json_t *value;
	_cleanup_strv_ struct strv gone = { 0 };

	if (sent && !streq_null(sent, json_text(config, "digest"))) {
		refuse(c, 500, "checksum mismatch (file change by other user?)");
		return;
	}
	strv_split(&gone, form(c, "delete") ? form(c, "delete") : "", ",");
	for (size_t i = 0; i < gone.n; i++)
		json_object_del(config, gone.v[i]);
	json_object_foreach(c->form, key, value)
		if (!streq(key, "digest") && !streq(key, "delete"))
			json_object_set(config, key, value);
	digest(config);
	answer(c, json_null());
}

static void clone_vm(struct call *c)
{
	const char *id = form(c, "newid");

	if (fake_node_vm(c->f, id)) {
		refuse(c, 500, "unable to create VM: config file already exists");
		return;
	}
	if (!task_fails(c)) {
		json_t *config = json_deep_copy(fake_node_config(c->f, c->p.v[3]));
		json_object_del(config, "template");
		json_object_set_new(config, "name", json_string(form(c, "name")));
		json_object_set_new(config, "description", json_string(form(c, "description")));
		digest(config);
		fake_node_add(c->f, id, config, "stopped");
	}
	task(c, "qmclone", c->p.v[3]);
}

static void snapshot(struct call *c, json_t *vm)
{
	json_t *config = json_object_get(vm, "config"), *all = json_object_get(vm, "snapshots");
	const char *name = form(c, "snapname");

	if (!task_fails(c)) {
		json_object_set_new(all, name, json_deep_copy(config));
		json_object_set_new(config, "parent", json_string(name));
		digest(config);
	}
	task(c, "qmsnapshot", c->p.v[3]);
}

static void rollback(struct call *c, json_t *vm)
{
	json_t *config = json_object_get(vm, "config");
	json_t *old = json_deep_copy(json_object_get(json_object_get(vm, "snapshots"), c->p.v[5]));

	json_object_set(old, "description", json_object_get(config, "description"));
	json_object_set_new(old, "parent", json_string(c->p.v[5]));
	digest(old);
	json_object_set_new(vm, "config", old);
	json_object_set_new(vm, "status", json_string("stopped"));
	task(c, "qmrollback", c->p.v[3]);
}

static json_t *snapshots(json_t *vm)
{
	json_t *all = json_array(), *config;
	const char *name;

	json_object_foreach(json_object_get(vm, "snapshots"), name, config)
		json_array_append_new(all, json_pack("{s:s, s:i}", "name", name, "snaptime", 1));
	json_array_append_new(
		all, json_pack("{s:s, s:s}", "name", "current", "description", "You are here!"));
	return all;
}

/* /nodes/pve/qemu/ID/... */
static void machine(struct call *c)
{
	json_t *vm = fake_node_vm(c->f, c->p.v[3]);
	const char *what = c->p.n > 4 ? c->p.v[4] : "", *more = c->p.n > 5 ? c->p.v[5] : "";
	bool get = streq(c->method, "GET"), post = streq(c->method, "POST");

	if (!vm)
		refuse(c, 500, "Configuration file 'nodes/pve/qemu-server/1.conf' does not exist");
	else if (streq(what, "config") && get)
		answer(c, json_deep_copy(json_object_get(vm, "config")));
	else if (streq(what, "config"))
		put_config(c, json_object_get(vm, "config"));
	else if (streq(what, "pending"))
		answer(c, json_array());
	else if (streq(what, "clone") && post)
		clone_vm(c);
	else if (streq(what, "feature"))
		answer(c, json_pack("{s:b}", "hasFeature", c->f->can_clone));
	else if (streq(what, "snapshot") && get)
		answer(c, snapshots(vm));
	else if (streq(what, "snapshot") && post && c->p.n > 6)
		rollback(c, vm);
	else if (streq(what, "snapshot") && post)
		snapshot(c, vm);
	else if (streq(what, "status") && streq(more, "current"))
		answer(c, json_pack("{s:s, s:i}", "status", json_text(vm, "status"), "agent", 1));
	else if (streq(what, "status") && post) {
		json_object_set_new(vm, "status",
				    json_string(streq(more, "start") ? "running" : "stopped"));
		task(c, streq(more, "start") ? "qmstart" : "qmstop", c->p.v[3]);
	} else if (c->p.n == 4 && streq(c->method, "DELETE")) {
		json_object_del(c->f->vms, c->p.v[3]);
		task(c, "qmdestroy", c->p.v[3]);
	} else {
		refuse(c, 501, "Method not implemented");
	}
}

static json_t *iface(json_t *list_, const char *name, size_t *ret)
{
	size_t i;
	json_t *f;

	json_array_foreach(list_, i, f)
		if (streq_null(json_text(f, "iface"), name)) {
			*ret = i;
			return f;
		}
	return NULL;
}

static void stage(struct call *c, bool remove)
{
	struct fake_node *f = c->f;
	const char *name = c->p.n > 3 ? c->p.v[3] : form(c, "iface");
	size_t at = 0;

	if (!f->staged)
		f->staged = json_deep_copy(f->ifaces);
	json_t *old = iface(f->staged, name, &at);
	if (remove)
		json_array_remove(f->staged, at);
	else if (old)
		json_object_update(old, c->form);
	else
		json_array_append(f->staged, c->form);
	char *changes =
		xasprintf("%s%sauto %s\n%siface %s inet static\n", f->changes ? f->changes : "",
			  remove ? "-" : "+", name, remove ? "-" : "+", name);
	free(f->changes);
	f->changes = changes;
	answer(c, json_null());
}

static void network(struct call *c)
{
	struct fake_node *f = c->f;
	size_t at = 0;

	if (streq(c->method, "GET")) {
		_cleanup_json_ json_t *all =
			json_pack("{s:O}", "data", f->staged ? f->staged : f->ifaces);
		if (f->changes)
			json_object_set_new(all, "changes", json_string(f->changes));
		_cleanup_free_ char *text = json_dump_text(all);
		c->r->status = 200;
		c->r->reason = xstrdup("OK");
		buf_adds(&c->r->body, text);
		return;
	}
	if (c->p.n > 3 || streq(c->method, "POST")) {
		if (streq(c->method, "POST") &&
		    iface(f->staged ? f->staged : f->ifaces, form(c, "iface"), &at))
			refuse(c, 400, "Parameter verification failed.");
		else
			stage(c, streq(c->method, "DELETE"));
		return;
	}
	bool apply = streq(c->method, "PUT");
	if (f->staged && (!apply || !task_fails(c))) {
		if (apply) {
			json_decref(f->ifaces);
			f->ifaces = json_incref(f->staged);
			size_t i;
			json_t *up;
			json_array_foreach(f->ifaces, i, up)
				json_object_set_new(up, "active", json_integer(1));
		}
		json_decref(f->staged);
		f->staged = NULL;
		free(f->changes);
		f->changes = NULL;
	}
	if (apply)
		task(c, "srvreload", "networking");
	else
		answer(c, json_null());
}

static void tasks(struct call *c)
{
	const char *upid = c->p.n > 3 ? c->p.v[3] : "", *what = c->p.n > 4 ? c->p.v[4] : "";
	const char *exit_text = json_text(c->f->tasks, upid);

	if (streq(what, "status") && exit_text)
		answer(c, json_pack("{s:s, s:s, s:s}", "upid", upid, "status", "stopped",
				    "exitstatus", exit_text));
	else if (streq(what, "log"))
		answer(c, json_pack("[{s:i, s:s}]", "n", 1, "t",
				    streq_null(exit_text, "OK") ? "TASK OK"
								: "TASK ERROR: it went wrong"));
	else
		answer(c, json_array());
}

static void mapping(struct call *c)
{
	if (streq(c->method, "GET")) {
		answer(c, json_incref(c->f->mappings));
		return;
	}
	if (streq(c->method, "POST"))
		json_array_append_new(
			c->f->mappings,
			json_pack("{s:s, s:s, s:[s]}", "id", form(c, "id"), "description",
				  form(c, "description") ? form(c, "description") : "", "map",
				  form(c, "map")));
	else
		json_array_clear(c->f->mappings);
	answer(c, json_null());
}

static void ticket(struct call *c)
{
	answer(c, json_pack("{s:s, s:s, s:s}", "username", "root@pam", "ticket",
			    "PVE:root@pam:66000000::eA==", "CSRFPreventionToken", "66000000:eA=="));
}

static void route(struct call *c)
{
	struct fake_node *f = c->f;

	if (streq(c->path, "/access/ticket"))
		ticket(c);
	else if (streq(c->path, "/access/permissions") && form(c, "path"))
		answer(c,
		       json_pack("{s:O}", form(c, "path"), json_object_get(f->permissions, "/")));
	else if (streq(c->path, "/access/permissions"))
		answer(c, json_deep_copy(f->permissions));
	else if (streq(c->path, "/version"))
		answer(c, json_pack("{s:s, s:s}", "version", f->version, "release", "9"));
	else if (streq(c->path, "/nodes"))
		answer(c, json_pack("[{s:s, s:s}]", "node", "pve", "status", "online"));
	else if (streq(c->path, "/cluster/resources"))
		answer(c, list(f, true));
	else if (starts_with(c->path, "/cluster/mapping/pci"))
		mapping(c);
	else if (streq(c->path, "/nodes/pve/hardware/pci"))
		answer(c, json_incref(f->pci));
	else if (streq(c->path, "/nodes/pve/apt/versions"))
		answer(c, f->ifupdown2
				  ? json_pack("[{s:s, s:s, s:s}]", "Package", "ifupdown2",
					      "OldVersion", "3.3.0", "CurrentState", "Installed")
				  : json_array());
	else if (streq(c->path, "/nodes/pve/qemu"))
		answer(c, list(f, false));
	else if (starts_with(c->path, "/nodes/pve/qemu/"))
		machine(c);
	else if (starts_with(c->path, "/nodes/pve/network"))
		network(c);
	else if (starts_with(c->path, "/nodes/pve/tasks"))
		tasks(c);
	else if (streq(c->path, "/nodes/pve/storage"))
		answer(c, json_pack("[{s:s, s:s, s:s, s:i, s:i}]", "storage", "vmstore", "type",
				    "dir", "content", "images", "enabled", 1, "active", 1));
	else
		refuse(c, 501, "Method not implemented");
}

static void read_form(json_t *into, const char *text)
{
	_cleanup_strv_ struct strv pairs = { 0 };

	strv_split(&pairs, text ? text : "", "&");
	for (size_t i = 0; i < pairs.n; i++) {
		char *value = strchr(pairs.v[i], '=');
		if (!value)
			continue;
		*value++ = '\0';
		_cleanup_free_ char *decoded = pve_percent_decode(value);
		json_object_set_new(into, pairs.v[i], json_string(decoded));
	}
}

static int exchange(struct http *h, const struct http_request *q, struct http_response *ret,
		    struct err **err)
{
	struct fake_node *f = (struct fake_node *)h;
	_cleanup_json_ json_t *values = json_object();
	_cleanup_free_ char *path = xstrdup(q->target + strlen("/api2/json"));
	_cleanup_free_ char *line = NULL;
	struct call c = { .f = f, .method = q->method, .path = path, .form = values, .r = ret };

	(void)err;
	pthread_mutex_lock(&f->lock);
	__atomic_add_fetch(&f->now_ms, 10, __ATOMIC_RELAXED);
	f->requests++;
	char *query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	read_form(values, query);
	read_form(values, q->body);
	strv_split(&c.p, path, "/");
	for (size_t i = 0; i < c.p.n; i++) {
		char *decoded = pve_percent_decode(c.p.v[i]);
		free(c.p.v[i]);
		c.p.v[i] = decoded;
	}
	line = xasprintf("%s %s", q->method, path);
	if (!streq(q->method, "GET"))
		buf_addf(&f->log, "%s %s\n", line, q->body ? q->body : "");
	if (f->fail && starts_with(line, f->fail)) {
		f->fail = NULL;
		if (!starts_with(f->fail_text, "task:")) {
			refuse(&c, starts_with(f->fail_text, "Method ") ? 501 : 500, f->fail_text);
			f->fail_text = NULL;
			goto out;
		}
		f->fail_text += strlen("task:");
	}
	route(&c);
out:
	pthread_mutex_unlock(&f->lock);
	strv_free(&c.p);
	return 0;
}

static void counters(struct http *h, struct http_counters *ret)
{
	*ret = (struct http_counters){ .requests = ((struct fake_node *)h)->requests };
}

static void close_http(struct http *h UNUSED)
{
}

static const struct http_ops ops = { exchange, counters, close_http };

static int64_t now_ms(const struct clock *c)
{
	return __atomic_load_n((int64_t *)c->ctx, __ATOMIC_RELAXED);
}

static int64_t wall_s(const struct clock *c)
{
	return 1700000000 + now_ms(c) / 1000;
}

static int sleep_ms(const struct clock *c, int64_t ms)
{
	__atomic_add_fetch((int64_t *)c->ctx, ms, __ATOMIC_RELAXED);
	return 0;
}

static const struct clock_ops clock_ops = { now_ms, wall_s, sleep_ms };

static json_t *template(const char *name)
{
	json_t *config = json_pack(
		"{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name", name, "template", 1,
		"agent", "1", "scsi0", "vmstore:9000/base-9000-disk-0.qcow2,size=2G", "ide2",
		"vmstore:9000/vm-9000-cloudinit.qcow2,media=cdrom", "net0",
		"virtio=BC:24:11:00:00:01,bridge=vmbr0", "ipconfig0", "ip=dhcp", "memory", "512",
		"description", "a template", "boot", "order=scsi0");

	assert_non_null(config);
	digest(config);
	return config;
}

void fake_node_open(struct fake_node *f)
{
	*f = (struct fake_node){
		.http.ops = &ops, .version = "9.2.11", .ifupdown2 = true, .can_clone = true
	};
	pthread_mutex_init(&f->lock, NULL);
	f->clock = (struct clock){ .ops = &clock_ops, .ctx = &f->now_ms, .cancel_fd = -1 };
	f->vms = json_object();
	f->tasks = json_object();
	f->mappings = json_array();
	f->permissions = json_object();
	f->pci = json_array();
	f->ifaces = json_pack("[{s:s, s:s, s:s, s:s, s:s, s:s, s:i}, {s:s, s:s, s:i}]", "iface",
			      "vmbr0", "type", "bridge", "method", "static", "cidr", "10.0.0.5/24",
			      "gateway", "10.0.0.1", "bridge_ports", "eno1", "active", 1, "iface",
			      "eno1", "type", "eth", "active", 1);
	for (int i = 0; i < 4; i++)
		json_array_append_new(f->pci,
				      json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:i}", "id",
						json_sprintf("0000:01:00.%d", i), "class",
						"0x020000", "vendor", "0x8086", "device", "0x1521",
						"subsystem_vendor", "0x8086", "subsystem_device",
						"0x0001", "iommugroup", 14));
	fake_node_add(f, "9000", template("debian"), "stopped");
	fake_node_add(f, "9001", template("test"), "stopped");
}

void fake_node_close(struct fake_node *f)
{
	json_decref(f->vms);
	json_decref(f->tasks);
	json_decref(f->mappings);
	json_decref(f->permissions);
	json_decref(f->pci);
	json_decref(f->ifaces);
	json_decref(f->staged);
	free(f->changes);
	buf_free(&f->log);
	pthread_mutex_destroy(&f->lock);
}

struct pve_client *fake_node_client(struct fake_node *f, bool as_root)
{
	struct secret secret = { (char *)"secret", 6 };
	struct pve_client *c = NULL;
	const struct pve_options o = {
		.endpoint = "https://10.0.0.5:8006",
		.clock = &f->clock,
		.http = &f->http,
		.seed = 7,
		.login = { .user = as_root ? "root@pam" : "root@pam!ci",
			   .token = as_root ? NULL : &secret,
			   .password = as_root ? &secret : NULL },
	};

	assert_works(pve_client_new(&o, &c, &err));
	if (as_root)
		assert_works(pve_auth_login(c, &err));
	return c;
}
