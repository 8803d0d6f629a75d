#include "lab/keypair.h"
#include "base/fs.h"

#include <libssh/libssh.h>
#include <sys/stat.h>

static int write_public(const char *path, ssh_key key, struct err **err)
{
	char *base64 = NULL;
	_cleanup_free_ char *line = NULL;

	if (ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
		return err_set(err, ERR_INTERNAL, "cannot export the lab's SSH key");
	line = xasprintf("ssh-ed25519 %s pveprov-lab\n", base64);
	ssh_string_free_char(base64);
	return fs_write(path, line, strlen(line), 0644, err);
}

int keypair_make(const char *dir, char **ret_path, struct err **err)
{
	_cleanup_free_ char *path = fs_join(dir, "id_ed25519"), *public = xasprintf("%s.pub", path);
	ssh_key key = NULL;
	int result = -1;

	/* libssh creates files with the mode of the umask; the directory is private. */
	unlink(path);
	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK ||
	    ssh_pki_export_privkey_file(key, NULL, NULL, NULL, path) != SSH_OK)
		err_set(err, ERR_INTERNAL, "cannot make the lab's SSH key '%s'", path);
	else if (chmod(path, 0600))
		err_set_errno(err, ERR_INTERNAL, "cannot make '%s' private", path);
	else
		result = write_public(public, key, err);
	ssh_key_free(key);
	if (result == 0)
		*ret_path = TAKE_PTR(path);
	return result;
}
