#include "cli/app.h"
#include "cli/completion.h"

static int run(struct app *app, const struct args *args, struct err **err)
{
	_cleanup_buf_ struct buf script = { 0 };

	for (const struct completion_shell *s = completion_shells; s->name; s++)
		if (streq(s->name, args->v[0]))
			s->write(&script);
	out_text(app->out, buf_text(&script));
	return script.overflow ? err_set(err, ERR_INTERNAL, "the script is too long") : 0;
}

const struct command cmd_completion = {
	.name = "completion",
	.summary = "print a completion script for a shell",
	.about = "Prints a script that completes commands, options and their values.",
	.operands = (const struct operand[]){ { .name = "SHELL",
						.help = "bash, zsh or fish",
						.names = completion_shell_names },
					      { 0 } },
	.examples =
		(const struct example[]){
			{ "completion bash > ~/.local/share/bash-completion/completions/pveprov",
			  "for bash" },
			{ "completion zsh > ~/.zfunc/_pveprov", "for zsh, with ~/.zfunc in fpath" },
			{ "completion fish > ~/.config/fish/completions/pveprov.fish", "for fish" },
			{ 0 } },
	.run = run,
};
