#include "step/keys.h"

#include "base/fs.h"
#include "base/proc.h"
#include "base/text.h"
#include "data/digest.h"

enum { KEYS_BYTES_MAX = 256 * 1024 };

bool keys_is_public(const char *line)
{
	static const char *const types[] = { "ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-",
					     "sk-ssh-ed25519@", "sk-ecdsa-sha2-" };
	const char *blank = strchr(line, ' ');

	if (!blank)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!starts_with(line, types[i]))
			continue;
		_cleanup_free_ char *body = xstrndup(blank + 1, strcspn(blank + 1, " \t"));
		_cleanup_buf_ struct buf decoded = { 0 };
		return digest_unbase64(body, &decoded) == 0 && decoded.len > 16;
	}
	return false;
}

/* Two lines are the same key whatever their comment. */
static bool has_key(const struct strv *keys, const char *line)
{
	size_t len = strcspn(line, " ");

	len += line[len] ? 1 + strcspn(line + len + 1, " ") : 0;
	for (size_t i = 0; i < keys->n; i++)
		if (strncmp(keys->v[i], line, len) == 0 &&
		    (!keys->v[i][len] || keys->v[i][len] == ' '))
			return true;
	return false;
}

static int add_lines(struct strv *keys, const char *text, const char *where, struct err **err)
{
	_cleanup_strv_ struct strv lines = { 0 };

	strv_split(&lines, text, "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = text_trim(lines.v[i]);
		if (!*line || *line == '#')
			continue;
		if (!keys_is_public(line))
			return err_set(err, ERR_USAGE, "%s: line %zu is not an SSH public key",
				       where, i + 1);
		if (!has_key(keys, line))
			strv_add(keys, line);
	}
	return 0;
}

static int add_file(struct strv *keys, const char *path, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (fs_read(path, KEYS_BYTES_MAX, &text, err) < 0)
		return -1;
	return add_lines(keys, buf_text(&text), path, err);
}

static int add_agent(struct strv *keys, const struct step_ssh *ssh, const struct clock *clock,
		     struct err **err)
{
	static const char *const argv[] = { "ssh-add", "-L", NULL };
	_cleanup_proc_result_ struct proc_result r = { 0 };

	if (!ssh->agent_socket) {
		err_set(err, ERR_USAGE, "the recipe wants the SSH agent's keys, but no agent runs");
		return err_hint(err, "start one ('eval $(ssh-agent)', 'ssh-add'), or name a public "
				     "key file under ssh: keys:");
	}
	_cleanup_free_ char *socket = xasprintf("SSH_AUTH_SOCK=%s", ssh->agent_socket);
	const char *const env[] = { socket, NULL };
	const struct proc_spec spec = { .argv = argv, .env = env, .timeout_ms = 10000 };
	if (proc_run(&spec, clock, &r, err) < 0)
		return err_wrap(err, "cannot ask the SSH agent for its keys");
	if (r.status != 0) {
		err_set(err, ERR_USAGE, "the SSH agent has no keys");
		return err_hint(err, "add one with 'ssh-add'");
	}
	return add_lines(keys, buf_text(&r.out), "the SSH agent", err);
}

static int add_context_key(struct strv *keys, const char *key_file, struct err **err)
{
	_cleanup_free_ char *path = xasprintf("%s.pub", key_file);

	if (add_file(keys, path, err) == 0)
		return 0;
	err_wrap(err, "the public half of the context's SSH key");
	return err_hint(err, "make it with 'ssh-keygen -y -f %s > %s'", key_file, path);
}

int keys_collect(const struct recipe_ssh *recipe, const struct step_ssh *ssh,
		 const struct clock *clock, struct strv *ret, struct err **err)
{
	_cleanup_strv_ struct strv keys = { 0 };

	if (ssh->key_file && add_context_key(&keys, ssh->key_file, err) < 0)
		return -1;
	for (size_t i = 0; i < recipe->keys.n; i++) {
		const char *key = recipe->keys.v[i];
		int r = 0;
		if (!streq(key, "agent"))
			r = keys_is_public(key) ? add_lines(&keys, key, "ssh: keys", err)
						: add_file(&keys, key, err);
		else if (ssh->agent_socket || !ssh->key_file)
			r = add_agent(&keys, ssh, clock, err);
		if (r < 0)
			return -1;
	}
	if (keys.n == 0) {
		err_set(err, ERR_USAGE, "there is no SSH key that could log in to the machines");
		return err_hint(err, "name a public key file under ssh: keys: in the recipe");
	}
	*ret = keys;
	keys = (struct strv){ 0 };
	return 0;
}
