#include "probe/kind.h"
#include "data/json.h"

const struct probe_kind *const probe_kinds[] = {
	&probe_default_route, &probe_encrypted_dns, &probe_interface, &probe_lease,    &probe_ping, &probe_refused,
	&probe_resolve,	      &probe_resolver,	    &probe_ruleset,   &probe_services, &probe_tcp,  NULL,
};

void probe_seen_line(const char *text, struct buf *seen)
{
	size_t n = strcspn(text, "\n");

	if (n)
		buf_addf(seen, "%.*s", (int)MIN(n, (size_t)200), text);
	else
		buf_adds(seen, "nothing");
}

json_t *probe_ip_json(const char *text, struct buf *seen)
{
	json_t *j = NULL;

	if (json_parse("ip", text, strlen(text), &j, NULL) == 0 && json_is_array(j))
		return j;
	json_decref(j);
	probe_seen_line(text, seen);
	return NULL;
}

const json_t *probe_ip_link(const json_t *links)
{
	size_t i;
	json_t *link;

	/* old versions of iproute2 leave an empty object for each interface that was not asked for */
	json_array_foreach(links, i, link)
		if (json_object_get(link, "ifname"))
			return link;
	return NULL;
}
