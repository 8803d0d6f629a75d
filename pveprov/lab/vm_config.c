#include "lab/fault.h"
#include "lab/firewall.h"
#include "lab/route.h"
#include "lab/seed.h"
#include "lab/storage.h"
#include "lab/vm_power.h"
#include "lab/vm_rights.h"
#include "lab/vm_values.h"
#include "base/strv.h"
#include "base/text.h"
#include "data/json.h"

#include <ctype.h>

enum { LOCK_MS = 10000 };

/* What a running machine takes at once; the rest waits until it is off. */
static bool is_live(const char *key)
{
	static const char *const live[] = { "description", "name", "onboot", "protection",
					    "startup",	   "tags", "net",    "unused" };

	for (size_t i = 0; i < ARRAY_SIZE(live); i++) {
		size_t n = strlen(live[i]);
		if (strncmp(live[i], key, n) == 0 && (!key[n] || isdigit(key[n])))
			return true;
	}
	return false;
}

static void set_value(struct vm *vm, const char *key, json_t *value)
{
	if (vm_is_running(vm) && !is_live(key)) {
		json_object_set_new(vm->pending, key, value);
		return;
	}
	json_object_set_new(vm->config, key, value);
	json_object_del(vm->pending, key);
}

/* A deleted disk becomes unusedN; a CD is simply gone. */
static void keep_unused(struct vm *vm, const char *key)
{
	const char *value = json_text(vm->config, key);
	char name[24];

	if (!vm_key_is_drive(key) || !value || vm_drive_is_cdrom(value))
		return;
	for (int i = 0;; i++) {
		snprintf(name, sizeof(name), "unused%d", i);
		if (json_object_get(vm->config, name))
			continue;
		json_object_set_new(vm->config, name, json_stringn(value, strcspn(value, ",")));
		return;
	}
}

static void delete_value(struct vm *vm, const char *key)
{
	json_object_del(vm->pending, key);
	if (!json_object_get(vm->config, key))
		return;
	if (vm_is_running(vm) && !is_live(key)) {
		json_object_set_new(vm->pending, key, json_null());
		return;
	}
	keep_unused(vm, key);
	json_object_del(vm->config, key);
}

static void plugged(void *ctx, const char *error, const json_t *result UNUSED)
{
	const struct lab *l = ctx;

	if (error)
		log_warning(l->log, "%s", error);
}

static void no_line(void *ctx UNUSED, const char *text UNUSED)
{
}

/* NICs change while the machine runs, and the firewall's rules with them. */
static void follow_nics(struct vm *vm, const json_t *before)
{
	struct hv_request r = { .op = HV_PLUG, .vmid = vm->vmid, .config = vm->config };
	bool changed = false;
	char key[8];

	for (int i = 0; i < 32; i++) {
		snprintf(key, sizeof(key), "net%d", i);
		const json_t *a = json_object_get(before, key), *b = json_object_get(vm->config, key);
		changed |= a != b && (!a || !b || !json_equal(a, b));
	}
	if (!changed)
		return;
	firewall_machines_changed(vm->lab);
	if (vm_is_running(vm))
		vm->lab->hypervisor->ops->begin(vm->lab->hypervisor, &r, no_line, plugged, vm->lab);
}

/* All values are made before the first is stored. *ret_why: malloc'd. */
static bool take(struct vm *vm, const json_t *params, char **ret_why)
{
	_cleanup_strv_ struct strv gone = { 0 };
	_cleanup_json_ json_t *before = json_copy(vm->config);
	json_t *stored = json_object(), *value;
	const char *key, *deletes = json_text(params, "delete"),
			 *reverts = json_text(params, "revert");

	json_object_foreach((json_t *)(uintptr_t)params, key, value) {
		const char *text = json_string_value(value);
		if (rights_is_option(key))
			continue;
		if (!*text && !streq(key, "description")) {
			delete_value(vm, key);
			continue;
		}
		json_t *made = values_store(vm, key, text, ret_why);
		if (!made) {
			json_decref(stored);
			return false;
		}
		json_object_set_new(stored, key, made);
	}
	strv_split(&gone, deletes ? deletes : "", ", ;");
	for (size_t i = 0; i < gone.n; i++)
		delete_value(vm, gone.v[i]);
	json_object_foreach(stored, key, value)
		if (streq(key, "description") && !*json_string_value(value))
			delete_value(vm, key);
		else
			set_value(vm, key, json_incref(value));
	json_decref(stored);
	strv_free(&gone);
	strv_split(&gone, reverts ? reverts : "", ", ;");
	for (size_t i = 0; i < gone.n; i++)
		json_object_del(vm->pending, gone.v[i]);
	follow_nics(vm, before);
	return true;
}

/* Under the lock: digest and lock of the configuration. NULL: answered. */
static struct vm *check(struct request *q)
{
	struct vm *vm = vm_need(q);
	const char *digest = param_text(q, "digest");
	char hex[41];

	if (!vm)
		return NULL;
	if (digest && !streq(digest, vm_digest(vm, hex))) {
		reply_error(q, 500, "checksum mismatch (file change by other user?)");
		return NULL;
	}
	if (vm_lock(vm) && !param_flag(q, "skiplock", false)) {
		reply_error(q, 500, "VM is locked (%s)", vm_lock(vm));
		return NULL;
	}
	return vm;
}

static void lock_refused(struct request *q)
{
	_cleanup_free_ char *name = vm_lock_name((int)param_int(q, "vmid", 0)),
			    *why = lock_timeout_text(name);

	reply_error(q, 500, "%s", why);
}

static void put_locked(void *ctx, struct lock *held)
{
	struct request *q = ctx;
	_cleanup_free_ char *why = NULL;
	struct vm *vm;

	if (!held) {
		lock_refused(q);
		return;
	}
	vm = check(q);
	if (vm && take(vm, q->param, &why))
		reply_null(q);
	else if (vm)
		reply_error(q, 500, "%s", why);
	lock_release(held);
}

/* Privileges come first, then the lock: both verbs. false: answered. */
static bool may_change(struct request *q)
{
	struct vm *vm = vm_find(q->lab, (int)param_int(q, "vmid", 0));

	if (param_flag(q, "skiplock", false) && !caller_is_root(&q->who)) {
		reply_param_error(q, "skiplock", "Only root may use this option.");
		return false;
	}
	return rights_request(q, vm) && vm_need(q);
}

static void put_config(struct request *q)
{
	_cleanup_free_ char *name = vm_lock_name((int)param_int(q, "vmid", 0));

	if (may_change(q))
		lock_take(q->lab, name, false, LOCK_MS, put_locked, q);
}

static void config_job_locked(struct job *j)
{
	struct vm *vm = job_vm(j);
	_cleanup_free_ char *why = NULL;

	if (!vm)
		return;
	if (take(vm, j->param, &why))
		job_done(j);
	else
		job_fail(j, "%s", why);
}

static void config_job(struct job *j)
{
	_cleanup_free_ char *name = vm_lock_name(j->vmid);

	job_lock(j, name, false, LOCK_MS, config_job_locked);
}

static void post_locked(void *ctx, struct lock *held)
{
	struct request *q = ctx;

	if (!held) {
		lock_refused(q);
		return;
	}
	lock_release(held);
	if (check(q))
		job_start(q, "qmconfig", param_text(q, "vmid"), config_job);
}

static void post_config(struct request *q)
{
	_cleanup_free_ char *name = vm_lock_name((int)param_int(q, "vmid", 0));

	if (may_change(q))
		lock_take(q->lab, name, false, LOCK_MS, post_locked, q);
}

static void mask_password(json_t *config)
{
	if (json_object_get(config, "cipassword"))
		json_object_set_new(config, "cipassword", json_string("**********"));
}

static void get_config(struct request *q)
{
	struct vm *vm = vm_need(q);
	const char *snapshot = param_text(q, "snapshot");
	json_t *config;
	char hex[41];

	if (!vm)
		return;
	if (snapshot) {
		json_t *s = json_object_get(vm->snapshots, snapshot);
		if (!s) {
			reply_error(q, 500, "snapshot '%s' does not exist", snapshot);
			return;
		}
		config = json_copy(s);
	} else {
		config = param_flag(q, "current", false) ? json_copy(vm->config)
							 : vm_config_pending(vm);
	}
	mask_password(config);
	json_object_set_new(config, "digest", json_string(vm_digest(vm, hex)));
	reply_data(q, config);
}

static json_t *as_text(const json_t *value)
{
	if (json_is_integer(value))
		return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return json_incref((json_t *)(uintptr_t)value);
}

static void get_pending(struct request *q)
{
	struct vm *vm = vm_need(q);
	json_t *list, *value;
	const char *key;
	char hex[41];

	if (!vm)
		return;
	list = json_array();
	json_object_foreach(vm->config, key, value) {
		json_t *e = json_pack("{s:s, s:o}", "key", key, "value", as_text(value));
		const json_t *waits = json_object_get(vm->pending, key);
		if (json_is_null(waits))
			json_object_set_new(e, "delete", json_integer(1));
		else if (waits)
			json_object_set_new(e, "pending", as_text(waits));
		if (streq(key, "cipassword"))
			json_object_set_new(e, "value", json_string("**********"));
		json_array_append_new(list, e);
	}
	json_object_foreach(vm->pending, key, value)
		if (!json_is_null(value) && !json_object_get(vm->config, key))
			json_array_append_new(list, json_pack("{s:s, s:o}", "key", key, "pending",
							      as_text(value)));
	json_array_append_new(
		list, json_pack("{s:s, s:s}", "key", "digest", "value", vm_digest(vm, hex)));
	reply_data(q, list);
}

static void get_cloudinit(struct request *q)
{
	static const char *const keys[] = { "ciuser",	    "cipassword", "sshkeys",   "nameserver",
					    "searchdomain", "cicustom",	  "ciupgrade", "name" };
	struct vm *vm = vm_need(q);
	json_t *list, *value;
	const char *key;

	if (!vm)
		return;
	list = json_array();
	json_object_foreach(vm->config, key, value) {
		bool wanted = starts_with(key, "ipconfig");
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			wanted |= streq(keys[i], key);
		if (wanted)
			json_array_append_new(list, json_pack("{s:s, s:o}", "key", key, "value",
							      streq(key, "cipassword")
								      ? json_string("**********")
								      : as_text(value)));
	}
	reply_data(q, list);
}

static void put_cloudinit(struct request *q)
{
	if (vm_need(q))
		reply_null(q);
}

static void get_dump(struct request *q)
{
	struct vm *vm = vm_need(q);
	const char *type = param_text(q, "type");
	_cleanup_seed_ struct seed seed = { 0 };
	_cleanup_err_ struct err *err = NULL;

	if (!vm)
		return;
	if (seed_make(vm->config, vm->vmid, &(struct seed_node){ 0 }, &seed, &err))
		reply_error(q, 500, "%s", err->text);
	else
		reply_text(q, buf_text(streq(type, "user")	? &seed.user_data
				       : streq(type, "network") ? &seed.network_config
								: &seed.meta_data));
}

const struct route vm_config_routes[] = {
	{ "GET", "/nodes/{node}/qemu/{vmid}/config", get_config },
	{ "PUT", "/nodes/{node}/qemu/{vmid}/config", put_config },
	{ "POST", "/nodes/{node}/qemu/{vmid}/config", post_config },
	{ "GET", "/nodes/{node}/qemu/{vmid}/pending", get_pending },
	{ "GET", "/nodes/{node}/qemu/{vmid}/cloudinit", get_cloudinit },
	{ "PUT", "/nodes/{node}/qemu/{vmid}/cloudinit", put_cloudinit },
	{ "GET", "/nodes/{node}/qemu/{vmid}/cloudinit/dump", get_dump },
	{ NULL },
};
