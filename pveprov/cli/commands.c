#include "cli/commands.h"
#include "cli/app.h"

#define COMMANDS_ENTRY(name) &cmd_##name,
const struct command *const commands[] = { COMMANDS(COMMANDS_ENTRY) NULL };

const struct command_group command_groups[] = {
	{ "vm", "virtual machines: look, run, change, reach",
	  "A machine is named by its id or its name; the node it is on is found from the "
	  "cluster." },
	{ "snapshot", "snapshots of a machine",
	  "Only disks and the configuration are kept, never memory." },
	{ "template", "templates that machines are cloned from", NULL },
	{ "net", "bridges and other interfaces of a node",
	  "Changes are staged in /etc/network/interfaces.new and go live together, whoever staged "
	  "them." },
	{ "pci", "PCI devices of a node and their mappings",
	  "A mapping lets an API token pass a device through, which is otherwise reserved to "
	  "root@pam." },
	{ "fw", "the Proxmox firewall as code", NULL },
	{ "task", "tasks of the server", "A task is named by its UPID, as 'task list' shows it." },
	{ "auth", "accounts, tokens and contexts", NULL },
	{ "lab", "a Proxmox node in a box, for trying everything out",
	  "The lab serves the Proxmox API on the loopback interface. '--lab' on any command speaks "
	  "to it." },
	{ "api", "any path of the API",
	  "Paths are those of the API viewer, such as /nodes/pve/qemu/100/config." },
	{ 0 },
};

const struct option_spec global_options[] = {
	{ OPTION_TEXT(struct globals, context), .name = "context", .letter = 'c', .arg = "NAME",
	  .help = "Use this context of the configuration file; with --lab: this account" },
	{ OPTION_FLAG(struct globals, lab), .name = "lab",
	  .help = "Use the lab; start one where none runs" },
	{ OPTION_TEXT(struct globals, node), .name = "node", .arg = "NODE",
	  .help = "Work on this node where the cluster has several" },
	{ OPTION_ENUM(struct globals, format), .name = "output", .letter = 'o', .arg = "FORMAT",
	  .names = output_format_names,
	  .help = "Print results as a table, JSON, JSON lines or YAML" },
	{ OPTION_DURATION(struct globals, timeout_ms), .name = "timeout", .arg = "TIME",
	  .min = 1000, .max = INT64_C(86400000),
	  .help = "Wait at most this long for each thing that is waited for" },
	{ OPTION_FLAG(struct globals, yes), .name = "yes", .letter = 'y',
	  .help = "Answer yes to every question" },
	{ OPTION_FLAG(struct globals, quiet), .name = "quiet", .letter = 'q',
	  .help = "No progress on standard error, only warnings and errors" },
	{ OPTION_FLAG(struct globals, verbose), .name = "verbose", .letter = 'v',
	  .help = "Say more of what is done" },
	{ OPTION_FLAG(struct globals, debug), .name = "debug",
	  .help = "Say every request and every wait" },
	{ OPTION_FLAG(struct globals, no_color), .name = "no-color",
	  .help = "No colours (as the variable NO_COLOR)" },
	{ OPTION_FLAG(struct globals, help), .name = "help", .letter = 'h',
	  .help = "Explain the command" },
	{ OPTION_FLAG(struct globals, version), .name = "version", .help = "Print the version" },
	{ 0 },
};

const struct command *command_find(const char *group, const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (streq_null((*c)->group, group) && streq((*c)->name, name))
			return *c;
	return NULL;
}

static bool group_has_commands(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (streq_null((*c)->group, name))
			return true;
	return false;
}

const struct command_group *command_group_find(const char *name)
{
	for (const struct command_group *g = command_groups; g->name; g++)
		if (streq(g->name, name) && group_has_commands(name))
			return g;
	return NULL;
}
