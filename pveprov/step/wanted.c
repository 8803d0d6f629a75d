#include "step/wanted.h"

#include "base/text.h"
#include "data/propstring.h"
#include "pve/params.h"
#include "pve/pci.h"

/* The value as text, whatever JSON type the server chose. malloc'd; NULL: absent. */
static char *live_text(const json_t *config, const char *key)
{
	const json_t *v = json_object_get(config, key);

	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	if (json_is_integer(v))
		return xasprintf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if (json_is_boolean(v))
		return xstrdup(json_is_true(v) ? "1" : "0");
	return NULL;
}

/* An option of a machine: how two values are compared, and what a change of it means. */
struct option {
	const char *name; /* a trailing '*' stands for a number */
	const char *privilege;
	enum step_effect effect; /* while the machine runs */
	bool cloud_init;
	bool (*same)(const char *live, const char *wanted);
};

static bool same_text(const char *live, const char *wanted)
{
	return streq_null(live, wanted);
}

/* Absent is 0. */
static bool same_flag(const char *live, const char *wanted)
{
	return streq(live ? live : "0", wanted);
}

/* "q35" is met by "pc-q35-9.0" and by "q35,viommu=intel". */
static bool same_machine(const char *live, const char *wanted)
{
	_cleanup_propstring_ struct propstring p = { 0 };

	if (!live || propstring_parse(live, "type", &p, NULL) < 0)
		return false;
	const char *type = propstring_get(&p, "type");
	_cleanup_free_ char *versioned = xasprintf("pc-%s-", wanted);
	return type && (streq(type, wanted) || starts_with(type, versioned));
}

static bool same_memory(const char *live, const char *wanted)
{
	_cleanup_propstring_ struct propstring p = { 0 };

	return live && propstring_parse(live, "current", &p, NULL) == 0 &&
	       streq_null(propstring_get(&p, "current"), wanted);
}

/* Order does not matter. */
static bool same_items(const char *live, const char *wanted)
{
	_cleanup_propstring_ struct propstring a = { 0 }, b = { 0 };

	if (!live || !wanted)
		return live == wanted;
	if (propstring_parse(live, NULL, &a, NULL) < 0 ||
	    propstring_parse(wanted, NULL, &b, NULL) < 0 || a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		const char *other = propstring_get(&b, a.items[i].key);
		if (!other || strcasecmp(other, a.items[i].value) != 0)
			return false;
	}
	return true;
}

static bool same_keys(const char *live, const char *wanted)
{
	_cleanup_strv_ struct strv a = { 0 }, b = { 0 };
	_cleanup_free_ char *decoded = live ? pve_percent_decode(live) : xstrdup("");
	_cleanup_free_ char *want = pve_percent_decode(wanted);

	strv_split(&a, decoded, "\r\n");
	strv_split(&b, want, "\r\n");
	strv_sort(&a);
	strv_sort(&b);
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (!streq(text_trim(a.v[i]), text_trim(b.v[i])))
			return false;
	return true;
}

static bool is_on(const struct propstring *p, const char *key)
{
	const char *v = propstring_get(p, key);

	return v && (streq(v, "1") || strcasecmp(v, "on") == 0 || strcasecmp(v, "yes") == 0 ||
		     strcasecmp(v, "true") == 0);
}

static bool same_hostpci(const char *live, const char *wanted)
{
	_cleanup_propstring_ struct propstring a = { 0 }, b = { 0 };

	if (!live || propstring_parse(live, "host", &a, NULL) < 0 ||
	    propstring_parse(wanted, "host", &b, NULL) < 0)
		return false;
	const char *host_a = propstring_get(&a, "host"), *host_b = propstring_get(&b, "host");
	_cleanup_free_ char *full_a = host_a ? pve_pci_normalise(host_a) : NULL;
	_cleanup_free_ char *full_b = host_b ? pve_pci_normalise(host_b) : NULL;
	return streq_null(full_a, full_b) && is_on(&a, "pcie") == is_on(&b, "pcie") &&
	       streq_null(propstring_get(&a, "mapping"), propstring_get(&b, "mapping"));
}

static const struct option options[] = {
	{ "balloon", "VM.Config.Memory", STEP_COLD_START, false, same_text },
	{ "cicustom", "VM.Config.Cloudinit", STEP_COLD_START, true, same_text },
	{ "ciupgrade", "VM.Config.Cloudinit", STEP_COLD_START, true, same_text },
	{ "ciuser", "VM.Config.Cloudinit", STEP_COLD_START, true, same_text },
	{ "cores", "VM.Config.CPU", STEP_COLD_START, false, same_text },
	{ "hostpci*", "VM.Config.HWType", STEP_COLD_START, false, same_hostpci },
	{ "ipconfig*", "VM.Config.Cloudinit", STEP_COLD_START, true, same_items },
	{ "machine", "VM.Config.HWType", STEP_COLD_START, false, same_machine },
	{ "memory", "VM.Config.Memory", STEP_COLD_START, false, same_memory },
	{ "name", "VM.Config.Options", STEP_LIVE, true, same_text },
	{ "nameserver", "VM.Config.Cloudinit", STEP_COLD_START, true, same_text },
	{ "net*", "VM.Config.Network", STEP_RESTARTS, true, same_items },
	{ "onboot", "VM.Config.Options", STEP_LIVE, false, same_flag },
	{ "searchdomain", "VM.Config.Cloudinit", STEP_COLD_START, true, same_text },
	{ "sshkeys", "VM.Config.Cloudinit", STEP_COLD_START, true, same_keys },
};

static const struct option *find_option(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *name = options[i].name;
		size_t len = strcspn(name, "*");
		if (name[len] ? strncmp(name, key, len) == 0 &&
					text_consists_of(key + len, "0123456789")
			      : streq(name, key))
			return &options[i];
	}
	abort(); /* a key of ours without an entry */
}

struct comparison {
	const struct wanted_facts *f;
	const json_t *live;
	struct wanted *w;
};

static void add(const struct comparison *c, const char *key, char *from, const char *to,
		const char *value)
{
	const struct option *o = find_option(key);
	struct wanted *w = c->w;

	w->v = xrealloc(w->v, w->n + 1, sizeof(*w->v));
	w->v[w->n++] = (struct wanted_change){
		.key = xstrdup(key),
		.from = from,
		.to = xstrdup_null(to),
		.value = xstrdup_null(value),
		.effect = c->f->running ? o->effect : STEP_LIVE,
		.privilege = o->privilege,
		.cloud_init = o->cloud_init,
	};
}

/* value NULL: the key is to be absent. */
static void compare(const struct comparison *c, const char *key, const char *value)
{
	char *from = live_text(c->live, key);

	if (value ? find_option(key)->same(from, value) : !from)
		free(from);
	else
		add(c, key, from, value, value);
}

static void compare_int(const struct comparison *c, const char *key, int64_t value)
{
	_cleanup_free_ char *text = xasprintf("%" PRId64, value);

	compare(c, key, text);
}

/* Model and MAC stand in one item, "virtio=BC:24:11:..": the one whose value is a MAC. */
static const struct propstring_item *net_card(const struct propstring *p)
{
	struct addr_mac mac;

	for (size_t i = 0; i < p->n; i++)
		if (addr_mac_parse(p->items[i].value, &mac))
			return &p->items[i];
	return NULL;
}

static char *mac_upper(const struct addr_mac *mac)
{
	char text[ADDR_MAC_TEXT_MAX];

	addr_mac_text(mac, text);
	for (char *c = text; *c; c++)
		if (*c >= 'a' && *c <= 'f')
			*c = (char)(*c - 'a' + 'A');
	return xstrdup(text);
}

char *wanted_net(const struct recipe_nic *nic, const char *live)
{
	_cleanup_propstring_ struct propstring p = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *mac = mac_upper(&nic->mac);
	_cleanup_free_ char *tag = nic->vlan ? xasprintf("%" PRId64, nic->vlan) : NULL;

	if (live && propstring_parse(live, "model", &p, NULL) == 0) {
		const struct propstring_item *card = net_card(&p);
		if (card) {
			_cleanup_free_ char *key = xstrdup(card->key);
			propstring_set(&p, key, NULL);
		}
		propstring_set(&p, "model", NULL);
	}
	propstring_set(&p, "bridge", nic->bridge);
	propstring_set(&p, "tag", tag);
	propstring_set(&p, "firewall", nic->firewall ? "1" : NULL);
	_cleanup_free_ char *rest = propstring_text(&p);
	buf_addf(&text, "%s=%s,%s", nic->model ? nic->model : "virtio", mac, rest);
	return buf_take(&text);
}

/* Another card (model, MAC) unplugs the old one: that cuts off; another bridge only moves the
 * cable. */
static bool same_card(const char *live, const char *wanted)
{
	_cleanup_propstring_ struct propstring a = { 0 }, b = { 0 };

	if (propstring_parse(live, "model", &a, NULL) < 0 ||
	    propstring_parse(wanted, "model", &b, NULL) < 0)
		return false;
	const struct propstring_item *x = net_card(&a), *y = net_card(&b);
	return x && y && streq(x->key, y->key) && strcasecmp(x->value, y->value) == 0;
}

static void compare_nic(const struct comparison *c, size_t i)
{
	const struct recipe_nic *nic = &c->f->vm->nics[i];
	_cleanup_free_ char *key = xasprintf("net%zu", i);
	_cleanup_free_ char *ipkey = xasprintf("ipconfig%zu", i);
	_cleanup_free_ char *live = live_text(c->live, key);
	_cleanup_free_ char *value = wanted_net(nic, live);
	_cleanup_free_ char *ipconfig = wanted_ipconfig(nic);
	size_t before = c->w->n;

	compare(c, key, value);
	if (c->w->n > before && c->f->running && (!live || same_card(live, value)))
		c->w->v[before].effect = STEP_LIVE;
	compare(c, ipkey, ipconfig);
}

char *wanted_ipconfig(const struct recipe_nic *nic)
{
	_cleanup_buf_ struct buf text = { 0 };
	char addr[ADDR_TEXT_MAX];

	if (nic->addressing == RECIPE_ADDRESS_DHCP)
		buf_adds(&text, "ip=dhcp");
	else if (nic->addressing == RECIPE_ADDRESS_STATIC)
		buf_addf(&text, "ip=%s", addr_cidr_text(&nic->address, addr));
	if (nic->addressing == RECIPE_ADDRESS_STATIC && nic->gateway.family == 4)
		buf_addf(&text, ",gw=%s", addr_text(&nic->gateway, addr));
	if (nic->addressing6 == RECIPE_ADDRESS_DHCP)
		buf_addf(&text, "%sip6=auto", text.len ? "," : "");
	else if (nic->addressing6 == RECIPE_ADDRESS_STATIC)
		buf_addf(&text, "%sip6=%s", text.len ? "," : "",
			 addr_cidr_text(&nic->address6, addr));
	return text.len ? buf_take(&text) : NULL;
}

/* Cards, addresses and devices of the template that the recipe does not have. */
static void compare_surplus(const struct comparison *c)
{
	static const char *const kinds[] = { "net", "ipconfig", "hostpci" };
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)c->live, key, value)
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			size_t len = strlen(kinds[i]);
			uint64_t n;
			if (strncmp(key, kinds[i], len) != 0 || !text_to_u64(key + len, 0, 31, &n))
				continue;
			if (n >= (i == 2 ? c->f->vm->n_passthrough : c->f->vm->n_nics))
				compare(c, key, NULL);
		}
}

static void compare_hardware(const struct comparison *c)
{
	const struct recipe_vm *vm = c->f->vm;

	compare(c, "name", vm->name);
	if (vm->machine)
		compare(c, "machine", vm->machine);
	if (vm->cores)
		compare_int(c, "cores", vm->cores);
	if (vm->memory_mib)
		compare_int(c, "memory", vm->memory_mib);
	if (vm->balloon_mib >= 0)
		compare_int(c, "balloon", vm->balloon_mib);
	compare(c, "onboot", vm->onboot ? "1" : "0");
	for (size_t i = 0; i < vm->n_passthrough; i++) {
		_cleanup_free_ char *key = xasprintf("hostpci%zu", i);
		if (c->f->hostpci[i])
			compare(c, key, c->f->hostpci[i]);
	}
	for (size_t i = 0; i < vm->n_nics; i++)
		compare_nic(c, i);
	compare_surplus(c);
}

static void compare_keys(const struct comparison *c)
{
	_cleanup_free_ char *lines = strv_join(c->f->keys, "\n");
	_cleanup_free_ char *value = pve_percent_encode(lines);
	char *live = live_text(c->live, "sshkeys");

	if (same_keys(live, value)) {
		free(live);
		return;
	}
	_cleanup_free_ char *decoded = live ? pve_percent_decode(live) : NULL;
	_cleanup_strv_ struct strv old = { 0 };
	if (decoded)
		strv_split(&old, decoded, "\r\n");
	_cleanup_free_ char *to =
		xasprintf("%zu key%s", c->f->keys->n, c->f->keys->n == 1 ? "" : "s");
	char *from = live ? xasprintf("%zu key%s", old.n, old.n == 1 ? "" : "s") : NULL;
	free(live);
	add(c, "sshkeys", from, to, value);
}

static void compare_cloud_init(const struct comparison *c)
{
	const struct recipe_vm *vm = c->f->vm;
	char addr[ADDR_TEXT_MAX];

	compare(c, "ciuser", c->f->recipe->ssh.user);
	compare_keys(c);
	if (!c->f->no_ciupgrade)
		compare(c, "ciupgrade", "0");
	if (vm->nameserver.family)
		compare(c, "nameserver", addr_text(&vm->nameserver, addr));
	if (vm->searchdomain)
		compare(c, "searchdomain", vm->searchdomain);
	if (!vm->keep_cicustom)
		compare(c, "cicustom", NULL);
}

int wanted_compare(const struct wanted_facts *f, const json_t *live, struct wanted *ret,
		   struct err **err)
{
	_cleanup_wanted_ struct wanted w = { 0 };
	const struct comparison c = { f, live, &w };

	if (!json_is_object(live))
		return err_set(err, ERR_INTERNAL,
			       "the configuration of VM %" PRId64 " is not an object", f->vm->id);
	compare_hardware(&c);
	compare_cloud_init(&c);
	*ret = w;
	w = (struct wanted){ 0 };
	return 0;
}

const struct wanted_change *wanted_find(const struct wanted *w, const char *key)
{
	for (size_t i = 0; i < w->n; i++)
		if (streq(w->v[i].key, key))
			return &w->v[i];
	return NULL;
}

bool wanted_has_cloudinit(const json_t *config)
{
	static const char *const buses[] = { "ide", "sata", "scsi", "virtio" };
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)config, key, value)
		for (size_t i = 0; i < ARRAY_SIZE(buses); i++) {
			size_t len = strlen(buses[i]);
			if (strncmp(key, buses[i], len) == 0 &&
			    text_consists_of(key + len, "0123456789") && json_is_string(value) &&
			    strstr(json_string_value(value), "cloudinit"))
				return true;
		}
	return false;
}

bool wanted_has_agent(const json_t *config)
{
	_cleanup_free_ char *text = live_text(config, "agent");
	_cleanup_propstring_ struct propstring p = { 0 };

	return text && propstring_parse(text, "enabled", &p, NULL) == 0 && is_on(&p, "enabled");
}

void wanted_free(struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].key);
		free(w->v[i].from);
		free(w->v[i].to);
		free(w->v[i].value);
	}
	free(w->v);
	*w = (struct wanted){ 0 };
}
