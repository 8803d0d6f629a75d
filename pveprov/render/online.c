#include "render/job.h"

/* A drop-in, not an edit of the unit or of its link in *.wants: those are lost with the next
 * update. */
int online_render(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	buf_addf(&b,
		 "# Only wan counts, and a machine without internet still finishes its boot.\n"
		 "[Service]\nExecStart=\nExecStart=%s --interface=%s:routable --timeout=30\n",
		 j->distribution->wait_online, j->router->wan.interface);
	return job_file(j,
			"/etc/systemd/system/systemd-networkd-wait-online.service.d/05-router.conf",
			&b, err);
}
