#include "cli/version.h"

#include <curl/curl.h>
#include <libssh/libssh.h>

void version_print(struct out *out)
{
	const char *ssh = ssh_version(0);

	out_printf(out, "pveprov %s\n", PVEPROV_VERSION);
	out_printf(out, "%s jansson/%s libssh/%.*s\n", curl_version(), jansson_version_str(),
		   (int)strcspn(ssh, "/"), ssh);
}
