#include "lab/sim_exec.h"
#include "data/json.h"

/* The list of PCI network devices: the ports of the passed-through card, without drivers'
 * addresses. */
static bool list_ports(struct sim *s UNUSED, struct sim_vm *vm, const char *const *argv UNUSED,
		       const struct buf *input, struct guest_result *ret)
{
	if (!input->data || !strstr(input->data, "/sys/bus/pci/devices/*"))
		return false;
	for (int port = 0; json_text(vm->config, "hostpci0") && port < SIM_CARD_PORTS; port++)
		buf_addf(&ret->out, "0000:01:00.%d ,a0:36:9f:01:00:0%d\n", port, port);
	return true;
}

void sim_exec(struct sim *s, struct sim_vm *vm, const char *const *argv, const void *input,
	      size_t input_len, struct guest_result *ret)
{
	static bool (*const programs[])(struct sim * s, struct sim_vm * vm, const char *const *argv,
					const struct buf *input, struct guest_result *ret) = {
		sim_push,
		sim_probe,
		list_ports,
	};
	_cleanup_buf_ struct buf in = { .ceiling = 64 << 20 };

	*ret = (struct guest_result){ 0 };
	buf_add(&in, input, input_len);
	buf_text(&in);
	sim_guest_advance(s, vm);
	if (!guest_scripted(vm->guest, argv, in.data))
		for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
			if (programs[i](s, vm, argv, &in, ret))
				return;
	guest_exec(vm->guest, argv, input, input_len, ret);
}
