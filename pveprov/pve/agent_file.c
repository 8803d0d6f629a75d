#include "data/digest.h"
#include "pve/agent_private.h"

int pve_agent_read(struct pve_client *c, struct pve_vm vm, const char *path, size_t max_bytes,
		   struct buf *out, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;
	_cleanup_buf_ struct buf bytes = { .ceiling = MIN(max_bytes, (size_t)PVE_AGENT_READ_MAX) };

	pve_params_add(&p, "file", path);
	if (pve_agent_call(c, vm, "GET", "file-read", &p, bytes.ceiling * 6 + 65536, &data, err) <
	    0)
		return err_wrap(err, "read '%s' through the agent of VM %u", path, vm.id);
	const json_t *content = json_object_get(data, "content");
	if (!json_is_string(content))
		return err_set(err, ERR_INTERNAL,
			       "read '%s' through the agent of VM %u: no content", path, vm.id);
	if (pve_agent_bytes(content, &bytes) < 0 || json_flag(data, "truncated", false))
		return err_set(err, ERR_INTERNAL, "'%s' of VM %u is larger than %zu bytes", path,
			       vm.id, bytes.ceiling);
	if (buf_add(out, bytes.data, bytes.len) < 0)
		return err_set(err, ERR_INTERNAL, "'%s' of VM %u is larger than its buffer", path,
			       vm.id);
	return 0;
}

int pve_agent_write(struct pve_client *c, struct pve_vm vm, const char *path, const void *data,
		    size_t len, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };
	enum { BYTES_MAX = PVE_AGENT_WRITE_MAX / 4 * 3 };

	if (len > BYTES_MAX)
		return err_set(err, ERR_USAGE,
			       "'%s' is %zu bytes, the agent writes at most %d at once", path, len,
			       BYTES_MAX);
	_cleanup_free_ char *base64 = digest_base64(data, len);
	pve_params_add(&p, "file", path);
	pve_params_add(&p, "content", base64);
	pve_params_add_bool(&p, "encode", false); /* it is base64 already: any bytes, unchanged */
	explicit_bzero(base64, strlen(base64));
	if (pve_agent_call(c, vm, "POST", "file-write", &p, 0, NULL, err) < 0)
		return err_wrap(err, "write '%s' through the agent of VM %u", path, vm.id);
	return 0;
}
