#include "pve/node.h"
#include "base/text.h"

int pve_node_list(struct pve_client *c, struct arena *a, struct pve_node **ret, size_t *ret_n,
		  struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	size_t n = 0, i;
	json_t *j;

	if (pve_get(c, "/nodes", NULL, &data, err) < 0)
		return -1;
	struct pve_node *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		const char *name = json_text(j, "node"), *status = json_text(j, "status");
		if (!name)
			continue;
		list[n++] = (struct pve_node){
			.name = arena_strdup(a, name),
			.online = status && streq(status, "online"),
			.fingerprint = arena_strdup(a, json_text(j, "ssl_fingerprint")),
		};
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

/* "9.2.11", "7.4-17", "8.2": missing parts are 0. */
bool pve_version_parse(const char *text, struct pve_version *ret)
{
	struct pve_version v = { 0 };
	unsigned *parts[] = { &v.major, &v.minor, &v.patch };
	const char *s = text;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t n = strspn(s, "0123456789");
		_cleanup_free_ char *digits = xstrndup(s, n);
		uint64_t number;
		if (!text_to_u64(digits, 0, 9999, &number))
			return false;
		*parts[i] = (unsigned)number;
		s += n;
		if (*s != '.' && *s != '-')
			break;
		s++;
	}
	snprintf(v.text, sizeof(v.text), "%s", text);
	*ret = v;
	return true;
}

bool pve_version_at_least(const struct pve_version *v, unsigned major, unsigned minor,
			  unsigned patch)
{
	if (v->major != major)
		return v->major > major;
	return v->minor != minor ? v->minor > minor : v->patch >= patch;
}

int pve_version_get(struct pve_client *c, struct pve_version *ret, struct err **err)
{
	_cleanup_json_ json_t *data = NULL;
	const char *text;

	if (pve_get(c, "/version", NULL, &data, err) < 0)
		return -1;
	if (json_need_text(data, "version", &text, err) < 0)
		return err_wrap(err, "version of '%s'", pve_client_endpoint(c));
	if (!pve_version_parse(text, ret))
		return err_set(err, ERR_INTERNAL, "version '%s' of '%s' is no version", text,
			       pve_client_endpoint(c));
	return 0;
}

int pve_node_status(struct pve_client *c, const char *node, json_t **ret, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/status", node);

	return pve_get(c, path, NULL, ret, err);
}

int pve_node_package(struct pve_client *c, const char *node, const char *package, struct arena *a,
		     const char **ret, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/apt/versions", node);
	_cleanup_json_ json_t *data = NULL;
	const char *version = NULL;
	size_t i;
	json_t *j;

	if (pve_get(c, path, NULL, &data, err) < 0)
		return -1;
	json_array_foreach(data, i, j) {
		const char *name = json_text(j, "Package"), *state = json_text(j, "CurrentState");
		/* One that is only available stands there too. OldVersion is what is installed
		 * where an update waits. */
		if (name && streq(name, package) && state && streq(state, "Installed")) {
			const char *old = json_text(j, "OldVersion"),
				   *now = json_text(j, "Version");
			version = old ? old : now ? now : "installed";
		}
	}
	*ret = arena_strdup(a, version);
	return 0;
}
