/*
 * IP sets. The iptables daemon's sets (hash:net) decide by the longest prefix that contains the address; nft has no such
 * thing, so the set is cut into ranges first. proxmox-firewall has two sets: in the one and not in the other.
 */
#include "data/digest.h"
#include "lab/firewall_nft.h"

/* Of two members for one network the second is an error to the server. */
void nft_members_add(struct nft *n, struct nft_members *m, const struct addr_cidr *net, bool nomatch)
{
	struct addr_cidr c = { .addr = addr_network(net), .prefix = net->prefix };

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].net.prefix == c.prefix && addr_compare(&m->v[i].net.addr, &c.addr) == 0)
			return;
	if ((m->n & (m->n + 1)) == 0) { /* doubles: 1, 3, 7 ... */
		struct nft_member *grown = arena_array(&n->arena, 2 * m->n + 2, sizeof(*grown));
		if (m->n)
			memcpy(grown, m->v, m->n * sizeof(*grown));
		m->v = grown;
	}
	m->v[m->n++] = (struct nft_member){ c, nomatch };
}

void nft_members_of(struct nft *n, const json_t *set, const json_t *own, struct nft_members *m)
{
	struct addr_cidr c;
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(set, "entries"), i, e) {
		const char *text = json_text(e, "cidr");
		if (text && (addr_net_parse(text, &c) || nft_find_alias(n, own, text, &c)) && c.prefix)
			nft_members_add(n, m, &c, json_flag(e, "nomatch", false));
	}
}

/* The address before a. */
static struct addr before(struct addr a)
{
	for (size_t i = a.family == 4 ? 4 : 16; i-- > 0;)
		if (a.bytes[i]-- != 0)
			break;
	return a;
}

static int by_address(const void *a, const void *b)
{
	return addr_compare(a, b);
}

/* Whether the longest prefix that contains the address is a member that matches. */
static bool matches(const struct nft_members *m, const struct addr *a)
{
	const struct nft_member *best = NULL;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].net.addr.family == a->family && addr_cidr_contains(&m->v[i].net, a) &&
		    (!best || m->v[i].net.prefix > best->net.prefix))
			best = &m->v[i];
	return best && !best->nomatch;
}

static void add_range(struct buf *b, const struct addr *first, const struct addr *last)
{
	char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];

	buf_adds(b, b->len ? ", " : "");
	if (addr_compare(first, last) == 0)
		buf_adds(b, addr_text(first, one));
	else
		buf_addf(b, "%s-%s", addr_text(first, one), addr_text(last, two));
}

/* Between two borders (a network's first address, or the one behind its last) nothing changes. */
const char *nft_elements(struct nft *n, const struct nft_members *m, int family)
{
	struct addr *borders = arena_array(&n->arena, 2 * m->n + 1, sizeof(*borders)), first = { 0 };
	struct addr end = { .family = (uint8_t)family };
	_cleanup_buf_ struct buf text = { 0 };
	size_t k = 0;

	memset(end.bytes, 0xff, family == 4 ? 4 : 16);
	for (size_t i = 0; i < m->n; i++) {
		const struct addr_cidr *c = &m->v[i].net;
		struct addr last = addr_broadcast(c);
		if (c->addr.family != family)
			continue;
		borders[k++] = c->addr;
		if (addr_compare(&last, &end) != 0)
			addr_offset(&last, 1, &borders[k++]);
	}
	qsort(borders, k, sizeof(*borders), by_address);
	for (size_t i = 0; i < k; i++) {
		bool in = matches(m, &borders[i]);
		if (in && !first.family)
			first = borders[i];
		if (!in && first.family) {
			struct addr last = before(borders[i]);
			add_range(&text, &first, &last);
			first = (struct addr){ 0 };
		}
	}
	if (first.family)
		add_range(&text, &first, &end);
	return arena_strdup(&n->arena, buf_text(&text));
}

const char *nft_named_set(struct nft *n, const char *type, const char *elements)
{
	char content[41];

	digest_sha1(elements, strlen(elements), content);
	const char *name = arena_printf(&n->arena, "%s-%.16s", type, content);
	if (json_object_get(n->sets, name))
		return name;
	json_object_set_new(n->sets, name, json_true());
	buf_addf(n->named, "\tset %s {\n\t\ttype %s\n\t\tflags interval\n", name, type);
	if (*elements)
		buf_addf(n->named, "\t\telements = { %s }\n", elements);
	buf_adds(n->named, "\t}\n");
	return name;
}

static void add_set(struct nft *n, int family, const char *vmid, const char *name, const char *suffix,
		    const struct nft_members *m)
{
	const char *set = nft_named_set(n, family == 4 ? "ipv4_addr" : "ipv6_addr", nft_elements(n, m, family));

	json_object_set_new(n->sets, arena_printf(&n->arena, "v%d-%s-%s%s", family, vmid, name, suffix), json_string(set));
}

const char *nft_set_name(const struct nft *n, int family, const char *vmid, const char *name, const char *suffix)
{
	_cleanup_free_ char *key = xasprintf("v%d-%s-%s%s", family, vmid, name, suffix);

	return json_text(n->sets, key);
}

void nft_set(struct nft *n, const char *vmid, const char *name, const struct nft_members *m)
{
	struct nft_members in = { 0 }, out = { 0 };

	for (size_t i = 0; i < m->n; i++)
		nft_members_add(n, m->v[i].nomatch ? &out : &in, &m->v[i].net, false);
	for (int family = 4; family <= 6; family += 2) {
		add_set(n, family, vmid, name, "", n->proxmox ? &in : m);
		if (n->proxmox)
			add_set(n, family, vmid, name, "-nomatch", &out);
	}
}

const char *nft_in_set(struct nft *n, int family, const char *field, const char *vmid, const char *name)
{
	const char *ip = family == 4 ? "ip" : "ip6";
	const char *in = arena_printf(&n->arena, "%s %s @%s", ip, field, nft_set_name(n, family, vmid, name, ""));

	return n->proxmox ? arena_printf(&n->arena, "%s %s %s != @%s", in, ip, field,
					 nft_set_name(n, family, vmid, name, "-nomatch"))
			  : in;
}

static struct addr_cidr link_local(const struct addr_mac *mac)
{
	struct addr_cidr c = { .addr = { .family = 6, .bytes = { 0xfe, 0x80 } }, .prefix = 128 };

	memcpy(c.addr.bytes + 8, mac->bytes, 3);
	c.addr.bytes[8] ^= 2;
	c.addr.bytes[11] = 0xff;
	c.addr.bytes[12] = 0xfe;
	memcpy(c.addr.bytes + 13, mac->bytes + 3, 3);
	return c;
}

/*
 * The iptables daemon filters where the set or the option is, and adds the link-local address to either;
 * proxmox-firewall filters only with the option and takes a set as it is.
 */
bool nft_ipfilter(struct nft *n, const struct firewall_guest *g, const struct firewall_nic *nic, struct nft_members *ret)
{
	const json_t *set = nft_find_set(g->file, arena_printf(&n->arena, "ipfilter-%s", nic->id));
	bool option = nft_on(n, NFT_GUEST, g->file, "ipfilter");
	struct addr_cidr own = link_local(&nic->mac), all = { .addr = { .family = 6, .bytes = { 0xfe, 0x80 } }, .prefix = 10 };

	if (!option && (!set || n->proxmox))
		return false;
	nft_members_of(n, set, g->file, ret);
	if (set && n->proxmox)
		return true;
	nft_members_add(n, ret, &own, false);
	if (!n->proxmox)
		nft_members_add(n, ret, &all, true);
	for (size_t i = 0; i < ARRAY_SIZE(nic->own); i++)
		if (nic->own[i].family)
			nft_members_add(n, ret,
					&(struct addr_cidr){ nic->own[i], nic->own[i].family == 4 ? 32 : 128 }, false);
	return true;
}

static const struct firewall_nic *nic_of_set(const struct firewall_guest *g, const char *name)
{
	for (size_t i = 0; starts_with(name, "ipfilter-") && i < g->n_nics; i++)
		if (streq(g->nics[i].id, name + strlen("ipfilter-")))
			return &g->nics[i];
	return NULL;
}

static void guest_sets(struct nft *n, const struct firewall_guest *g)
{
	const char *name;
	json_t *set;

	json_object_foreach(json_object_get(g->file, "ipset"), name, set) {
		const struct firewall_nic *nic = nic_of_set(g, name);
		struct nft_members m = { 0 };
		if (!nic || !nft_ipfilter(n, g, nic, &m))
			nft_members_of(n, set, g->file, &m);
		nft_set(n, g->id, name, &m);
	}
	for (size_t i = 0; g->file && i < g->n_nics; i++) {
		struct nft_members m = { 0 };
		name = arena_printf(&n->arena, "ipfilter-%s", g->nics[i].id);
		if (!nft_find_set(g->file, name) && nft_ipfilter(n, g, &g->nics[i], &m))
			nft_set(n, g->id, name, &m);
	}
}

void nft_sets(struct nft *n)
{
	struct nft_members management = { 0 };
	struct addr_cidr local;
	const char *name;
	json_t *set;

	nft_members_of(n, nft_find_set(n->cluster, "management"), n->cluster, &management);
	if (nft_local_network(n, &local))
		nft_members_add(n, &management, &local, false);
	nft_set(n, "0", "management", &management);
	json_object_foreach(json_object_get(n->cluster, "ipset"), name, set) {
		struct nft_members m = { 0 };
		if (streq(name, "management"))
			continue;
		nft_members_of(n, set, n->cluster, &m);
		nft_set(n, "0", name, &m);
	}
	for (size_t i = 0; i < n->site->n_guests; i++)
		guest_sets(n, &n->site->guests[i]);
}
