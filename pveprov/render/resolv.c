#include "render/job.h"

/* No immutable bit: nothing that would write this file is left running, and package scripts fail on
 * the bit. */
int resolv_render(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	buf_adds(&b, "nameserver 127.0.0.1\nnameserver ::1\noptions edns0 trust-ad\n");
	return job_file(j, "/etc/resolv.conf", &b, err);
}
