#include "cli/target.h"
#include "base/fs.h"
#include "pve/agent.h"

struct options {
	bool stdin_too;
};

static const struct option_spec options[] = {
	{ OPTION_FLAG(struct options, stdin_too), .name = "stdin", .letter = 'i',
	  .help = "Send standard input to the program (text, at most 64 KiB)" },
	{ 0 },
};

/* Text of the guest for a JSON member: bytes that are no UTF-8 are refused by jansson. */
static json_t *text_of(struct buf *b)
{
	json_t *text = json_stringn(buf_text(b), b->len);

	return text ? text : json_null();
}

static int print_result(struct app *app, struct pve_agent_output *r, struct err **err)
{
	if (app->out->format != OUTPUT_TABLE) {
		_cleanup_json_ json_t *item = json_pack(
			"{s:i, s:o, s:o, s:b}", "status", r->status, "stdout", text_of(&r->out),
			"stderr", text_of(&r->err), "truncated", r->truncated);
		return out_item(app->out, "vm.exec", NULL, item, err);
	}
	out_bytes(app->out, r->out.data, r->out.len);
	progress_flush(app->progress);
	fwrite(buf_text(&r->err), 1, r->err.len, stderr);
	if (r->truncated)
		log_warning(app->log, "the agent cut the output off at 16 MiB");
	return 0;
}

static int run(struct app *app, const struct args *args, struct err **err)
{
	const struct options *o = args->options;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_pve_agent_output_ struct pve_agent_output result = { 0 };
	_cleanup_buf_ struct buf input = { 0 };
	struct pve_agent_exec x = { .argv = args->v + 1,
				    .timeout_ms = app->globals.timeout_ms,
				    .output_max = PVE_AGENT_READ_MAX };

	if (o->stdin_too) {
		if (fs_read("-", PVE_AGENT_INPUT_MAX, &input, err) < 0)
			return -1;
		x.input = buf_text(&input);
		x.input_len = input.len;
	}
	if (target_find(app, args->v[0], &t, err) < 0 ||
	    pve_agent_exec(t.client, t.vm, &x, &result, err) < 0 ||
	    print_result(app, &result, err) < 0)
		return -1;
	return result.status;
}

const struct command cmd_vm_exec = {
	.group = "vm",
	.name = "exec",
	.summary = "run a program in a machine, through its agent",
	.about = "Runs one program as root in the guest and prints its output when it has ended; "
		 "the exit status is the "
		 "program's. It needs no network in the guest, only the guest agent. No shell is "
		 "involved unless you name "
		 "one. The limit is 60 s, or --timeout; the program runs on when it is exceeded.",
	.operands = (const struct operand[]){ { .name = "VM", .help = "Id or name of the machine" },
					      { .name = "COMMAND",
						.help = "The program and its arguments",
						.repeated = true,
						.complete = COMPLETE_COMMAND },
					      { 0 } },
	.options = options,
	.options_size = sizeof(struct options),
	.examples =
		(const struct example[]){
			{ "vm exec router -- ip -brief address", "a program with options" },
			{ "vm exec -i router -- sh -s < script", "a script of yours" },
			{ 0 } },
	.exits = EXITS_SERVER | EXITS_OBJECT | EXITS_PROGRAM,
	.run = run,
};
