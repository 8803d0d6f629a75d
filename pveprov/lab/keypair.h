#pragma once
/* keypair.h: the SSH key that the lab gives its user, so that a recipe works where no SSH agent
 * runs. */
#include "base/err.h"

/* Makes DIR/id_ed25519 (0600) and DIR/id_ed25519.pub. *ret_path: the private half, malloc'd. */
int keypair_make(const char *dir, char **ret_path, struct err **err);
