#include "step/facts.h"

#include "base/fs.h"
#include "base/strv.h"
#include "data/json.h"
#include "step/steps.h"

enum { PORTS_MAX = 64, FACTS_BYTES_MAX = 64 * 1024 };

const char facts_script[] =
	"for d in /sys/bus/pci/devices/*; do\n"
	"	[ -r \"$d/class\" ] || continue\n"
	"	case $(cat \"$d/class\") in 0x0200*) ;; *) continue ;; esac\n"
	"	[ \"$(cat \"$d/vendor\")\" = 0x1af4 ] && continue\n" /* virtio: found by our MAC
									addresses */
	"	macs=\n"
	"	for a in \"$d\"/net/*/address; do [ -r \"$a\" ] && macs=$macs,$(cat \"$a\"); done\n"
	"	echo \"${d##*/} ${macs:--}\"\n"
	"done\n";

static bool is_own_nic(const struct recipe_vm *vm, const char *macs)
{
	_cleanup_strv_ struct strv list = { 0 };
	struct addr_mac mac;

	strv_split(&list, macs, ",");
	for (size_t i = 0; i < list.n; i++)
		for (size_t k = 0; addr_mac_parse(list.v[i], &mac) && k < vm->n_nics; k++)
			if (addr_mac_equal(&mac, &vm->nics[k].mac))
				return true;
	return false;
}

/* PCI addresses sort as text: same length, hexadecimal in lower case. */
static void read_addresses(const struct recipe_vm *vm, const char *printed, struct strv *ret)
{
	_cleanup_strv_ struct strv lines = { 0 };

	strv_split(&lines, printed, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_strv_ struct strv words = { 0 };
		strv_split(&words, lines.v[i], " \t\r");
		if (words.n == 2 && strlen(words.v[0]) == 12 && !is_own_nic(vm, words.v[1]))
			strv_add(ret, words.v[0]);
	}
	strv_sort(ret);
}

static size_t count_names(const struct recipe_vm *vm)
{
	size_t n = 0;

	for (size_t i = 0; i < vm->n_passthrough; i++)
		n += vm->passthrough[i].names.n;
	return n;
}

int facts_ports(const struct recipe_vm *vm, const char *printed, struct arena *a,
		struct render_port **ret, size_t *ret_n, struct err **err)
{
	_cleanup_strv_ struct strv seen = { 0 };
	size_t wanted = count_names(vm), n = 0;

	read_addresses(vm, printed, &seen);
	if (seen.n < wanted || wanted > PORTS_MAX) {
		_cleanup_free_ char *list = strv_join(&seen, ", ");
		err_set(err, ERR_CONFLICT,
			"%s: the recipe names %zu ports of passed-through cards, the guest sees "
			"%zu%s%s",
			vm->name, wanted, seen.n, seen.n ? ": " : "", seen.n ? list : "");
		return err_hint(err, "does the guest's kernel have a driver for the card, and is "
				     "the whole card passed through?");
	}
	struct render_port *ports = arena_array(a, wanted ? wanted : 1, sizeof(*ports));
	for (size_t i = 0; i < vm->n_passthrough; i++)
		for (size_t k = 0; k < vm->passthrough[i].names.n; k++, n++)
			ports[n] = (struct render_port){ .name = vm->passthrough[i].names.v[k],
							 .pci_path = arena_printf(a, "pci-%s",
										  seen.v[n]) };
	*ret = ports;
	*ret_n = n;
	return 0;
}

static const struct {
	const char *id;
	enum render_distribution distribution;
} distributions[] = { { "arch", RENDER_ARCH }, { "debian", RENDER_DEBIAN } };

int facts_distribution(const char *id, const char *pretty, enum render_distribution *ret,
		       struct err **err)
{
	for (size_t i = 0; i < ARRAY_SIZE(distributions); i++)
		if (streq_null(id, distributions[i].id)) {
			*ret = distributions[i].distribution;
			return 0;
		}
	err_set(err, ERR_CONFLICT,
		"the guest runs %s, and a router can be made of Debian or Arch only",
		pretty ? pretty
		: id   ? id
		       : "an unknown system");
	return err_hint(err, "name a template of Debian 13 or Arch in the recipe");
}

int facts_assume(const struct recipe_vm *vm, struct arena *a, struct render_facts *ret,
		 struct err **err)
{
	_cleanup_buf_ struct buf printed = { 0 };
	struct render_port *ports = NULL;
	size_t n = 0;

	for (size_t i = 0; i < vm->n_passthrough; i++)
		for (size_t k = 0; k < vm->passthrough[i].names.n; k++)
			buf_addf(&printed, "0000:%02zx:00.%zu -\n", i + 1, k);
	if (facts_ports(vm, buf_text(&printed), a, &ports, &n, err) < 0)
		return -1;
	*ret = (struct render_facts){ .distribution = RENDER_DEBIAN,
				      .hostname = vm->name,
				      .ports = ports,
				      .n_ports = n,
				      .assumed = true };
	return 0;
}

int facts_load(const char *path, const struct recipe_vm *vm, struct arena *a,
	       struct render_facts *ret, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_json_ json_t *facts = NULL;
	enum render_distribution distribution = RENDER_DEBIAN;

	if (fs_read(path, FACTS_BYTES_MAX, &text, err) < 0 ||
	    json_parse(path, buf_text(&text), text.len, &facts, err) < 0)
		return -1;
	if (facts_distribution(json_text(facts, "distribution"), NULL, &distribution, err) < 0)
		return err_wrap(err, "%s", path);
	struct render_port *ports = arena_array(a, count_names(vm) + 1, sizeof(*ports));
	size_t n = 0;
	for (size_t i = 0; i < vm->n_passthrough; i++)
		for (size_t k = 0; k < vm->passthrough[i].names.n; k++, n++) {
			const char *name = vm->passthrough[i].names.v[k];
			const char *pci = json_text(json_map(facts, "ports"), name);
			if (!pci)
				return err_set(
					err, ERR_RECIPE,
					"%s: ports has no '%s' (\"pci-0000:01:00.0\" for one)",
					path, name);
			ports[n] = (struct render_port){ .name = name,
							 .pci_path = arena_strdup(a, pci) };
		}
	*ret = (struct render_facts){
		.distribution = distribution,
		.hostname = vm->name,
		.ports = ports,
		.n_ports = n,
	};
	return 0;
}

static int read_facts(struct machine *m, struct shell *shell, struct err **err)
{
	_cleanup_shell_result_ struct shell_result r = { 0 };
	struct pve_osinfo os;
	struct render_port *ports = NULL;
	size_t n = 0;
	enum render_distribution distribution;

	arena_free(&m->facts_arena);
	if (pve_agent_osinfo(m->session->client, m->at, &m->facts_arena, &os, err) < 0 ||
	    facts_distribution(os.id, os.pretty_name, &distribution, err) < 0)
		return -1;
	if (m->vm->n_passthrough &&
	    (shell_script(shell, facts_script, NULL, 30000, &r, err) < 0 ||
	     facts_ports(m->vm, buf_text(&r.out), &m->facts_arena, &ports, &n, err) < 0))
		return -1;
	m->facts = (struct render_facts){
		.distribution = distribution,
		.hostname = m->vm->name,
		.ports = ports,
		.n_ports = n,
	};
	return 0;
}

static int apply(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	struct shell *shell;

	if (machine_ssh(m, &shell, err) < 0 || read_facts(m, shell, err) < 0)
		return -1;
	bundle_free(&m->bundle);
	m->bundle = (struct bundle){ 0 };
	if (render_router(m->session->recipe, m->vm, &m->facts, &m->bundle, err) < 0)
		return -1;
	m->rendered = true;
	step_line(run, "%s, %zu files", m->facts.distribution == RENDER_ARCH ? "Arch" : "Debian",
		  m->bundle.n_files);
	return 0;
}

const struct step_ops step_facts = { .name = "facts", .part = RECEIPT_GUEST, .apply = apply };
