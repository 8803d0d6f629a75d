#include "step/steps.h"

#include "base/text.h"
#include "guest/ssh.h"

enum {
	KEY_MAX = 16 * 1024,
	ADDRESS_MS = 5 * 60 * 1000,
	SSH_MS = 3 * 60 * 1000,
	SSH_PACE_MS = 6000, /* below a router's own limit of 12 logins a minute */
};

const struct recipe_nic *machine_admin_nic(const struct recipe_vm *vm)
{
	for (size_t i = 0; vm->router && i < vm->n_nics; i++)
		if (streq(vm->nics[i].name, vm->router->admin))
			return &vm->nics[i];
	return vm->n_nics ? &vm->nics[0] : NULL;
}

int machine_read_host_keys(struct machine *m, struct err **err)
{
	static const char *const kinds[] = { "ed25519", "ecdsa", "rsa" };

	strv_free(&m->host_keys);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && m->host_keys.n == 0; i++) {
		_cleanup_free_ char *path = xasprintf("/etc/ssh/ssh_host_%s_key.pub", kinds[i]);
		_cleanup_buf_ struct buf text = { 0 };
		_cleanup_err_ struct err *why = NULL;
		if (pve_agent_read(m->session->client, m->at, path, KEY_MAX, &text, &why) == 0)
			strv_split(&m->host_keys, buf_text(&text), "\r\n");
		else if (why->kind != ERR_NOT_FOUND)
			return err_move(err, TAKE_PTR(why));
	}
	if (m->host_keys.n == 0) {
		err_set(err, ERR_NOT_FOUND, "%s has no SSH host keys", m->vm->name);
		return err_hint(err, "is an SSH server installed in template %" PRId64 "?",
				m->vm->template_id);
	}
	return 0;
}

static int apply_host_keys(const struct step *step, struct step_run *run UNUSED, struct err **err)
{
	return machine_read_host_keys((struct machine *)step->subject, err);
}

const struct step_ops step_host_keys = { .name = "host-keys",
					 .part = RECEIPT_GUEST,
					 .apply = apply_host_keys };

static bool fits(const struct recipe_nic *nic, const struct addr_cidr *a)
{
	uint8_t family = nic->addressing != RECIPE_ADDRESS_NONE ? 4 : 6;

	return a->addr.family == family && !addr_is_link_local(&a->addr) &&
	       !addr_is_loopback(&a->addr);
}

/* One look: the address of the NIC with the MAC that we chose. 1: there, 0: not there. */
static int look_for_address(struct machine *m, const struct recipe_nic *nic, struct err **err)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct pve_guest_nic *nics = NULL;
	size_t n = 0;

	if (pve_agent_interfaces(m->session->client, m->at, &a, &nics, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; nics[i].has_mac && addr_mac_equal(&nics[i].mac, &nic->mac) &&
				   k < nics[i].n_addrs;
		     k++)
			if (fits(nic, &nics[i].addrs[k])) {
				m->address = nics[i].addrs[k];
				return 1;
			}
	return 0;
}

static int read_address(struct machine *m, int64_t wait_ms, struct err **err)
{
	const struct recipe_nic *nic = machine_admin_nic(m->vm);
	char mac[ADDR_MAC_TEXT_MAX];

	if (!nic)
		return err_set(err, ERR_RECIPE, "%s has no network card to reach it by",
			       m->vm->name);
	/* a machine that has settled needs one look; one that just booted may show an address that
	 * goes again */
	if (!m->started_now || !wait_ms) {
		int found = look_for_address(m, nic, err);
		if (found != 0)
			return found < 0 ? -1 : 0;
	}
	if (!wait_ms)
		return err_set(err, ERR_UNREACHABLE, "%s has no address on '%s' (%s)", m->vm->name,
			       nic->name, addr_mac_text(&nic->mac, mac));
	const struct pve_address_want want = {
		.mac = nic->mac, .family = nic->addressing != RECIPE_ADDRESS_NONE ? 4 : 6
	};
	return pve_agent_wait_address(m->session->client, m->at, &want, wait_ms, &m->address, err);
}

int machine_read_address(struct machine *m, struct err **err)
{
	return read_address(m, 0, err);
}

static int apply_address(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;
	char text[ADDR_TEXT_MAX];

	if (read_address(m, run->phase == STEP_LOOKING ? 0 : ADDRESS_MS, err) < 0)
		return -1;
	step_line(run, "%s", addr_text(&m->address.addr, text));
	return 0;
}

const struct step_ops step_address = { .name = "address",
				       .part = RECEIPT_GUEST,
				       .apply = apply_address };

static int open_ssh(struct machine *m, struct shell **ret, struct err **err)
{
	const struct session *s = m->session;
	char address[ADDR_TEXT_MAX];
	const struct ssh_target target = {
		.address = addr_text(&m->address.addr, address),
		.user = s->o.ssh.user	      ? s->o.ssh.user
			: s->recipe->ssh.user ? s->recipe->ssh.user
					      : "root",
		.host_keys = (const char *const *)m->host_keys.v,
		.key_file = s->o.ssh.key_file,
		.agent_socket = s->o.ssh.agent_socket,
		.proxy_command = s->o.ssh.proxy_command,
	};

	return ssh_open(&target, s->o.clock, ret, err);
}

int machine_connect(struct machine *m, struct shell **ret, struct err **err)
{
	if (m->host_keys.n == 0 && machine_read_host_keys(m, err) < 0)
		return -1;
	if (machine_read_address(m, err) < 0)
		return -1;
	return open_ssh(m, ret, err);
}

static bool worth_another_try(const struct err *e)
{
	return e->kind == ERR_UNREACHABLE || e->kind == ERR_TIMEOUT;
}

/* Connects with the keys and the address at hand; sshd may come up a little later than the address.
 */
static int connect_patiently(struct machine *m, struct step_run *run, struct shell **ret,
			     struct err **err)
{
	struct deadline d = deadline_in(run->clock, run->phase == STEP_LOOKING ? 0 : SSH_MS);
	bool keys_again = true;

	for (;;) {
		_cleanup_err_ struct err *why = NULL;
		if (open_ssh(m, ret, &why) == 0)
			return 0;
		if (why->kind == ERR_GUARD && keys_again) {
			/* keys that were made anew since they were read; the agent has the last
			 * word */
			keys_again = false;
			if (machine_read_host_keys(m, err) < 0)
				return -1;
			continue;
		}
		if (!worth_another_try(why) || deadline_passed(&d))
			return err_move(err, TAKE_PTR(why));
		step_line(run, "%s", why->text);
		if (deadline_sleep(&d, SSH_PACE_MS, err) < 0)
			return -1;
	}
}

static int apply_ssh(const struct step *step, struct step_run *run, struct err **err)
{
	struct machine *m = (struct machine *)step->subject;

	m->ssh = shell_close(m->ssh);
	return connect_patiently(m, run, &m->ssh, err);
}

const struct step_ops step_ssh = { .name = "ssh", .part = RECEIPT_GUEST, .apply = apply_ssh };

int machine_ssh(struct machine *m, struct shell **ret, struct err **err)
{
	if (!m->ssh && machine_connect(m, &m->ssh, err) < 0)
		return -1;
	*ret = m->ssh;
	return 0;
}
