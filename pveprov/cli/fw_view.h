#pragma once
/*
 * fw_view.h: a firewall job for people and machines: its table, its JSON, and what the command line knows for it.
 */
#include "cli/app.h"
#include "firewall/fw_job.h"

/* fw_job_plan() with the app's client and context: who we are to a lab, where state is kept, lines to the progress. */
int fw_view_plan(struct app *app, const struct fw_job_options *o, struct fw_job *j, struct err **err);

/* What a command line says about who we are to the firewall, and what is allowed. */
struct fw_flags {
	const char *from, *revert_ssh;
	bool ssh, keep_access, console, dead_man;
};

#define FW_OPTION_FROM(type, member)                                                                                    \
	{ OPTION_TEXT(type, member.from), .name = "from", .arg = "IP",                                                     \
	  .help = "Our address as the node sees it, where a router or NAT lies between" }
#define FW_OPTION_SSH(type, member)                                                                                     \
	{ OPTION_FLAG(type, member.ssh), .name = "ssh", .help = "SSH to the node must stay open too" }
#define FW_OPTION_KEEP_ACCESS(type, member)                                                                             \
	{ OPTION_FLAG(type, member.keep_access), .name = "keep-access",                                                    \
	  .help = "Add our address to the IP set 'management' where the firewall would lock it out" }
#define FW_OPTION_CONSOLE(type, member)                                                                                 \
	{ OPTION_FLAG(type, member.console), .name = "i-have-console",                                                     \
	  .help = "Change the firewall also where nothing undoes it by itself (nftables backend, long ways back)" }
#define FW_OPTION_DEAD_MAN(type, member)                                                                                \
	{ OPTION_FLAG(type, member.dead_man), .name = "dead-man",                                                          \
	  .help = "Arm the 60 s switch for edits too; on failure the whole firewall is off" }

#define FW_OPTION_REVERT(type, member)                                                                                  \
	{ OPTION_TEXT(type, member.revert_ssh), .name = "revert-over-ssh", .arg = "USER@NODE",                             \
	  .help = "Set a timer there that switches the firewall off unless a new connection comes through" }

/* Puts them into a job's options. */
void fw_flags_use(const struct fw_flags *f, struct fw_job_options *o);

/* The changes and the guard's view as JSON for output; new reference. */
json_t *fw_view_changes(const struct fw_job *j);
json_t *fw_view_guard(const struct fw_job *j);

/* The table of the changes. */
extern const struct output_column fw_view_columns[];
extern const struct operand fw_view_operands[]; /* the files that are planned or applied */
