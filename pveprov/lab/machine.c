#include "lab/machine.h"
#include "data/addr.h"
#include "data/json.h"
#include "data/propstring.h"

enum {
	NET_INDEX_MAX = 31,
	HOSTPCI_MAX = 15,
	FIRST_NIC_SLOT = 0x12,
	MEMORY_DEFAULT_MIB = 512,
	CORES_MAX = 8
};

/* Port networks by function; what is behind the optional ones is an empty socket. */
static const struct {
	const char *bridge;
	bool plugged;
} ports[MACHINE_PORTS] = {
	{ "card-wan", true },
	{ "card-lan", true },
	{ "card-opt1", false },
	{ "card-opt2", false },
};

static const struct {
	const char *proxmox, *qemu;
} models[] = {
	{ "e1000", "e1000" },
	{ "e1000e", "e1000e" },
	{ "virtio", "virtio-net-pci" },
};

const char *machine_port_bridge(int function)
{
	return ports[function].bridge;
}

static int parse_model(const struct propstring *net, struct machine_nic *nic)
{
	struct addr_mac mac;

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		const char *text = propstring_get(net, models[i].proxmox);

		if (text && addr_mac_parse(text, &mac)) {
			nic->model = models[i].qemu;
			addr_mac_text(&mac, nic->mac);
			return 0;
		}
	}
	return -1;
}

/* Proxmox's ids have at most nine digits: 15 bytes, all that the kernel allows. */
static void set_tap(struct machine_nic *nic, int vmid, char kind, int index)
{
	snprintf(nic->tap, sizeof(nic->tap), "tap%u%c%u", (unsigned)vmid % 1000000000, kind,
		 (unsigned)index % 100);
}

static int parse_nic(struct machine *m, int index, const char *text, struct err **err)
{
	_cleanup_propstring_ struct propstring net = { 0 };
	struct machine_nic nic = { .function = -1 };

	if (m->n_nics >= MACHINE_NICS_MAX)
		return err_set(err, ERR_INTERNAL, "the lab's machines have at most %d NICs",
			       MACHINE_NICS_MAX);
	if (propstring_parse(text, NULL, &net, err) < 0)
		return err_wrap(err, "unable to parse network device 'net%d'", index);
	if (parse_model(&net, &nic) < 0)
		return err_set(err, ERR_INTERNAL, "unable to parse network options 'net%d'", index);
	const char *bridge = propstring_get(&net, "bridge");
	if (bridge && strlen(bridge) >= sizeof(nic.bridge))
		return err_set(err, ERR_INTERNAL, "bridge '%s' does not exist", bridge);
	const char *down = propstring_get(&net, "link_down");
	nic.link_down = down && streq(down, "1");
	const char *firewall = propstring_get(&net, "firewall");
	nic.filtered = firewall && streq(firewall, "1");
	snprintf(nic.bridge, sizeof(nic.bridge), "%s", bridge ? bridge : "");
	snprintf(nic.id, sizeof(nic.id), "net%d", index);
	set_tap(&nic, m->vmid, 'i', index);
	m->nics[m->n_nics++] = nic;
	return 0;
}

static void add_port(struct machine *m, int function)
{
	struct machine_nic nic = { .model = "e1000e",
				   .function = function,
				   .link_down = !ports[function].plugged };

	for (size_t i = 0; i < m->n_nics; i++)
		if (m->nics[i].function == function)
			return;
	snprintf(nic.id, sizeof(nic.id), "port%d", function);
	set_tap(&nic, m->vmid, 'p', function);
	snprintf(nic.bridge, sizeof(nic.bridge), "%s", ports[function].bridge);
	snprintf(nic.mac, sizeof(nic.mac), "a0:36:9f:01:00:%02x",
		 (unsigned)function % MACHINE_PORTS);
	m->nics[m->n_nics++] = nic;
}

/* The lab has one card. "01:00" and a mapping mean all of it, "01:00.2" one function. */
static int parse_hostpci(struct machine *m, int index, const char *text, struct err **err)
{
	_cleanup_propstring_ struct propstring p = { 0 };

	if (propstring_parse(text, "host", &p, err) < 0)
		return err_wrap(err, "unable to parse 'hostpci%d'", index);
	const char *host = propstring_get(&p, "host");
	const char *dot = host ? strrchr(host, '.') : NULL;
	if (!host && !propstring_get(&p, "mapping"))
		return err_set(err, ERR_INTERNAL, "hostpci%d: no PCI device configured", index);
	if (dot && dot[1] >= '0' && dot[1] < '0' + MACHINE_PORTS && !dot[2]) {
		add_port(m, dot[1] - '0');
		return 0;
	}
	for (int f = 0; f < MACHINE_PORTS; f++)
		add_port(m, f);
	return 0;
}

int machine_parse(const json_t *config, int vmid, struct machine *ret, struct err **err)
{
	struct machine m = { .vmid = vmid };
	char key[16];

	int64_t cores = json_int(config, "cores", 1) * json_int(config, "sockets", 1);
	m.cores = (int)MIN(MAX(cores, (int64_t)1), (int64_t)CORES_MAX);
	m.memory_mib = json_int(config, "memory", MEMORY_DEFAULT_MIB);
	const char *agent = json_text(config, "agent");
	m.agent = agent ? agent[0] == '1' || strstr(agent, "enabled=1")
			: json_flag(config, "agent", false);
	for (int i = 0; i <= NET_INDEX_MAX; i++) {
		snprintf(key, sizeof(key), "net%d", i);
		const char *text = json_text(config, key);
		if (text && parse_nic(&m, i, text, err) < 0)
			return -1;
	}
	for (int i = 0; i <= HOSTPCI_MAX; i++) {
		snprintf(key, sizeof(key), "hostpci%d", i);
		const char *text = json_text(config, key);
		if (text && parse_hostpci(&m, i, text, err) < 0)
			return -1;
	}
	*ret = m;
	return 0;
}

/* No flush ever reaches the host's disk: a lab's machine may be lost with the host. */
static void add_disk(struct strv *argv, const char *node, const char *driver, const char *file,
		     bool read_only)
{
	json_t *j = json_pack("{s:s, s:s, s:b, s:{s:b}, s:{s:s, s:s, s:b, s:{s:b}}}", "driver",
			      driver, "node-name", node, "read-only", read_only, "cache",
			      "no-flush", 1, "file", "driver", "file", "filename", file,
			      "read-only", read_only, "cache", "no-flush", 1);

	if (streq(driver, "qcow2"))
		json_object_set_new(j, "discard", json_string("unmap"));
	strv_add(argv, "-blockdev");
	strv_take(argv, json_dumps(j, JSON_COMPACT));
	strv_add(argv, "-device");
	strv_addf(argv, "virtio-blk-pci,drive=%s", node);
	json_decref(j);
}

static void add_nic(struct strv *argv, const struct machine_nic *nic, int slot)
{
	strv_add(argv, "-netdev");
	strv_addf(argv, "tap,id=n-%s,ifname=%s,script=no,downscript=no", nic->id, nic->tap);
	strv_add(argv, "-device");
	if (nic->function >= 0)
		strv_addf(argv, "%s,id=%s,netdev=n-%s,mac=%s,bus=card,addr=0.%d,multifunction=on",
			  nic->model, nic->id, nic->id, nic->mac, nic->function);
	else
		strv_addf(argv, "%s,id=%s,netdev=n-%s,mac=%s,bus=pcie.0,addr=0x%x", nic->model,
			  nic->id, nic->id, nic->mac, slot);
}

static void add_nics(struct strv *argv, const struct machine *m)
{
	bool card = false;

	for (size_t i = 0; i < m->n_nics; i++) {
		if (m->nics[i].function >= 0 && !card) {
			card = true;
			strv_add(argv, "-device");
			strv_add(argv,
				 "pcie-root-port,id=card,bus=pcie.0,addr=0x1c.0,chassis=1,slot=1");
		}
		add_nic(argv, &m->nics[i], FIRST_NIC_SLOT + (int)i);
	}
}

/* QEMU's own escape for a comma inside an option's value; malloc'd. */
static char *double_commas(const char *s)
{
	struct buf b = { 0 };

	for (; *s; s++)
		buf_adds(&b, *s == ',' ? ",," : (const char[]){ *s, 0 });
	buf_text(&b);
	return buf_take(&b);
}

/* A character device on a descriptor of the process. */
static void add_channel(struct strv *argv, const char *id, int fd)
{
	strv_add(argv, "-chardev");
	strv_addf(argv, "socket,id=%s,fd=%d", id, fd);
}

/* What every machine has; the two conversations are on descriptors that are set up before. */
static const char *const fixed[] = {
	"-M",
	"q35",
	"-nodefaults",
	"-no-user-config",
	"-display",
	"none",
	"-S",
	"-device",
	"virtio-rng-pci",
	"-device",
	"virtio-serial-pci",
	"-mon",
	"chardev=qmp,mode=control",
	"-device",
	"virtserialport,id=agent,chardev=qga,name=org.qemu.guest_agent.0",
	NULL,
};

static void add_cpus(struct strv *argv, const struct machine *m, bool kvm)
{
	/* Measured: a larger translation buffer than 256 MiB gains nothing, the default costs more
	 * memory. */
	strv_add(argv, "-accel");
	strv_add(argv, kvm ? "kvm" : "tcg,thread=multi,tb-size=256");
	strv_add(argv, "-cpu");
	strv_add(argv, kvm ? "host" : "qemu64");
	strv_add(argv, "-smp");
	strv_addf(argv, "%d", m->cores);
	strv_add(argv, "-m");
	strv_addf(argv, "%" PRId64, m->memory_mib);
}

/*
 * Emulated CPUs race when the memory map changes under them (iotlb_to_section asserts: QEMU 10.0,
 * one boot in ten on a busy host). The guest starts with one and takes the others later:
 * lab-cpus.service in the image.
 */
static void add_kernel(struct strv *argv, const struct machine_host *host, bool kvm)
{
	strv_add(argv, "-kernel");
	strv_add(argv, host->kernel);
	strv_add(argv, "-initrd");
	strv_add(argv, host->initrd);
	strv_add(argv, "-append");
	strv_addf(argv,
		  "root=/dev/vda console=ttyS0 quiet mitigations=off no_timer_check tsc=reliable "
		  "random.trust_cpu=on%s",
		  kvm ? "" : " maxcpus=1");
}

void machine_argv(const struct machine *m, const struct machine_host *host, struct strv *ret)
{
	bool kvm = streq(host->accel, "kvm");

	strv_add(ret, "qemu-system-x86_64");
	strv_add(ret, "-name");
	strv_addf(ret, "lab-%d", m->vmid);
	add_cpus(ret, m, kvm);
	add_channel(ret, "qmp", 3);
	add_channel(ret, "qga", 4);
	strv_add_all(ret, fixed);
	strv_add(ret, "-chardev");
	_cleanup_free_ char *serial = double_commas(host->serial);
	strv_addf(ret, "file,id=serial,path=%s", serial);
	strv_add(ret, "-serial");
	strv_add(ret, "chardev:serial");
	add_kernel(ret, host, kvm);
	add_disk(ret, "disk", "qcow2", host->disk, false);
	if (host->seed)
		add_disk(ret, "seed", "raw", host->seed, true);
	add_nics(ret, m);
	if (host->load) {
		strv_add(ret, "-loadvm");
		strv_add(ret, host->load);
	}
}
