#include "render/job.h"

#define GIT_CONFIG  "/etc/gitconfig"
#define IGNORE_FILE "/etc/etckeeper/router.ignore"

/*
 * The history of /etc must not hold what is secret. The list is git's own system-wide excludes
 * file, because /etc/.gitignore belongs to etckeeper, which rewrites it. Patterns with a slash are
 * relative to the repository.
 */
static const char ignored[] = "/group-\n"
			      "/gshadow\n"
			      "/gshadow-\n"
			      "/machine-id\n"
			      "/passwd-\n"
			      "/security/opasswd\n"
			      "/shadow\n"
			      "/shadow-\n"
			      "/ssh/ssh_host_*_key\n"
			      "/ssl/private/\n"
			      "/systemd/network/*.netdev\n"
			      "/wireguard/\n"
			      ".*.swp\n"
			      "*~\n";

/* A value of git-config(1) in double quotes; control characters are refused. */
static int add_value(struct buf *b, const char *key, const char *value, struct err **err)
{
	buf_addf(b, "\t%s = \"", key);
	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(err, ERR_RECIPE, "etckeeper: '%s' has a control character",
				       key);
		if (*p == '"' || *p == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *p);
	}
	return buf_adds(b, "\"\n");
}

static int identity(const struct job *j, struct err **err)
{
	const struct recipe_etckeeper *e = &j->router->etckeeper;
	_cleanup_free_ char *email =
		e->email ? xstrdup(e->email) : xasprintf("root@%s", j->facts->hostname);
	_cleanup_buf_ struct buf b = { 0 };

	job_header(j, &b, "#");
	buf_adds(&b, "[init]\n");
	if (add_value(&b, "defaultBranch", e->branch ? e->branch : "master", err) < 0)
		return -1;
	buf_adds(&b, "[user]\n");
	if (add_value(&b, "name", e->user ? e->user : "root", err) < 0 ||
	    add_value(&b, "email", email, err) < 0)
		return -1;
	buf_adds(&b, "[core]\n\texcludesFile = " IGNORE_FILE "\n");
	return job_file(j, GIT_CONFIG, &b, err);
}

int etckeeper_render(const struct job *j, struct err **err)
{
	_cleanup_buf_ struct buf b = { 0 };
	_cleanup_buf_ struct buf list = { 0 };

	job_header(j, &b, "#");
	buf_addf(&b,
		 "VCS=\"git\"\nGIT_COMMIT_OPTIONS=\"\"\nHIGHLEVEL_PACKAGE_MANAGER=%s\nLOWLEVEL_"
		 "PACKAGE_MANAGER=%s\n"
		 "# Never pushed anywhere.\nPUSH_REMOTE=\"\"\n",
		 j->distribution->high_package_manager, j->distribution->low_package_manager);
	if (job_file(j, "/etc/etckeeper/etckeeper.conf", &b, err) < 0)
		return -1;
	job_header(j, &list, "#");
	buf_adds(&list, ignored);
	if (job_file(j, IGNORE_FILE, &list, err) < 0)
		return -1;
	return identity(j, err);
}
