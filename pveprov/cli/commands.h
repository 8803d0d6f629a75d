#pragma once
/*
 * commands.h: the list of all commands, in the order in which help shows them. To add one: its
 * cmd_NAME.c, a line here, a line in meson.build.
 */
#include "cli/command.h"

#define COMMANDS(X)                                                                                \
	X(plan) \
	X(apply) \
	X(verify) \
	X(reprovision) \
	X(drift) \
	X(destroy) \
	X(render) \
	X(doctor) \
	X(vm_list)                                                                                 \
	X(vm_show)                                                                                 \
	X(vm_create)                                                                               \
	X(vm_clone)                                                                                \
	X(vm_set)                                                                                  \
	X(vm_start)                                                                                \
	X(vm_stop)                                                                                 \
	X(vm_shutdown)                                                                             \
	X(vm_reboot)                                                                               \
	X(vm_reset)                                                                                \
	X(vm_suspend)                                                                              \
	X(vm_resume)                                                                               \
	X(vm_delete)                                                                               \
	X(vm_ip)                                                                                   \
	X(vm_exec)                                                                                 \
	X(vm_ssh)                                                                                  \
	X(vm_cp)                                                                                   \
	X(vm_wait)                                                                                 \
	X(snapshot_list)                                                                           \
	X(snapshot_create)                                                                         \
	X(snapshot_rollback)                                                                       \
	X(snapshot_delete)                                                                         \
	X(net_list)                                                                                \
	X(net_plan)                                                                                \
	X(net_apply)                                                                               \
	X(net_revert)                                                                              \
	X(pci_list)                                                                                \
	X(pci_map)                                                                                 \
	X(fw_plan)                                                                                 \
	X(fw_apply)                                                                                \
	X(fw_lint)                                                                                 \
	X(fw_export)                                                                               \
	X(fw_check)                                                                                \
	X(fw_log)                                                                                  \
	X(fw_trace)                                                                                \
	X(task_list)                                                                               \
	X(task_log)                                                                                \
	X(task_wait)                                                                               \
	X(task_stop)                                                                               \
	X(auth_login)                                                                              \
	X(auth_setup)                                                                              \
	X(auth_status)                                                                             \
	X(lab_up)                                                                                  \
	X(lab_down)                                                                                \
	X(lab_run)                                                                                 \
	X(lab_status)                                                                              \
	X(api_get)                                                                                 \
	X(api_create)                                                                              \
	X(api_set)                                                                                 \
	X(api_delete)                                                                              \
	X(explain)                                                                                 \
	X(completion)

#define COMMANDS_DECLARE(name) extern const struct command cmd_##name;
COMMANDS(COMMANDS_DECLARE)

extern const struct command *const commands[];	    /* NULL-terminated */
extern const struct command_group command_groups[]; /* ended by a NULL name */
extern const struct option_spec global_options[];   /* bound to struct globals (app.h) */

/* The command "group name"; group NULL: of the top level. NULL: none. */
const struct command *command_find(const char *group, const char *name);

/* A group that has commands. */
const struct command_group *command_group_find(const char *name);
