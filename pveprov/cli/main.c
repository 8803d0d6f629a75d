/* main: reads the command line, makes the app, runs the command, prints its error once, flushes its
 * results. */
#include "base/strv.h"
#include "cli/app.h"
#include "cli/args.h"
#include "cli/cancel.h"
#include "cli/exits.h"
#include "cli/help.h"
#include "cli/screen.h"
#include "cli/version.h"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>

/* Columns of the terminal behind fd; 0: not a terminal. */
static int terminal_width(int fd)
{
	struct winsize size = { 0 };

	if (!isatty(fd))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* Tables of UTF-8 text need a UTF-8 locale even where the user has none. */
static void use_utf8(void)
{
	setlocale(LC_CTYPE, "");
	if (!streq(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* An error may carry a server's text: what is printed line by line has no control characters. */
static void print_lines(const char *text)
{
	_cleanup_strv_ struct strv lines = { 0 };

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		screen_clean(lines.v[i]);
		fprintf(stderr, "%s\n", lines.v[i]);
	}
}

static void print_error(const struct err *err, bool color)
{
	fprintf(stderr, "%spveprov: error:%s ", color ? "\033[31m" : "", color ? "\033[0m" : "");
	print_lines(err->text);
	const char *hint = err->hint;
	if (!hint && err->kind == ERR_INTERRUPTED)
		hint = "run the same command again: what runs is found again, what is done stays done";
	if (!hint)
		return;
	fprintf(stderr, "%shint:%s ", color ? "\033[36m" : "", color ? "\033[0m" : "");
	print_lines(hint);
}

static void print_help(const struct args_parsed *p, struct out *out)
{
	_cleanup_buf_ struct buf text = { 0 };
	size_t width = out->width ? (size_t)MAX(MIN(out->width, 100), 40) : 80;

	if (p->command)
		help_command(&text, p->command, width);
	else if (p->group)
		help_group(&text, p->group, width);
	else
		help_top(&text, width);
	out_text(out, buf_text(&text));
}

static int run_command(const struct args_parsed *p, const struct globals *globals, struct out *out,
		       bool color, struct err **err)
{
	struct progress_style style = { .stream = stderr,
					.live = isatty(2) && !globals->debug,
					.color = color,
					.width = terminal_width(2),
					.level = globals->quiet	    ? PROGRESS_QUIET
						 : globals->debug   ? PROGRESS_DEBUG
						 : globals->verbose ? PROGRESS_VERBOSE
								    : PROGRESS_NORMAL };
	_cleanup_(progress_freep) struct progress *progress = progress_new(&style);
	struct log log = progress_log(progress);
	int cancel_fd, status;

	if (cancel_install(&cancel_fd, err) < 0)
		return -1;
	struct clock clock = clock_real(cancel_fd);
	struct app app = { .globals = *globals,
			   .clock = &clock,
			   .out = out,
			   .progress = progress,
			   .log = &log,
			   .interactive = isatty(0) && isatty(2) };
	status = p->command->run(&app, &p->args, err);
	app_close(&app);
	return status;
}

static int run(const char *const *argv, struct out *out, bool *color, struct err **err)
{
	struct globals globals = { 0 };
	_cleanup_args_ struct args_parsed parsed = { 0 };

	if (args_parse(argv, &globals, &parsed, err) < 0)
		return -1;
	if (globals.version) {
		version_print(out);
		return 0;
	}
	*color = isatty(2) && !globals.no_color && !getenv("NO_COLOR");
	out->format = (enum output_format)globals.format;
	out->width = terminal_width(1);
	out->color = out->width && *color;
	use_utf8();
	if (!globals.help)
		return run_command(&parsed, &globals, out, *color, err);
	print_help(&parsed, out);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err *err = NULL, *write_err = NULL;
	struct out out = { .stream = stdout };
	bool color = isatty(2) && !getenv("NO_COLOR");

	(void)argc;
	int status = run((const char *const *)argv, &out, &color, &err);
	if (out_finish(&out, &write_err) < 0 && status >= 0) {
		print_error(write_err, color);
		return err_exit_code(write_err->kind);
	}
	if (status >= 0)
		return status;
	if (!err)
		err_set(&err, ERR_INTERNAL, "the command failed without saying why");
	print_error(err, color);
	return err_exit_code(err->kind);
}
