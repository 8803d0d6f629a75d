#include "lab/sim.h"
#include "base/strv.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

int sim_ssh_serve(struct sim *s UNUSED, struct sim_vm *vm UNUSED, int fd UNUSED)
{
	return -1;
}

void sim_ssh_close(struct sim *s UNUSED)
{
}
