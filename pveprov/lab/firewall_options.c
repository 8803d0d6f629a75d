/* The options of the cluster, the node and a guest. */
#include "lab/firewall_private.h"
#include "lab/params.h"
#include "lab/route.h"

static void get_options(struct request *q)
{
	json_t *out = json_deep_copy(json_object_get(firewall_file_of(q), "options"));
	char hex[41];

	firewall_digest_object(out, hex);
	json_object_set_new(out, "digest", json_string(hex));
	reply_data(q, out);
}

/* One option as the file has it: numbers and booleans are numbers. */
static void set_option(const struct request *q, json_t *options, const struct api_param *p)
{
	const char *text = param_text(q, p->name);

	if (p->type == API_FLAG || p->type == API_INT)
		json_object_set_new(options, p->name, json_integer(param_int(q, p->name, 0)));
	else
		json_object_set_new(options, p->name, json_string(text));
}

static void delete_options(const char *list, json_t *options)
{
	_cleanup_free_ char *copy = xstrdup(list);
	char *at = copy, *name;

	while ((name = strsep(&at, ",; ")))
		json_object_del(options, name);
}

static bool is_option(const struct api_param *p)
{
	static const char *const others[] = { "node", "vmid", "delete", "digest" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (streq(others[i], p->name))
			return false;
	return true;
}

static void put_options(struct request *q)
{
	json_t *options = json_object_get(firewall_file_of(q), "options");
	bool is_cluster = starts_with(q->path, "/cluster/"), armed = false;
	char hex[41];

	firewall_digest_object(options, hex);
	if (!firewall_check_digest(q, hex))
		return;
	if (param_text(q, "delete"))
		delete_options(param_text(q, "delete"), options);
	for (size_t i = 0; i < q->endpoint->n_params; i++) {
		const struct api_param *p = api_param(q->endpoint->params[i]);
		if (is_option(p) && param_given(q, p->name))
			set_option(q, options, p);
	}
	if (is_cluster && param_int(q, "enable", 0) > 1) {
		/* the server's own time; the daemon is told at once */
		json_object_set_new(options, "enable", json_integer(lab_wall_s(q->lab)));
		armed = true;
	}
	firewall_changed(q->lab, armed);
	reply_null(q);
}

#define OPTIONS(path) { "GET", path, get_options }, { "PUT", path, put_options }

const struct route firewall_option_routes[] = {
	OPTIONS("/cluster/firewall/options"),
	OPTIONS("/nodes/{node}/firewall/options"),
	OPTIONS("/nodes/{node}/qemu/{vmid}/firewall/options"),
	{ 0 },
};
