#include "guest/ssh.h"
#include "guest/ssh_agent.h"
#include "guest/ssh_channel.h"
#include "base/strv.h"

#include <poll.h>

enum { PORT_DEFAULT = 22, CONNECT_TIMEOUT_MS = 20000 };

int ssh_shell_wait(struct ssh_shell *s, const struct deadline *d, const char *what, struct err **err)
{
	int flags = ssh_get_poll_flags(s->session);
	struct pollfd fds[] = { { .fd = ssh_get_fd(s->session), .events = POLLIN },
				{ .fd = d->clock->cancel_fd, .events = POLLIN } };

	if (flags & SSH_WRITE_PENDING)
		fds[0].events |= POLLOUT;
	if (deadline_check(d, err, "%s: '%s'", s->peer, what) < 0)
		return -1;
	poll(fds, ARRAY_SIZE(fds), (int)MIN(deadline_left_ms(d), (int64_t)1000));
	return 0;
}

/* "ssh-ed25519 AAAA... comment" -> the two words; false when it is not a public key's line. */
static bool key_words(const char *line, struct strv *words)
{
	strv_split(words, line, " \t\r\n");
	return words->n >= 2;
}

/* The algorithms to ask for: only those whose keys we hold, so that the server shows one that can be compared. */
static char *key_algorithms(const char *const *keys)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; keys[i]; i++) {
		_cleanup_strv_ struct strv words = { 0 };
		if (!key_words(keys[i], &words))
			continue;
		/* RFC 8332: an RSA key signs with SHA-2 under other names */
		const char *name = streq(words.v[0], "ssh-rsa") ? "rsa-sha2-512,rsa-sha2-256" : words.v[0];
		if (!strv_contains(&names, name))
			strv_add(&names, name);
	}
	return strv_join(&names, ",");
}

static bool key_is_known(ssh_key key, const char *const *keys)
{
	bool known = false;

	for (size_t i = 0; keys[i] && !known; i++) {
		_cleanup_strv_ struct strv words = { 0 };
		ssh_key one = NULL;
		if (!key_words(keys[i], &words))
			continue;
		enum ssh_keytypes_e type = ssh_key_type_from_name(words.v[0]);
		if (ssh_pki_import_pubkey_base64(words.v[1], type, &one) == SSH_OK)
			known = ssh_key_cmp(key, one, SSH_KEY_CMP_PUBLIC) == 0;
		ssh_key_free(one);
	}
	return known;
}

static int check_host_key(struct ssh_shell *s, const char *const *keys, struct err **err)
{
	unsigned char *hash = NULL;
	size_t len = 0;
	ssh_key key = NULL;

	if (ssh_get_server_publickey(s->session, &key) != SSH_OK)
		return err_set(err, ERR_UNREACHABLE, "%s shows no host key", s->peer);
	if (key_is_known(key, keys)) {
		ssh_key_free(key);
		return 0;
	}
	char *print = NULL;
	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == SSH_OK)
		print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	err_set(err, ERR_GUARD, "%s shows the host key %s, which is not one that its guest agent reports", s->peer,
		print ? print : ssh_key_type_to_char(ssh_key_type(key)));
	ssh_string_free_char(print);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	return err_hint(err, "another machine answers at this address, or the keys were made anew meanwhile: run again");
}

/* Called only for a key with a passphrase: notes that and gives none. */
static int no_passphrase(const char *prompt UNUSED, char *text UNUSED, size_t len UNUSED, int echo UNUSED,
			 int verify UNUSED, void *asked)
{
	*(bool *)asked = true;
	return -1;
}

static int load_key(const char *file, ssh_key *ret, struct err **err)
{
	bool asked = false;

	if (access(file, R_OK) < 0)
		return err_set_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_AUTH, "cannot read the key '%s'", file);
	if (ssh_pki_import_privkey_file(file, NULL, no_passphrase, &asked, ret) == SSH_OK)
		return 0;
	if (!asked)
		return err_set(err, ERR_AUTH, "'%s' is not a private key, or it has a passphrase", file);
	err_set(err, ERR_AUTH, "the key '%s' has a passphrase", file);
	return err_hint(err, "add it to the SSH agent: ssh-add %s", file);
}

/* With `key`, or with those of the agent where it is NULL. */
static int authenticate(struct ssh_shell *s, ssh_key key, const struct deadline *d, struct err **err)
{
	int rc;

	while ((rc = key ? ssh_userauth_publickey(s->session, NULL, key) : ssh_userauth_agent(s->session, NULL)) ==
	       SSH_AUTH_AGAIN)
		if (ssh_shell_wait(s, d, "log-in", err) < 0)
			return -1;
	if (rc == SSH_AUTH_SUCCESS)
		return 0;
	if (deadline_check(d, err, "%s: the log-in%s", s->peer, key ? "" : " with the SSH agent") < 0)
		return -1;
	if (!ssh_is_connected(s->session))
		return err_set(err, ERR_UNREACHABLE, "%s closed the connection during the log-in: %s", s->peer,
			       ssh_get_error(s->session));
	err_set(err, ERR_AUTH, "%s accepts no key of %s", s->peer, key ? "the key file" : "the SSH agent");
	return err_hint(err, "the key must be one of the recipe's ssh keys, which cloud-init put there at the first boot");
}

static int log_in(struct ssh_shell *s, const struct ssh_target *t, const struct deadline *d, struct err **err)
{
	struct ssh_agent_watch watch;
	ssh_key key = NULL;
	int r;

	if (t->key_file) {
		if (load_key(t->key_file, &key, err) < 0)
			return -1;
		r = authenticate(s, key, d, err);
		ssh_key_free(key);
		return r < 0 ? err_wrap(err, "key '%s'", t->key_file) : 0;
	}
	if (ssh_agent_begin(&watch, t->agent_socket, s->session, d, err) < 0)
		return -1;
	r = authenticate(s, NULL, d, err);
	ssh_agent_end(&watch);
	return r;
}

static int set_options(struct ssh_shell *s, const struct ssh_target *t, struct err **err)
{
	_cleanup_free_ char *algorithms = key_algorithms(t->host_keys);
	const bool no = false;
	const unsigned port = t->port;

	if (!*algorithms)
		return err_set(err, ERR_GUARD, "no host key of %s is known", s->peer);
	if (ssh_options_set(s->session, SSH_OPTIONS_PROCESS_CONFIG, &no) < 0 ||
	    ssh_options_set(s->session, SSH_OPTIONS_HOST, t->address) < 0 ||
	    ssh_options_set(s->session, SSH_OPTIONS_PORT, &port) < 0 ||
	    ssh_options_set(s->session, SSH_OPTIONS_USER, t->user) < 0 ||
	    ssh_options_set(s->session, SSH_OPTIONS_HOSTKEYS, algorithms) < 0 ||
	    ssh_options_set(s->session, SSH_OPTIONS_FD, &s->wire.fd) < 0)
		return err_set(err, ERR_INTERNAL, "libssh: %s", ssh_get_error(s->session));
	ssh_set_blocking(s->session, 0);
	return 0;
}

static int shake_hands(struct ssh_shell *s, const struct deadline *d, struct err **err)
{
	int rc = ssh_connect(s->session);

	if (ssh_get_fd(s->session) == s->wire.fd)
		s->wire.fd = -1; /* libssh closes it */
	for (; rc == SSH_AGAIN; rc = ssh_connect(s->session))
		if (ssh_shell_wait(s, d, "ssh", err) < 0)
			return -1;
	if (rc != SSH_OK)
		return err_set(err, ERR_UNREACHABLE, "%s: no SSH connection: %s", s->peer, ssh_get_error(s->session));
	return 0;
}

static int open_shell(struct ssh_shell *s, const struct ssh_target *t, struct err **err)
{
	struct deadline d = deadline_in(&s->clock, t->connect_timeout_ms ? t->connect_timeout_ms : CONNECT_TIMEOUT_MS);
	int r = t->proxy_command ? wire_proxy(t->proxy_command, t->address, t->port, t->user, &s->wire, err)
				 : wire_connect(t->address, t->port, &d, &s->wire, err);

	if (r < 0)
		return err_wrap(err, "%s", s->peer);
	s->session = ssh_new();
	if (!s->session)
		abort(); /* out of memory */
	if (set_options(s, t, err) < 0)
		return -1;
	if (shake_hands(s, &d, err) < 0)
		return wire_blame(&s->wire, err);
	if (check_host_key(s, t->host_keys, err) < 0)
		return -1;
	return log_in(s, t, &d, err);
}

static void close_shell(struct shell *shell)
{
	struct ssh_shell *s = (struct ssh_shell *)shell;

	if (s->session) {
		if (!s->broken && ssh_is_connected(s->session))
			ssh_disconnect(s->session);
		ssh_free(s->session);
	}
	wire_close(&s->wire);
	free(s->peer);
	free(s);
}

static const struct shell_ops ssh_ops = {
	.name = "ssh",
	.exec = ssh_channel_run,
	.write_file = shell_write_by_exec,
	.read_file = shell_read_by_exec,
	.close = close_shell,
};

int ssh_open(const struct ssh_target *target, const struct clock *clock, struct shell **ret, struct err **err)
{
	struct ssh_target t = *target;

	if (!t.key_file && !t.agent_socket) {
		err_set(err, ERR_AUTH, "there is no SSH agent and no key file to log in with");
		return err_hint(err, "start ssh-agent and run ssh-add, or name a key file");
	}
	t.port = t.port ? t.port : PORT_DEFAULT;
	struct ssh_shell *s = xcalloc(1, sizeof(*s));
	*s = (struct ssh_shell){ .clock = *clock, .wire = WIRE_NONE };
	s->peer = xasprintf("%s@%s", t.user, t.address);
	s->shell = (struct shell){ .ops = &ssh_ops, .clock = &s->clock, .peer = s->peer };
	if (open_shell(s, &t, err) < 0) {
		close_shell(&s->shell);
		return -1;
	}
	*ret = &s->shell;
	return 0;
}
