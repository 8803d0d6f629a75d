#include "pve/vm.h"

/* The life cycle: every verb is one POST (or DELETE, PUT) that starts a task named after it. */
struct verb {
	const char *method;
	const char *suffix; /* below /nodes/N/qemu/ID */
	const char *type;   /* of the task */
	const char *what;   /* for errors */
};

static int run(struct pve_client *c, struct pve_vm vm, const struct verb *v,
	       const struct pve_params *params, const struct pve_watch *w, struct err **err)
{
	_cleanup_free_ char *base = pve_path("/nodes/%s/qemu/%u", vm.node, vm.id);
	_cleanup_free_ char *path = xasprintf("%s%s", base, v->suffix);
	_cleanup_free_ char *id = xasprintf("%u", vm.id);
	_cleanup_free_ char *what = xasprintf("%s VM %u", v->what, vm.id);
	struct pve_job job = {
		.method = v->method,
		.path = path,
		.params = params,
		.node = vm.node,
		.type = v->type,
		.id = id,
		.what = what,
		/* Before 8.0.2 a resize is done within the call. */
		.call_ms = streq(v->type, "resize") ? 300000 : 0,
	};

	return pve_run(c, &job, w, err);
}

static void add_timeout(struct pve_params *p, uint32_t timeout_s)
{
	if (timeout_s)
		pve_params_add_int(p, "timeout", timeout_s);
}

int pve_vm_start(struct pve_client *c, struct pve_vm vm, uint32_t timeout_s,
		 const struct pve_watch *w, struct err **err)
{
	static const struct verb v = { "POST", "/status/start", "qmstart", "start" };
	_cleanup_pve_params_ struct pve_params p = { 0 };

	add_timeout(&p, timeout_s);
	return run(c, vm, &v, &p, w, err);
}

int pve_vm_stop(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w, struct err **err)
{
	static const struct verb v = { "POST", "/status/stop", "qmstop", "stop" };

	return run(c, vm, &v, NULL, w, err);
}

int pve_vm_shutdown(struct pve_client *c, struct pve_vm vm, uint32_t timeout_s, bool force,
		    const struct pve_watch *w, struct err **err)
{
	static const struct verb v = { "POST", "/status/shutdown", "qmshutdown", "shut down" };
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add_int(&p, "timeout", timeout_s ? timeout_s : 180);
	if (force)
		pve_params_add_bool(&p, "forceStop", true);
	return run(c, vm, &v, &p, w, err);
}

int pve_vm_reboot(struct pve_client *c, struct pve_vm vm, uint32_t timeout_s,
		  const struct pve_watch *w, struct err **err)
{
	static const struct verb v = { "POST", "/status/reboot", "qmreboot", "reboot" };
	_cleanup_pve_params_ struct pve_params p = { 0 };

	add_timeout(&p, timeout_s);
	return run(c, vm, &v, &p, w, err);
}

int pve_vm_reset(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w,
		 struct err **err)
{
	static const struct verb v = { "POST", "/status/reset", "qmreset", "reset" };

	return run(c, vm, &v, NULL, w, err);
}

int pve_vm_suspend(struct pve_client *c, struct pve_vm vm, bool to_disk, const struct pve_watch *w,
		   struct err **err)
{
	static const struct verb pause = { "POST", "/status/suspend", "qmpause", "suspend" };
	static const struct verb hibernate = { "POST", "/status/suspend", "qmsuspend", "suspend" };
	_cleanup_pve_params_ struct pve_params p = { 0 };

	if (to_disk)
		pve_params_add_bool(&p, "todisk", true);
	return run(c, vm, to_disk ? &hibernate : &pause, &p, w, err);
}

int pve_vm_resume(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w,
		  struct err **err)
{
	static const struct verb v = { "POST", "/status/resume", "qmresume", "resume" };

	return run(c, vm, &v, NULL, w, err);
}

int pve_vm_delete(struct pve_client *c, struct pve_vm vm, bool purge, const struct pve_watch *w,
		  struct err **err)
{
	static const struct verb v = { "DELETE", "", "qmdestroy", "delete" };
	_cleanup_pve_params_ struct pve_params p = { 0 };

	if (purge)
		pve_params_add_bool(&p, "purge", true);
	return run(c, vm, &v, &p, w, err);
}

int pve_vm_resize(struct pve_client *c, struct pve_vm vm, const char *disk, const char *size,
		  const struct pve_watch *w, struct err **err)
{
	static const struct verb v = { "PUT", "/resize", "resize", "resize a disk of" };
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add(&p, "disk", disk);
	pve_params_add(&p, "size", size);
	return run(c, vm, &v, &p, w, err);
}

int pve_vm_template(struct pve_client *c, struct pve_vm vm, const struct pve_watch *w,
		    struct err **err)
{
	static const struct verb v = { "POST", "/template", "qmtemplate", "make a template of" };

	return run(c, vm, &v, NULL, w, err);
}
