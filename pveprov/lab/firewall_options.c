/* The options of the cluster, the node, a guest and a vnet. */
#include "lab/firewall_private.h"
#include "lab/params.h"
#include "lab/route.h"

static void get_options(struct request *q)
{
	char hex[41];

	if (!firewall_may(q, "SDN.Allocate|SDN.Audit"))
		return;
	json_t *out = json_deep_copy(json_object_get(firewall_file_of(q), "options"));
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

static bool is_option(const struct api_param *p)
{
	static const char *const others[] = { "node", "vmid", "vnet", "delete", "digest" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (streq(others[i], p->name))
			return false;
	return true;
}

/* `delete`; false: the answer was sent. */
static bool delete_options(struct request *q, json_t *options)
{
	_cleanup_free_ char *copy = xstrdup(param_text(q, "delete"));
	char *at = copy, *name;

	while ((name = strsep(&at, ",; "))) {
		const struct api_param *p = params_find(q->endpoint, name);
		if (*name && (!p || !is_option(p))) {
			reply_param_error(q, "delete", "no such option '%s'", name);
			return false;
		}
		json_object_del(options, name);
	}
	return true;
}

/* First what is deleted, then what is set. */
static void put_options(struct request *q)
{
	bool armed = false;
	char hex[41];

	if (!firewall_may(q, "SDN.Allocate"))
		return;
	json_t *file = firewall_file_of(q), *now = json_object_get(file, "options");
	firewall_digest_object(now, hex);
	if (!firewall_check_digest(q, hex))
		return;
	json_t *options = json_deep_copy(now);
	if (param_text(q, "delete") && !delete_options(q, options)) {
		json_decref(options);
		return;
	}
	for (size_t i = 0; i < q->endpoint->n_params; i++) {
		const struct api_param *p = api_param(q->endpoint->params[i]);
		if (is_option(p) && param_given(q, p->name))
			set_option(q, options, p);
	}
	if (streq(firewall_env(q), "cluster") && param_int(q, "enable", 0) > 1) {
		/* the server's own time; the daemon is told at once */
		json_object_set_new(options, "enable", json_integer(lab_wall_s(q->lab)));
		armed = true;
	}
	json_object_set_new(file, "options", options);
	firewall_changed(q->lab, armed);
	reply_null(q);
}

#define OPTIONS(path) { "GET", path, get_options }, { "PUT", path, put_options }

const struct route firewall_option_routes[] = {
	OPTIONS("/cluster/firewall/options"),
	OPTIONS("/nodes/{node}/firewall/options"),
	OPTIONS("/nodes/{node}/qemu/{vmid}/firewall/options"),
	OPTIONS("/nodes/{node}/lxc/{vmid}/firewall/options"),
	OPTIONS("/cluster/sdn/vnets/{vnet}/firewall/options"),
	{ 0 },
};
