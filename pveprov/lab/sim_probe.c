/*
 * sim_probe.c: probe.sh, played (sim_exec.h): what is seen follows from the addresses that the
 * guests have now.
 */
#include "lab/sim_exec.h"
#include "base/strv.h"
#include "data/json.h"

static const char internet[] = "1.1.1.1";

struct look {
	struct sim *sim;
	struct sim_vm *vm;
	const struct strv *words; /* INDEX WHAT SECONDS WORD... */
	struct buf *out;
};

static const char *word(const struct look *l, size_t i)
{
	return l->words->n > 3 + i ? l->words->v[3 + i] : "";
}

static void interface(const struct look *l)
{
	json_t *all = sim_interfaces(l->sim, l->vm), *nic, *ip, *shown = json_array();
	size_t i, k;
	bool found = false;

	json_array_foreach(all, i, nic) {
		if (!streq(json_text(nic, "name"), word(l, 0)))
			continue;
		found = true;
		json_array_foreach(json_list(nic, "ip-addresses"), k, ip) {
			const char *address = json_text(ip, "ip-address");
			bool six = streq(json_text(ip, "ip-address-type"), "ipv6");
			json_array_append_new(
				shown,
				json_pack("{s:s, s:s, s:O, s:s, s:b}", "family",
					  six ? "inet6" : "inet", "local", address, "prefixlen",
					  json_object_get(ip, "prefix"), "scope",
					  starts_with(address, "fe80:") ? "link" : "global",
					  "dynamic", (int)json_flag(ip, "dynamic", false)));
		}
	}
	json_decref(all);
	if (found) {
		json_t *links = json_pack("[{s:s, s:s, s:[sss], s:o}]", "ifname", word(l, 0),
					  "operstate", "UP", "flags", "BROADCAST", "UP", "LOWER_UP",
					  "addr_info", json_incref(shown));
		char *text = json_dumps(links, JSON_COMPACT);
		buf_addf(l->out, "%s\n", text);
		free(text);
		json_decref(links);
	} else {
		buf_addf(l->out, "Device \"%s\" does not exist.\n", word(l, 0));
	}
	json_decref(shown);
}

static void route(const struct look *l)
{
	json_t *routes = sim_routes(l->sim, l->vm);
	char *text = json_dumps(routes, JSON_COMPACT);

	buf_addf(l->out, "%s\n", text);
	free(text);
	json_decref(routes);
}

static bool online(const struct look *l)
{
	json_t *routes = sim_routes(l->sim, l->vm);
	bool any = json_array_size(routes) > 0;

	json_decref(routes);
	return any;
}

static void resolver(const struct look *l)
{
	const struct buf *file = guest_file(l->vm->guest, "/etc/resolv.conf");
	const char *server = json_text(l->vm->config, "nameserver"),
		   *search = json_text(l->vm->config, "searchdomain");

	if (file) {
		buf_add(l->out, file->data, file->len);
		return;
	}
	if (server)
		buf_addf(l->out, "nameserver %s\n", server);
	if (search)
		buf_addf(l->out, "search %s\n", search);
}

static void ping(const struct look *l)
{
	int received = online(l) || sim_by_address(l->sim, word(l, 0)) ? 3 : 0;

	buf_addf(l->out, "3 packets transmitted, %d received, %d%% packet loss, time 402ms\n",
		 received, received ? 0 : 100);
}

static void name(const struct look *l)
{
	if (online(l))
		buf_addf(l->out, "address %s\n", internet);
}

static void tcp(const struct look *l)
{
	if (streq(word(l, 1), "22"))
		buf_addf(l->out, "%s: connect: No route to host\nstatus 1\n", word(l, 0));
	else
		buf_adds(l->out, "connected\n");
}

static void services(const struct look *l)
{
	for (size_t i = 0; *word(l, i); i++)
		buf_addf(l->out, "%s active\n", word(l, i));
}

static void ruleset(const struct look *l)
{
	buf_adds(l->out, guest_file(l->vm->guest, word(l, 0)) ? "same\n" : "differs\n");
}

static void dns(const struct look *l)
{
	name(l);
	buf_adds(l->out, "plain 0\n");
}

static const struct {
	const char *what;
	void (*look)(const struct look *l);
} looks[] = {
	{ "dns", dns },	    { "interface", interface }, { "lease", interface },
	{ "name", name },   { "ping", ping },		{ "resolver", resolver },
	{ "route", route }, { "ruleset", ruleset },	{ "services", services },
	{ "tcp", tcp },
};

static void prefix_lines(const struct buf *text, struct buf *out)
{
	_cleanup_strv_ struct strv lines = { 0 };

	strv_split(&lines, text->data ? text->data : "", "\n");
	for (size_t i = 0; i < lines.n; i++)
		buf_addf(out, "|%s\n", lines.v[i]);
}

bool sim_probe(struct sim *s, struct sim_vm *vm, const char *const *argv, const struct buf *input,
	       struct guest_result *ret)
{
	if (!strstr(input->data, "# probe.sh:"))
		return false;
	for (size_t i = 1; argv[i]; i++) {
		_cleanup_strv_ struct strv words = { 0 };
		_cleanup_buf_ struct buf seen = { 0 };
		struct look l = { s, vm, &words, &seen };
		strv_split(&words, argv[i], " ");
		if (words.n < 3)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(looks); k++)
			if (streq(looks[k].what, words.v[1]))
				looks[k].look(&l);
		buf_addf(&ret->out, "@probe %s 5\n", words.v[0]);
		prefix_lines(&seen, &ret->out);
	}
	buf_adds(&ret->out, "@end\n");
	return true;
}
