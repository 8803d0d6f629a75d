#include "guest/agent_shell.h"
#include "data/digest.h"
#include "pve/agent.h"

enum { WRITE_DIRECT_BYTES = 46080, APPEND_BYTES = 45000 };

/* Base64 in, since the API carries text only. $1: temporary file. */
static const char APPEND_SCRIPT[] = "umask 077; base64 -d >>\"$1\"";
/* $1 temporary file, $2 mode, $3 path */
static const char PLACE_SCRIPT[] = "chmod \"$2\" \"$1\" && mv -fT \"$1\" \"$3\"";

struct agent_shell {
	struct shell shell;
	struct clock clock;
	struct pve_client *client;
	char *node;
	struct pve_vm vm;
	char *peer; /* "agent of VM 100" */
};

static int agent_exec(struct shell *shell, const struct shell_exec *x, struct shell_result *ret, struct err **err)
{
	struct agent_shell *s = (struct agent_shell *)shell;
	_cleanup_pve_agent_output_ struct pve_agent_output o = { 0 };
	size_t seen[2] = { 0, 0 };

	if (x->input_len > PVE_AGENT_INPUT_MAX)
		return err_set(err, ERR_USAGE, "%s: '%s' cannot get %zu bytes of input, the agent takes %d", s->peer,
			       x->argv[0], x->input_len, PVE_AGENT_INPUT_MAX);
	if (pve_agent_exec(s->client, s->vm,
			   &(struct pve_agent_exec){ .argv = x->argv,
						     .input = x->input,
						     .input_len = x->input_len,
						     .timeout_ms = x->timeout_ms,
						     .output_max = MAX(ret->out.ceiling, ret->err.ceiling) },
			   &o, err) < 0)
		return err_wrap(err, "%s", s->peer);
	if (o.truncated)
		return err_set(err, ERR_INTERNAL, "%s: the output of '%s' was truncated", s->peer, x->argv[0]);
	if (buf_add(&ret->out, o.out.data, o.out.len) < 0 || buf_add(&ret->err, o.err.data, o.err.len) < 0)
		return err_set(err, ERR_INTERNAL, "%s: '%s' printed more than %zu bytes", s->peer, x->argv[0],
			       x->output_max);
	ret->status = o.status;
	shell_pass_lines(x, &ret->out, &seen[0], true);
	shell_pass_lines(x, &ret->err, &seen[1], true);
	return 0;
}

/* Puts pieces into `temporary`: the first as a file of the agent's, the others by a program that appends. */
static int send_pieces(struct agent_shell *s, const char *temporary, const char *data, size_t len, struct err **err)
{
	size_t sent = MIN(len, (size_t)WRITE_DIRECT_BYTES);

	if (pve_agent_write(s->client, s->vm, temporary, data, sent, err) < 0)
		return -1;
	while (sent < len) {
		size_t n = MIN(len - sent, (size_t)APPEND_BYTES);
		_cleanup_free_ char *text = digest_base64(data + sent, n);
		const char *argv[] = { "/bin/sh", "-c", APPEND_SCRIPT, "sh", temporary, NULL };
		struct shell_exec x = { .argv = argv, .input = text, .input_len = strlen(text) };
		if (shell_check(&s->shell, &x, NULL, err) < 0)
			return -1;
		sent += n;
	}
	return 0;
}

static int agent_write(struct shell *shell, const char *path, unsigned mode, const void *data, size_t len,
		       struct err **err)
{
	struct agent_shell *s = (struct agent_shell *)shell;
	_cleanup_free_ char *temporary = xasprintf("%s.pveprov", path);
	char octal[16];

	snprintf(octal, sizeof(octal), "%o", mode & 07777);
	const char *make[] = { "/bin/sh", "-c", "umask 077; rm -f \"$1\"; : >\"$1\"", "sh", temporary, NULL };
	const char *place[] = { "/bin/sh", "-c", PLACE_SCRIPT, "sh", temporary, octal, path, NULL };
	/* made private first: the agent's own umask would let others read it meanwhile */
	if (shell_check(shell, &(struct shell_exec){ .argv = make }, NULL, err) < 0 ||
	    send_pieces(s, temporary, data, len, err) < 0 ||
	    shell_check(shell, &(struct shell_exec){ .argv = place }, NULL, err) < 0)
		return err_wrap(err, "%s: cannot write '%s'", s->peer, path);
	return 0;
}

static int agent_read(struct shell *shell, const char *path, size_t max_bytes, struct buf *out, struct err **err)
{
	struct agent_shell *s = (struct agent_shell *)shell;

	if (pve_agent_read(s->client, s->vm, path, MIN(max_bytes, (size_t)PVE_AGENT_READ_MAX), out, err) < 0)
		return err_wrap(err, "%s", s->peer);
	return 0;
}

static void agent_close(struct shell *shell)
{
	struct agent_shell *s = (struct agent_shell *)shell;

	free(s->node);
	free(s->peer);
	free(s);
}

static const struct shell_ops agent_ops = {
	.name = "agent",
	.exec = agent_exec,
	.write_file = agent_write,
	.read_file = agent_read,
	.close = agent_close,
};

int agent_shell_open(struct pve_client *client, const char *node, int64_t vmid, const struct clock *clock,
		     struct shell **ret, struct err **err UNUSED)
{
	struct agent_shell *s = xcalloc(1, sizeof(*s));

	*s = (struct agent_shell){ .clock = *clock, .client = client, .node = xstrdup(node) };
	s->vm = (struct pve_vm){ .node = s->node, .id = vmid };
	s->peer = xasprintf("agent of VM %" PRId64, vmid);
	s->shell = (struct shell){ .ops = &agent_ops, .clock = &s->clock, .peer = s->peer };
	*ret = &s->shell;
	return 0;
}
