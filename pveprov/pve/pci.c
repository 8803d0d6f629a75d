#include "pve/pci.h"
#include "base/text.h"

/* "0x8086", "8086" or a number. */
static uint32_t hex_of(const json_t *j, const char *key)
{
	const char *text = json_text(j, key);
	uint64_t n = 0;

	if (!text)
		return (uint32_t)MAX(json_int(j, key, 0), (int64_t)0);
	text += starts_with(text, "0x") ? 2 : 0;
	text_to_hex(text, UINT32_MAX, &n);
	return (uint32_t)n;
}

int pve_pci_list(struct pve_client *c, const char *node, struct arena *a, struct pve_pci **ret,
		 size_t *ret_n, struct err **err)
{
	_cleanup_free_ char *path = pve_path("/nodes/%s/hardware/pci", node);
	_cleanup_pve_params_ struct pve_params p = { 0 };
	_cleanup_json_ json_t *data = NULL;
	size_t n = 0, i;
	json_t *j;

	pve_params_add(&p, "pci-class-blacklist",
		       ""); /* else bridges, memory and processors are left out */
	if (pve_get(c, path, &p, &data, err) < 0)
		return -1;
	struct pve_pci *list = arena_array(a, json_array_size(data) + 1, sizeof(*list));
	json_array_foreach(data, i, j) {
		const char *id = json_text(j, "id");
		_cleanup_free_ char *full = id ? pve_pci_normalise(id) : NULL;
		if (!full)
			continue;
		list[n++] = (struct pve_pci){
			.id = arena_strdup(a, full),
			.vendor = (uint16_t)hex_of(j, "vendor"),
			.device = (uint16_t)hex_of(j, "device"),
			.sub_vendor = (uint16_t)hex_of(j, "subsystem_vendor"),
			.sub_device = (uint16_t)hex_of(j, "subsystem_device"),
			.class = hex_of(j, "class"),
			.iommu_group = json_int(j, "iommugroup", -1),
			.vendor_name = arena_strdup(a, json_text(j, "vendor_name")),
			.device_name = arena_strdup(a, json_text(j, "device_name")),
		};
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

static size_t hex_run(const char *s)
{
	return strspn(s, "0123456789abcdef");
}

char *pve_pci_normalise(const char *text)
{
	_cleanup_free_ char *low = xstrdup(text);

	for (char *s = low; *s; s++)
		if (*s >= 'A' && *s <= 'F')
			*s = (char)(*s | 32);
	const char *s = low;
	size_t n = hex_run(s);
	bool domain = n >= 4 && n <= 8 && s[n] == ':';
	if (domain)
		s += n + 1;
	/* bus:slot[.function] */
	if (hex_run(s) != 2 || s[2] != ':' || hex_run(s + 3) != 2 ||
	    (s[5] && (s[5] != '.' || hex_run(s + 6) != 1 || s[7])))
		return NULL;
	return domain ? TAKE_PTR(low) : xasprintf("0000:%s", low);
}

bool pve_pci_matches(const struct pve_pci *d, const char *wanted)
{
	_cleanup_free_ char *full = pve_pci_normalise(wanted);

	if (!full)
		return false;
	size_t len = strlen(full);
	return strncmp(d->id, full, len) == 0 && (!d->id[len] || d->id[len] == '.');
}

bool pve_pci_is_bridge(const struct pve_pci *d)
{
	return d->class >> 16 == 0x06;
}
