#include "fw_json.h"

#include "firewall/fw_address.h"

#include <ctype.h>

static json_t *rule(const struct fw_entry *e)
{
	json_t *o = json_pack("{s:s, s:s, s:b}", "type", fw_type_name(e->rule.type), "action", e->rule.action, "enable",
			      (int)e->rule.enabled);

	if (e->rule.macro)
		json_object_set_new(o, "macro", json_string(e->rule.macro));
	for (size_t i = 0; i < FW_FIELDS; i++)
		if (fw_field_get(&e->rule, &fw_fields[i]))
			json_object_set_new(o, fw_fields[i].api, json_string(fw_field_get(&e->rule, &fw_fields[i])));
	return o;
}

static void add_entry(json_t *file, json_t *body, const struct fw_section *s, const struct fw_entry *e)
{
	char key[FW_NAME_MAX + 1] = "";

	switch (s->kind) {
	case FW_OPTIONS:
		json_object_set_new(json_object_get(file, "options"), e->key, json_string(e->value));
		break;
	case FW_ALIASES:
		for (size_t i = 0; e->key[i] && i < FW_NAME_MAX; i++)
			key[i] = (char)tolower((unsigned char)e->key[i]);
		json_object_set_new(json_object_get(file, "aliases"), key, json_pack("{s:s}", "cidr", e->value));
		break;
	case FW_IPSET:
		json_array_append_new(json_object_get(body, "entries"),
				      json_pack("{s:s, s:b}", "cidr", e->value, "nomatch", (int)e->nomatch));
		break;
	case FW_RULES:
		json_array_append_new(json_object_get(file, "rules"), rule(e));
		break;
	default:
		json_array_append_new(json_object_get(body, "rules"), rule(e));
	}
}

static json_t *file_of(const struct fw_config *c, json_t *files)
{
	json_t *file = json_pack("{s:{}, s:{}, s:{}, s:{}, s:[]}", "options", "aliases", "ipset", "groups", "rules");

	for (const struct fw_section *s = c->first; s; s = s->next) {
		json_t *body = NULL;
		if (s->kind == FW_IPSET || s->kind == FW_GROUP) {
			body = json_pack("{s:[]}", s->kind == FW_IPSET ? "entries" : "rules");
			json_object_set_new(json_object_get(file, s->kind == FW_IPSET ? "ipset" : "groups"), s->name, body);
		}
		for (const struct fw_entry *e = s->first; e; e = e->next)
			if (!e->bad)
				add_entry(file, body, s, e);
	}
	json_array_append_new(files, file);
	return file;
}

static struct firewall_guest guest_of(struct arena *a, const struct fw_guest *g, json_t *files)
{
	struct firewall_nic *nics = arena_array(a, g->n_nics, sizeof(*nics));
	struct firewall_guest r = { .file = g->config ? file_of(g->config, files) : NULL, .nics = nics, .n_nics = g->n_nics };

	snprintf(r.id, sizeof(r.id), "%s", g->id);
	for (size_t i = 0; i < g->n_nics; i++) {
		nics[i] = (struct firewall_nic){ .mac = g->nics[i].mac, .filtered = g->nics[i].firewall };
		snprintf(nics[i].id, sizeof(nics[i].id), "%s", g->nics[i].id);
		memcpy(nics[i].own, g->nics[i].own, sizeof(nics[i].own));
	}
	return r;
}

struct firewall_site fw_json_site(struct arena *a, const struct fw_site *s, json_t *files)
{
	struct firewall_node *nodes = arena_array(a, s->n_nodes, sizeof(*nodes));
	struct firewall_guest *guests = arena_array(a, s->n_guests, sizeof(*guests));

	for (size_t i = 0; i < s->n_nodes; i++)
		nodes[i] = (struct firewall_node){ .file = s->nodes[i].config ? file_of(s->nodes[i].config, files) : NULL,
						   .ring = s->nodes[i].ring,
						   .n_ring = s->nodes[i].n_ring };
	for (size_t i = 0; i < s->n_guests; i++)
		guests[i] = guest_of(a, &s->guests[i], files);
	return (struct firewall_site){ .cluster = s->cluster ? file_of(s->cluster, files) : NULL,
				       .nodes = nodes,
				       .n_nodes = s->n_nodes,
				       .guests = guests,
				       .n_guests = s->n_guests,
				       .local_known = s->local_network_known,
				       .local = s->local_network,
				       .now_s = s->now_s };
}
