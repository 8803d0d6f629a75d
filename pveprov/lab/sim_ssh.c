/*
 * sim_ssh.c: SSH into simulated guests (sim.h). Each connection is served on a thread of its own by
 * libssh; programs run against the guest's state under the mutex. Keys: those of the machine's
 * `sshkeys`, and what stands in /root/.ssh/authorized_keys.
 */
#include "lab/sim_exec.h"
#include "lab/sim_words.h"
#include "base/strv.h"
#include "data/json.h"

/* The callback interface that replaces these cannot be used from a blocking thread per connection.
 */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#include <libssh/libssh.h>
#include <libssh/server.h>
#include <sys/socket.h>

enum { INPUT_MAX = 64 << 20 };

/* One connection. */
struct sim_ssh {
	struct sim *sim;
	int vmid;
	int fd;	     /* -1 once libssh has it */
	int watched; /* the same socket, for shutdown() at the end */
	ssh_session session;
	ssh_bind bind;
	pthread_t thread;
	bool ended; /* under the mutex: the thread may be joined */
	struct sim_ssh *next;
};

/* The machine, if it still runs. Under the mutex. */
static struct sim_vm *alive(const struct sim_ssh *c)
{
	struct sim_vm *vm = sim_find(c->sim, c->vmid);

	return vm && vm->state == SIM_RUNNING ? vm : NULL;
}

static bool line_has_key(const char *text, const char *base64)
{
	const char *at = text ? strstr(text, base64) : NULL;

	return at && (at == text || at[-1] == ' ');
}

static bool key_is_allowed(const struct sim_ssh *c, ssh_key key)
{
	char *base64 = NULL;
	bool ok = false;

	if (ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
		return false;
	pthread_mutex_lock(&c->sim->mutex);
	struct sim_vm *vm = alive(c);
	if (vm) {
		_cleanup_free_ char *keys = words_unescape(json_text(vm->config, "sshkeys"));
		const struct buf *file = guest_file(vm->guest, "/root/.ssh/authorized_keys");
		ok = line_has_key(keys, base64) || (file && line_has_key(file->data, base64));
	}
	pthread_mutex_unlock(&c->sim->mutex);
	ssh_string_free_char(base64);
	return ok;
}

static void answer_auth(const struct sim_ssh *c, ssh_message m, bool *authenticated)
{
	if (ssh_message_subtype(m) == SSH_AUTH_METHOD_PUBLICKEY &&
	    key_is_allowed(c, ssh_message_auth_pubkey(m))) {
		enum ssh_publickey_state_e state = ssh_message_auth_publickey_state(m);
		if (state == SSH_PUBLICKEY_STATE_NONE) {
			ssh_message_auth_reply_pk_ok_simple(m);
			return;
		}
		if (state == SSH_PUBLICKEY_STATE_VALID) {
			*authenticated = true;
			ssh_message_auth_reply_success(m, 0);
			return;
		}
	}
	ssh_message_auth_set_methods(m, SSH_AUTH_METHOD_PUBLICKEY);
	ssh_message_reply_default(m);
}

static void run_program(struct sim_ssh *c, ssh_channel channel, const char *line)
{
	_cleanup_buf_ struct buf input = { .ceiling = INPUT_MAX };
	_cleanup_strv_ struct strv argv = { 0 };
	_cleanup_guest_result_ struct guest_result r = { 0 };
	struct clock real = clock_real(-1);
	char chunk[32768];
	int n, status = 255;

	while ((n = ssh_channel_read(channel, chunk, sizeof(chunk), 0)) > 0)
		buf_add(&input, chunk, (size_t)n);
	words_split(&argv, line);
	pthread_mutex_lock(&c->sim->mutex);
	struct sim_vm *vm = alive(c);
	if (vm && argv.n) {
		sim_exec(c->sim, vm, (const char *const *)argv.v, buf_text(&input), input.len, &r);
		status = r.status;
	}
	pthread_mutex_unlock(&c->sim->mutex);
	clock_sleep(&real, r.ms / MAX(c->sim->hypervisor.scale, (int64_t)1), NULL);
	if (r.out.len)
		ssh_channel_write(channel, r.out.data, (uint32_t)r.out.len);
	if (r.err.len)
		ssh_channel_write_stderr(channel, r.err.data, (uint32_t)r.err.len);
	ssh_channel_send_eof(channel);
	ssh_channel_request_send_exit_status(channel, status);
	ssh_channel_close(channel);
}

static void answer(struct sim_ssh *c, ssh_message m, ssh_channel *channel, bool *authenticated)
{
	int type = ssh_message_type(m), subtype = ssh_message_subtype(m);

	if (type == SSH_REQUEST_AUTH) {
		answer_auth(c, m, authenticated);
	} else if (*authenticated && type == SSH_REQUEST_CHANNEL_OPEN &&
		   subtype == SSH_CHANNEL_SESSION) {
		*channel = ssh_message_channel_request_open_reply_accept(m);
	} else if (*channel && type == SSH_REQUEST_CHANNEL && subtype == SSH_CHANNEL_REQUEST_EXEC) {
		_cleanup_free_ char *line = xstrdup(ssh_message_channel_request_command(m));
		ssh_message_channel_request_reply_success(m);
		run_program(c, *channel, line);
	} else {
		ssh_message_reply_default(m);
	}
}

static void *serve(void *arg)
{
	struct sim_ssh *c = arg;
	ssh_channel channel = NULL;
	bool authenticated = false;
	ssh_message m;

	if (ssh_bind_accept_fd(c->bind, c->session, c->fd) == SSH_OK) {
		c->fd = -1;
		if (ssh_handle_key_exchange(c->session) == SSH_OK)
			while ((m = ssh_message_get(c->session))) {
				answer(c, m, &channel, &authenticated);
				ssh_message_free(m);
			}
	}
	ssh_disconnect(c->session);
	pthread_mutex_lock(&c->sim->mutex);
	c->ended = true;
	pthread_mutex_unlock(&c->sim->mutex);
	return NULL;
}

static void connection_free(struct sim_ssh *c)
{
	if (c->session)
		ssh_free(c->session);
	if (c->bind)
		ssh_bind_free(c->bind);
	if (c->fd >= 0)
		close(c->fd);
	if (c->watched >= 0)
		close(c->watched);
	free(c);
}

/* Joins threads that have ended; all of them at the end. */
static void reap(struct sim *s, bool all)
{
	for (struct sim_ssh **p = &s->ssh; *p;) {
		struct sim_ssh *c = *p;
		pthread_mutex_lock(&s->mutex);
		bool ended = c->ended;
		pthread_mutex_unlock(&s->mutex);
		if (!ended && !all) {
			p = &c->next;
			continue;
		}
		shutdown(c->watched, SHUT_RDWR);
		pthread_join(c->thread, NULL);
		*p = c->next;
		connection_free(c);
	}
}

/* Under the mutex. */
static ssh_key host_key(const struct sim_vm *vm)
{
	const struct buf *file = guest_file(vm->guest, "/etc/ssh/ssh_host_ed25519_key");
	ssh_key key = NULL;

	if (!file || ssh_pki_import_privkey_base64(file->data, NULL, NULL, NULL, &key) != SSH_OK)
		return NULL;
	return key;
}

int sim_ssh_serve(struct sim *s, struct sim_vm *vm, int fd)
{
	struct sim_ssh *c = xcalloc(1, sizeof(*c));
	ssh_key key;

	reap(s, false);
	*c = (struct sim_ssh){ .sim = s, .vmid = vm->vmid, .fd = fd, .watched = dup(fd) };
	c->session = ssh_new();
	c->bind = ssh_bind_new();
	pthread_mutex_lock(&s->mutex);
	key = host_key(vm);
	pthread_mutex_unlock(&s->mutex);
	if (!key || ssh_bind_options_set(c->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) != SSH_OK ||
	    pthread_create(&c->thread, NULL, serve, c)) {
		connection_free(c);
		return -1;
	}
	c->next = s->ssh;
	s->ssh = c;
	return 0;
}

void sim_ssh_close(struct sim *s)
{
	reap(s, true);
}
