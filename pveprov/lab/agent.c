#include "lab/route.h"
#include "lab/httpd.h"
#include "lab/vm.h"
#include "data/digest.h"
#include "data/json.h"

enum {
	PING_MS = 3000, /* how long Proxmox waits for an agent that does not answer */
	BROKEN_PIPE_MS = 5000,
	READ_CHUNK = 1 << 20,
	READ_MAX = 16 << 20,
};

typedef void answer_fn(struct request *q, const json_t *result);

struct question {
	struct request *q;
	answer_fn *next;
};

static void broken_pipe(struct request *q)
{
	reply_bare(q, 596, "Broken pipe");
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static void on_answer(void *ctx, const char *error, const json_t *result)
{
	struct question a = *(struct question *)ctx;

	free(ctx);
	if (!error)
		a.next(a.q, result);
	else if (is_ascii(error))
		reply_error(a.q, 500, "%s", error);
	else /* the daemon dies of the agent's curly quotes */
		request_later(a.q, BROKEN_PIPE_MS, broken_pipe);
}

static void no_lines(void *ctx UNUSED, const char *text UNUSED)
{
}

/* arguments: stolen, may be NULL. */
static void ask(struct request *q, const char *execute, json_t *arguments, answer_fn *next)
{
	struct question *a = xcalloc(1, sizeof(*a));
	json_t *agent = json_pack("{s:s, s:o*}", "execute", execute, "arguments", arguments);
	struct hv_request r = { .op = HV_AGENT,
				.vmid = (int)param_int(q, "vmid", 0),
				.agent = agent,
				.timeout_ms = 10000 };

	*a = (struct question){ q, next };
	q->lab->hypervisor->ops->begin(q->lab->hypervisor, &r, no_lines, on_answer, a);
	json_decref(agent);
}

static void not_running(struct request *q)
{
	reply_error(q, 500, "QEMU guest agent is not running");
}

/* The VM is on and has the option; false: answered, or will be. */
static bool agent_ready(struct request *q)
{
	struct vm *vm = vm_find(q->lab, (int)param_int(q, "vmid", 0));
	const char *option = vm ? json_text(vm->config, "agent") : NULL;

	if (!vm || streq(vm_status(vm), "stopped")) {
		if (vm || vm_need(q))
			reply_error(q, 500, "VM %d is not running", vm->vmid);
		return false;
	}
	if (!option || *option != '1') {
		reply_error(q, 500, "No QEMU guest agent configured");
		return false;
	}
	if (streq(vm_status(vm), "paused") || lab_now_ms(q->lab) < vm->agent_from_ms) {
		request_later(q, PING_MS, not_running);
		return false;
	}
	return true;
}

static void answer_result(struct request *q, const json_t *result)
{
	reply_data(q, json_pack("{s:O}", "result", result));
}

/* .../agent/get-osinfo: the last part is the command. */
static void simple(struct request *q)
{
	const char *name = strrchr(q->path, '/') + 1;
	_cleanup_free_ char *execute = xasprintf("guest-%s", name);

	if (agent_ready(q))
		ask(q, execute, NULL, answer_result);
}

static void post_agent(struct request *q)
{
	_cleanup_free_ char *execute = xasprintf("guest-%s", param_text(q, "command"));

	if (agent_ready(q))
		ask(q, execute, NULL, answer_result);
}

static void answer_pid(struct request *q, const json_t *result)
{
	reply_data(q, json_pack("{s:O}", "pid", json_object_get(result, "pid")));
}

static char *base64(const char *text)
{
	return digest_base64(text, strlen(text));
}

static void post_exec(struct request *q)
{
	json_t *command = json_object_get(q->param, "command"), *args, *words;
	const char *input = param_text(q, "input-data");

	if (!agent_ready(q))
		return;
	words = json_is_array(command) ? json_deep_copy(command) : json_pack("[O]", command);
	args = json_pack("{s:O, s:b}", "path", json_array_get(words, 0), "capture-output", 1);
	json_array_remove(words, 0);
	json_object_set_new(args, "arg", words);
	if (input) {
		_cleanup_free_ char *data = base64(input);
		json_object_set_new(args, "input-data", json_string(data));
	}
	ask(q, "guest-exec", args, answer_pid);
}

/* Bytes as code points, which is what Proxmox makes of what the agent sends. */
static json_t *latin1(const char *base64_text)
{
	_cleanup_buf_ struct buf raw = { 0 }, utf8 = { .ceiling = 2 * READ_MAX };
	json_t *j;

	if (digest_unbase64(base64_text, &raw))
		return json_string("");
	for (size_t i = 0; i < raw.len; i++) {
		unsigned char c = (unsigned char)raw.data[i];
		if (c >= 0x80)
			buf_addc(&utf8, (char)(0xc0 | (c >> 6)));
		buf_addc(&utf8, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
	}
	j = json_stringn(buf_text(&utf8), utf8.len);
	return j ? j : json_string("");
}

static void take_stream(json_t *out, const json_t *result, const char *data, const char *truncated)
{
	const char *text = json_text(result, data);

	if (!text)
		return;
	json_object_set_new(out, data, latin1(text));
	json_object_set_new(out, truncated, json_integer(json_flag(result, truncated, false)));
}

static void answer_status(struct request *q, const json_t *result)
{
	json_t *out = json_pack("{s:i}", "exited", (int)json_flag(result, "exited", false));

	for (const char *const *k = (const char *const[]){ "exitcode", "signal", NULL }; *k; k++)
		if (json_object_get(result, *k))
			json_object_set(out, *k, json_object_get(result, *k));
	take_stream(out, result, "out-data", "out-truncated");
	take_stream(out, result, "err-data", "err-truncated");
	reply_data(q, out);
}

static void get_exec_status(struct request *q)
{
	if (agent_ready(q))
		ask(q, "guest-exec-status",
		    json_pack("{s:I}", "pid", (json_int_t)param_int(q, "pid", 0)), answer_status);
}

static json_t *handle_args(const struct request *q)
{
	return json_pack("{s:O}", "handle", json_object_get(q->state, "handle"));
}

static void read_closed(struct request *q, const json_t *result UNUSED)
{
	const char *data = json_text(q->state, "data");
	bool truncated = json_flag(q->state, "truncated", false);
	json_t *out = json_pack("{s:o, s:O}", "content", latin1(data ? data : ""), "bytes-read",
				json_object_get(q->state, "count"));

	if (truncated)
		json_object_set_new(out, "truncated", json_integer(1));
	reply_data(q, out);
}

static void ask_chunk(struct request *q);

/* Chunks are kept as one base64 text of the whole. */
static void read_chunk(struct request *q, const json_t *result)
{
	_cleanup_buf_ struct buf all = { .ceiling = 2 * READ_MAX };
	const char *old = json_text(q->state, "data"), *more = json_text(result, "buf-b64");
	_cleanup_free_ char *text = NULL;

	digest_unbase64(old ? old : "", &all);
	digest_unbase64(more ? more : "", &all);
	text = digest_base64(buf_text(&all), all.len);
	json_object_set_new(q->state, "data", json_string(text));
	json_object_set_new(q->state, "count", json_integer((json_int_t)all.len));
	if (json_flag(result, "eof", true) || all.len >= READ_MAX) {
		json_object_set_new(q->state, "truncated",
				    json_boolean(!json_flag(result, "eof", true)));
		ask(q, "guest-file-close", handle_args(q), read_closed);
		return;
	}
	ask_chunk(q);
}

static void ask_chunk(struct request *q)
{
	json_t *args = handle_args(q);

	json_object_set_new(args, "count", json_integer(READ_CHUNK));
	ask(q, "guest-file-read", args, read_chunk);
}

static void read_opened(struct request *q, const json_t *result)
{
	q->state = json_pack("{s:O, s:i}", "handle", result, "count", 0);
	ask_chunk(q);
}

static void get_file(struct request *q)
{
	if (agent_ready(q))
		ask(q, "guest-file-open",
		    json_pack("{s:s, s:s}", "path", param_text(q, "file"), "mode", "r"),
		    read_opened);
}

static void write_closed(struct request *q, const json_t *result UNUSED)
{
	reply_null(q);
}

static void written(struct request *q, const json_t *result UNUSED)
{
	ask(q, "guest-file-close", handle_args(q), write_closed);
}

static void write_opened(struct request *q, const json_t *result)
{
	const char *content = param_text(q, "content");
	bool encode = param_flag(q, "encode", true);
	_cleanup_free_ char *data = encode ? base64(content) : xstrdup(content);
	json_t *args;

	q->state = json_pack("{s:O}", "handle", result);
	args = handle_args(q);
	json_object_set_new(args, "buf-b64", json_string(data));
	ask(q, "guest-file-write", args, written);
}

static void post_file(struct request *q)
{
	if (agent_ready(q))
		ask(q, "guest-file-open",
		    json_pack("{s:s, s:s}", "path", param_text(q, "file"), "mode", "wb"),
		    write_opened);
}

#define AGENT "/nodes/{node}/qemu/{vmid}/agent"

const struct route agent_routes[] = {
	{ "POST", AGENT, post_agent },
	{ "POST", AGENT "/ping", simple },
	{ "POST", AGENT "/fsfreeze-status", simple },
	{ "GET", AGENT "/info", simple },
	{ "GET", AGENT "/network-get-interfaces", simple },
	{ "GET", AGENT "/get-osinfo", simple },
	{ "GET", AGENT "/get-host-name", simple },
	{ "GET", AGENT "/get-time", simple },
	{ "GET", AGENT "/get-fsinfo", simple },
	{ "POST", AGENT "/exec", post_exec },
	{ "GET", AGENT "/exec-status", get_exec_status },
	{ "GET", AGENT "/file-read", get_file },
	{ "POST", AGENT "/file-write", post_file },
	{ NULL },
};
