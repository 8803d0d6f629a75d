#include "render/firewall_unit.h"
#include "render/job.h"

/*
 * The house boots locked: nftables-lockdown.service loads rules that let only administrators in,
 * nftables.service then replaces them in one transaction and, only after that, switches forwarding
 * on. When its rules do not load, the lockdown stays. Stopping or restarting either never flushes
 * anything.
 */
static int lockdown(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	buf_addf(&b,
		 "[Unit]\nDescription=Rules until nftables.service has loaded its own: "
		 "administration only\n"
		 "DefaultDependencies=no\nWants=network-pre.target\n"
		 "After=systemd-modules-load.service local-fs.target\n"
		 "Before=network-pre.target nftables.service "
		 "shutdown.target\nConflicts=shutdown.target\n\n"
		 "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=%s -f " FIREWALL_LOCKDOWN
		 "\n\n"
		 "[Install]\nWantedBy=sysinit.target\n",
		 j->distribution->nft);
	return job_file(j, "/etc/systemd/system/nftables-lockdown.service", &b, err);
}

static int rules(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };
	const struct distribution *d = j->distribution;

	job_header(j, &b, "#");
	buf_addf(&b,
		 "[Unit]\nWants=nftables-lockdown.service\n"
		 "After=nftables-lockdown.service systemd-modules-load.service "
		 "systemd-sysctl.service\n"
		 "Before=network-pre.target systemd-networkd.service\n\n"
		 "[Service]\nExecStart=\nExecStart=%s -f " FIREWALL_RULES "\n"
		 "ExecStartPost=%s " FIREWALL_FORWARDING "\n"
		 "# A reload is one transaction; a restart is a reload; a stop leaves the rules "
		 "where they are.\n"
		 "ExecReload=\nExecReload=%s -f " FIREWALL_RULES "\nExecStop=\n",
		 d->nft, d->sysctl, d->nft);
	return job_file(j, "/etc/systemd/system/nftables.service.d/05-router.conf", &b, err);
}

int firewall_unit_render(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };

	/* Not in sysctl.d, which is applied at boot whether there are rules or not. */
	job_header(j, &b, "#");
	buf_adds(&b, "net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n");
	if (job_file(j, FIREWALL_FORWARDING, &b, err) < 0)
		return -1;
	return lockdown(j, err) < 0 ? -1 : rules(j, err);
}
