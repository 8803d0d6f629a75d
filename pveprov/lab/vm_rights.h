#pragma once
/* vm_rights.h: who may set which key of a VM's configuration. Answers the refusal and returns
 * false. */
#include "lab/vm.h"

/* Setting key to value (value NULL: deleting it). vm NULL: it is being created. */
bool rights_set(struct request *q, const struct vm *vm, const char *key, const char *value);

/* Every key of a request: those in `delete`, and those with values. */
bool rights_request(struct request *q, const struct vm *vm);

/* The parameters of a configuration call that are not configuration. */
bool rights_is_option(const char *param);

/* Whether the caller may use the bridge (or storage) that a value names. */
bool rights_use(struct request *q, const char *key, const char *value);
