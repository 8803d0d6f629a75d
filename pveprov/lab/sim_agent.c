#include "lab/sim_exec.h"
#include "data/digest.h"
#include "data/json.h"

enum { READ_MAX = 48 << 20 };

struct call {
	struct sim *sim;
	struct sim_vm *vm;
	const json_t *args;
	char **error;
};

static json_t *fail(const struct call *c, const char *fmt, ...) PRINTF(2, 3);
static json_t *fail(const struct call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*c->error = xvasprintf(fmt, ap);
	va_end(ap);
	return NULL;
}

static json_t *ping(const struct call *c UNUSED)
{
	return json_object();
}

static json_t *network(const struct call *c)
{
	json_t *list = sim_interfaces(c->sim, c->vm), *nic, *ip;
	size_t i, k;

	json_array_foreach(list, i, nic)
		json_array_foreach(json_list(nic, "ip-addresses"), k, ip)
			json_object_del(ip, "dynamic"); /* the agent does not tell */
	return list;
}

static json_t *osinfo(const struct call *c)
{
	const struct world_guest *k = c->vm->kind;
	const char *name = k ? k->os_name : "Debian GNU/Linux", *version = k ? k->os_version : "13";

	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s}", "id", k ? k->os : "debian", "name",
			 name, "pretty-name", json_sprintf("%s %s", name, version), "version-id",
			 version, "kernel-release", "6.12.48+deb13-amd64", "kernel-version",
			 "#1 SMP PREEMPT_DYNAMIC", "machine", "x86_64");
}

static json_t *host_name(const struct call *c)
{
	const char *name = json_text(c->vm->config, "name");

	return json_pack("{s:s}", "host-name", name ? name : "localhost");
}

static json_t *get_time(const struct call *c)
{
	return json_integer(clock_wall_s(c->sim->clock) * 1000000000);
}

static json_t *fsfreeze(const struct call *c UNUSED)
{
	return json_string("thawed");
}

static json_t *fsinfo(const struct call *c UNUSED)
{
	return json_pack("[{s:s, s:s, s:s, s:[]}]", "name", "vda1", "mountpoint", "/", "type",
			 "ext4", "disk");
}

static void add_output(json_t *p, const char *data, const char *truncated, struct buf *b)
{
	_cleanup_free_ char *text = b->len ? digest_base64(b->data, b->len) : NULL;

	if (!text)
		return;
	json_object_set_new(p, data, json_string(text));
	json_object_set_new(p, truncated, json_false());
}

static json_t *exec(const struct call *c)
{
	_cleanup_buf_ struct buf input = { 0 };
	_cleanup_guest_result_ struct guest_result r = { 0 };
	_cleanup_free_ const char **argv = NULL;
	const char *path = json_text(c->args, "path"), *data = json_text(c->args, "input-data");
	json_t *list = json_list(c->args, "arg"), *word, *p;
	int64_t pid = ++c->vm->next_id;
	char key[24];
	size_t i;

	if (strchr(path, ' ') || starts_with(path, "/no/"))
		return fail(c,
			    "Agent error: Failed to execute child process "
			    "\xe2\x80\x9c%s\xe2\x80\x9d (No such file or directory)",
			    path);
	argv = xcalloc(json_array_size(list) + 2, sizeof(*argv));
	argv[0] = path;
	json_array_foreach(list, i, word)
		argv[i + 1] = json_string_value(word);
	if (data)
		digest_unbase64(data, &input);
	sim_exec(c->sim, c->vm, argv, input.data ? input.data : "", input.len, &r);
	p = json_pack("{s:i, s:I}", "exitcode", r.status, "done_ms",
		      (json_int_t)(clock_now_ms(c->sim->clock) + r.ms));
	add_output(p, "out-data", "out-truncated", &r.out);
	add_output(p, "err-data", "err-truncated", &r.err);
	snprintf(key, sizeof(key), "%" PRId64, pid);
	json_object_set_new(c->vm->processes, key, p);
	return json_pack("{s:I}", "pid", (json_int_t)pid);
}

static json_t *exec_status(const struct call *c)
{
	char key[24];
	json_t *p;

	snprintf(key, sizeof(key), "%" PRId64, json_int(c->args, "pid", 0));
	p = json_object_get(c->vm->processes, key);
	if (!p)
		return fail(c, "Agent error: PID ld does not exist");
	if (json_int(p, "done_ms", 0) > clock_now_ms(c->sim->clock))
		return json_pack("{s:b}", "exited", 0);
	json_incref(p);
	json_object_del(c->vm->processes, key);
	json_object_del(p, "done_ms");
	json_object_set_new(p, "exited", json_true());
	return p;
}

static json_t *file_open(const struct call *c)
{
	const char *path = json_text(c->args, "path"), *mode = json_text(c->args, "mode");
	bool writes = mode && strchr(mode, 'w');
	char key[24];

	if (!writes && !guest_file(c->vm->guest, path))
		return fail(c,
			    "Agent error: failed to open file '%s' (mode: '%s'): No such file or "
			    "directory",
			    path, mode ? mode : "r");
	if (writes)
		guest_write(c->vm->guest, path, "", 0, 0644);
	snprintf(key, sizeof(key), "%" PRId64, ++c->vm->next_id);
	json_object_set_new(c->vm->handles, key, json_pack("{s:s, s:i}", "path", path, "at", 0));
	return json_integer(c->vm->next_id);
}

/* The open file of a call; fails the call and returns NULL where there is none. */
static json_t *handle(const struct call *c, char key[static 24])
{
	json_t *h;

	snprintf(key, 24, "%" PRId64, json_int(c->args, "handle", 0));
	h = json_object_get(c->vm->handles, key);
	return h ? h : fail(c, "Agent error: handle '%s' has not been found", key);
}

static json_t *file_close(const struct call *c)
{
	char key[24];

	if (!handle(c, key))
		return NULL;
	json_object_del(c->vm->handles, key);
	return json_object();
}

static json_t *file_read(const struct call *c)
{
	char key[24];
	json_t *h = handle(c, key), *r;
	const struct buf *data = h ? guest_file(c->vm->guest, json_text(h, "path")) : NULL;
	size_t at, n;
	_cleanup_free_ char *text = NULL;

	if (!h)
		return NULL;
	at = (size_t)json_int(h, "at", 0);
	at = data ? MIN(at, data->len) : 0;
	n = data ? MIN(data->len - at, (size_t)json_int(c->args, "count", 4096)) : 0;
	text = digest_base64(n ? data->data + at : "", n);
	json_object_set_new(h, "at", json_integer((json_int_t)(at + n)));
	r = json_pack("{s:I, s:s, s:b}", "count", (json_int_t)n, "buf-b64", text, "eof",
		      !data || at + n == data->len);
	return r;
}

static json_t *file_write(const struct call *c)
{
	char key[24];
	json_t *h = handle(c, key);
	_cleanup_buf_ struct buf all = { .ceiling = READ_MAX };
	const struct buf *old;
	size_t before;

	if (!h)
		return NULL;
	old = guest_file(c->vm->guest, json_text(h, "path"));
	if (old)
		buf_add(&all, old->data, old->len);
	before = all.len;
	digest_unbase64(json_text(c->args, "buf-b64"), &all);
	guest_write(c->vm->guest, json_text(h, "path"), buf_text(&all), all.len, 0644);
	return json_pack("{s:I, s:b}", "count", (json_int_t)(all.len - before), "eof", 0);
}

static json_t *info(const struct call *c);

static const struct {
	const char *name;
	json_t *(*answer)(const struct call *c);
} commands[] = {
	{ "guest-exec", exec },
	{ "guest-exec-status", exec_status },
	{ "guest-file-close", file_close },
	{ "guest-file-open", file_open },
	{ "guest-file-read", file_read },
	{ "guest-file-write", file_write },
	{ "guest-fsfreeze-status", fsfreeze },
	{ "guest-get-fsinfo", fsinfo },
	{ "guest-get-host-name", host_name },
	{ "guest-get-osinfo", osinfo },
	{ "guest-get-time", get_time },
	{ "guest-info", info },
	{ "guest-network-get-interfaces", network },
	{ "guest-ping", ping },
};

static json_t *info(const struct call *c UNUSED)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		json_array_append_new(list, json_pack("{s:s, s:b, s:b}", "name", commands[i].name,
						      "enabled", 1, "success-response", 1));
	return json_pack("{s:s, s:o}", "version", "10.0.3", "supported_commands", list);
}

json_t *sim_agent(struct sim *s, struct sim_vm *vm, const json_t *command, char **ret_error)
{
	const char *name = json_text(command, "execute");
	struct call c = { s, vm, json_object_get(command, "arguments"), ret_error };

	if (!sim_has_agent(s, vm))
		return fail(&c, "QEMU guest agent is not running");
	sim_guest_advance(s, vm);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i].name, name))
			return commands[i].answer(&c);
	return fail(&c, "Agent error: The command %s has not been found", name);
}
