#include "cli/progress.h"
#include "cli/screen.h"
#include "test.h"

#include <pthread.h>

/* Times differ from run to run: every digit becomes 0. */
static void settle(char *text)
{
	for (; *text; text++)
		if (*text >= '0' && *text <= '9')
			*text = '0';
}

static char *run(struct progress_style style, void (*say)(struct progress *p))
{
	char *text = NULL;
	size_t len;

	style.stream = open_memstream(&text, &len);
	struct progress *p = progress_new(&style);
	say(p);
	progress_free(p);
	fclose(style.stream);
	settle(text);
	return text;
}

static void say_all(struct progress *p)
{
	struct log log = progress_log(p);
	unsigned a = progress_start(p, "clone router");

	progress_note(p, a, "transferred 1 GiB\033[2J");
	progress_line(p, PROGRESS_VERBOSE, "verbose");
	log_debug(&log, "debug");
	log_info(&log, "info");
	log_warning(&log, "careful");
	progress_end(p, a, PROGRESS_DONE, NULL);
	unsigned b = progress_start(p, "start router");
	progress_end(p, b, PROGRESS_FAILED, "no bridge");
}

static void elsewhere_lines_are_plain(void **state UNUSED)
{
	static const struct {
		enum progress_level level;
		const char *text;
	} levels[] = {
		{ PROGRESS_QUIET,
		  "00:00:00 warning: careful\n" },
		{ PROGRESS_NORMAL,
		  "00:00:00 clone router ...\n00:00:00 info\n00:00:00 warning: careful\n"
		  "00:00:00 clone router: done (0.0 s)\n00:00:00 start router ...\n"
		  "00:00:00 start router: failed (0.0 s): no bridge\n" },
		{ PROGRESS_DEBUG,
		  "00:00:00 clone router ...\n00:00:00 clone router: transferred 0 GiB?[0J\n"
		  "00:00:00 verbose\n00:00:00 debug\n00:00:00 info\n00:00:00 warning: careful\n"
		  "00:00:00 clone router: done (0.0 s)\n00:00:00 start router ...\n"
		  "00:00:00 start router: failed (0.0 s): no bridge\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		_cleanup_free_ char *text =
			run((struct progress_style){ .level = levels[i].level }, say_all);
		assert_string_equal(text, levels[i].text);
	}
}

static void say_live(struct progress *p)
{
	unsigned a = progress_start(p, "clone a machine with a long name");

	progress_note(p, a, "half");
	progress_flush(p);
	progress_line(p, PROGRESS_NORMAL, "kept");
}

static void live_lines_are_cleared_at_the_end(void **state UNUSED)
{
	const struct progress_style style = { .live = true, .width = 20, .level = PROGRESS_NORMAL };
	_cleanup_free_ char *text = run(style, say_live);
	int drawn = 0;

	assert_non_null(strstr(text, "kept\n"));
	for (const char *s = text; (s = strstr(s, "  clone a machine")); s++) {
		assert_int_equal(strcspn(s, "\n"), 19); /* cut to the width */
		drawn++;
	}
	for (const char *s = text; (s = strstr(s, "\033[0A\033[J")); s++)
		drawn--;
	assert_int_equal(drawn, 0);
}

enum { THREADS = 4, EVENTS = 2000 };

static void *talk(void *ctx)
{
	struct progress *p = ctx;

	for (int i = 0; i < EVENTS; i++) {
		unsigned item = progress_start(p, "x");
		progress_note(p, item, "y");
		progress_end(p, item, PROGRESS_DONE, NULL);
	}
	return NULL;
}

static void say_from_threads(struct progress *p)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, talk, p), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	progress_flush(p);
}

static void no_event_of_any_thread_is_lost(void **state UNUSED)
{
	_cleanup_free_ char *text =
		run((struct progress_style){ .level = PROGRESS_NORMAL }, say_from_threads);
	int lines = 0;

	for (const char *s = text; (s = strchr(s, '\n')); s++)
		lines++;
	assert_int_equal(lines, 2 * THREADS * EVENTS);
}

static void control_characters_do_not_reach_the_terminal(void **state UNUSED)
{
	char text[] = "a\033[2Jb\tc\r\n\x7f\xc2\x9b"
		      "d\xc3\xa4";

	screen_clean(text);
	assert_string_equal(text, "a?[2Jb c????"
				  "?d\xc3\xa4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elsewhere_lines_are_plain),
		cmocka_unit_test(live_lines_are_cleared_at_the_end),
		cmocka_unit_test(no_event_of_any_thread_is_lost),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
