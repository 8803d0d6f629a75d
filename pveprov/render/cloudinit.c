#include "render/job.h"

/* cloud-init keeps its other duties (keys, host name); the network and the resolver are ours from
 * now on. */
int cloudinit_render(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	buf_adds(&b, "network:\n  config: disabled\nmanage_resolv_conf: false\n");
	return job_file(j, "/etc/cloud/cloud.cfg.d/99-router.cfg", &b, err);
}
