#pragma once
/*
 * shell.h: running programs on a guest, whoever carries them: SSH (guest/ssh) or the guest agent (guest/agent_shell).
 *
 * A program is an argv; a carrier that needs a command line quotes it itself. Every operation has a limit in time and
 * in output. One shell is used by one thread at a time.
 */
#include "base/buf.h"
#include "base/deadline.h"

struct shell;

struct shell_exec {
	const char *const *argv; /* NULL-terminated */
	const void *input;	 /* standard input; the agent's limit is 64 KiB */
	size_t input_len;
	int64_t timeout_ms; /* 0: 60 s */
	size_t output_max;  /* bytes each of stdout and stderr; 0: 1 MiB. More is an error */
	/* Gets each whole line of both outputs, as early as the carrier can (the agent: at the end). May be NULL. */
	void (*line)(void *ctx, const char *text);
	void *line_ctx;
};

struct shell_result {
	int status; /* exit status; 128 + signal when killed */
	struct buf out;
	struct buf err;
};

struct shell_ops {
	const char *name; /* "ssh", "agent" */
	int (*exec)(struct shell *s, const struct shell_exec *x, struct shell_result *ret, struct err **err);
	/* Writes a whole file; reads one of at most max_bytes. */
	int (*write_file)(struct shell *s, const char *path, unsigned mode, const void *data, size_t len,
			  struct err **err);
	int (*read_file)(struct shell *s, const char *path, size_t max_bytes, struct buf *out, struct err **err);
	void (*close)(struct shell *s);
};

/* The first member of every carrier's struct. */
struct shell {
	const struct shell_ops *ops;
	const struct clock *clock;
	const char *peer; /* who it is, for errors: "root@10.0.2.15", "agent of VM 199" */
};

/* Runs a program; 0 whatever its status. */
int shell_exec(struct shell *s, const struct shell_exec *x, struct shell_result *ret, struct err **err);

/* As shell_exec(), but a status other than 0 is an error (ERR_INTERNAL, code = status) with stderr's last lines. */
int shell_check(struct shell *s, const struct shell_exec *x, struct shell_result *ret, struct err **err);

/* Runs a fixed script with /bin/sh -s on stdin; args become $1... Nothing from input ever enters the script text. */
int shell_script(struct shell *s, const char *script, const char *const *args, int64_t timeout_ms,
		 struct shell_result *ret, struct err **err);

/* A file's content is written whole, or read up to max_bytes (ERR_NOT_FOUND when it is not there). */
int shell_write_file(struct shell *s, const char *path, unsigned mode, const void *data, size_t len, struct err **err);
int shell_read_file(struct shell *s, const char *path, size_t max_bytes, struct buf *out, struct err **err);

/* write_file and read_file made of exec: for carriers without a way of their own. */
int shell_write_by_exec(struct shell *s, const char *path, unsigned mode, const void *data, size_t len,
			struct err **err);
int shell_read_by_exec(struct shell *s, const char *path, size_t max_bytes, struct buf *out, struct err **err);

/* For carriers: hands lines of `b` beyond *seen to x->line; `end`: also a last one without a line end. */
void shell_pass_lines(const struct shell_exec *x, struct buf *b, size_t *seen, bool end);

/* Quotes one word for a POSIX shell. */
void shell_quote(struct buf *out, const char *word);

void shell_result_free(struct shell_result *r);
#define _cleanup_shell_result_ _cleanup_(shell_result_free)

struct shell *shell_close(struct shell *s);
DEFINE_CLEANUP(struct shell *, shell_close)
#define _cleanup_shell_ _cleanup_(shell_closep)
