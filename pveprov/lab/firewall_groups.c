/* Security groups of the cluster; their rules are lists as any other (firewall_rules.c). */
#include "lab/firewall_private.h"
#include "lab/route.h"

static const struct firewall_kind kind = { "groups", "group", "Security group", "rules" };

static void get_groups(struct request *q)
{
	firewall_get_names(q, &kind);
}

/* Rules of the cluster, the nodes and the guests follow the group; those of vnets do not. */
static void rename_in_rules(struct lab *l, const char *from, const char *to)
{
	json_t *file, *r;
	const char *name;
	size_t i;

	json_object_foreach(l->firewall->files, name, file) {
		if (starts_with(name, "vnet/"))
			continue;
		json_array_foreach(json_object_get(file, "rules"), i, r)
			if (streq(json_text(r, "type"), "group") && streq(json_text(r, "action"), from))
				json_object_set_new(r, "action", json_string(to));
	}
}

static void post_group(struct request *q)
{
	firewall_post_name(q, &kind, rename_in_rules);
}

static void delete_group(struct request *q)
{
	const char *name = param_text(q, "group");
	json_t *groups = json_object_get(firewall_file_of(q), "groups"), *g = json_object_get(groups, name);

	if (!g) {
		reply_error(q, 500, "no such security group '%s'", name);
		return;
	}
	if (json_array_size(json_object_get(g, "rules"))) {
		reply_error(q, 500, "Security group '%s' is not empty", name);
		return;
	}
	json_object_del(groups, name);
	firewall_changed(q->lab, false);
	reply_null(q);
}

const struct route firewall_group_routes[] = {
	{ "GET", "/cluster/firewall/groups", get_groups },
	{ "POST", "/cluster/firewall/groups", post_group },
	{ "DELETE", "/cluster/firewall/groups/{group}", delete_group },
	{ 0 },
};
