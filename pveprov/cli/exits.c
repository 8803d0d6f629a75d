#include "cli/exits.h"

const struct exit_info exit_infos[] = {
	{ 0, 0, "done", "Everything that was asked for is so.", "Nothing to do." },
	{ 1, 0, "internal or local error",
	  "Something on this machine failed: a file, a program, memory, or pveprov itself; or the "
	  "server answered with an "
	  "error that fits no other code.",
	  "The message says what. With --debug every request is shown." },
	{ 2, EXITS_CHANGES, "changes are present",
	  "Only with --detailed-exitcode: the plan is not empty.",
	  "Run 'apply' to make the changes." },
	{ 3, EXITS_SERVER | EXITS_UNREACHABLE, "unreachable, refused by TLS, or timed out",
	  "No connection to the server or the guest, a certificate that is neither trusted nor "
	  "pinned, or a limit in time "
	  "that ran out. The message names the limit.",
	  "Check address and port, the fingerprint of the context, and whether the node is up. "
	  "What had been begun is "
	  "picked up when the same command runs again." },
	{ 4, EXITS_SERVER, "not logged in, or a privilege is missing",
	  "The password, ticket or token is wrong or has expired, or the account may not do this.",
	  "'pveprov auth status' shows who you are; 'pveprov doctor' prints the missing privileges "
	  "and the commands that "
	  "grant them." },
	{ 5, EXITS_OBJECT | EXITS_NOT_FOUND, "not found",
	  "The machine, snapshot, task, device, context or file that was named does not exist.",
	  "The lists ('vm list', 'snapshot list' ...) show what there is. An account sees only "
	  "what it may see." },
	{ 6, EXITS_OBJECT, "conflict or locked",
	  "The thing exists already, was changed by somebody else in between, or is locked by "
	  "another task for longer than "
	  "pveprov waits.",
	  "'pveprov task list' shows what runs. Run the command again when it has ended." },
	{ 7, EXITS_SERVER, "a second factor is needed",
	  "The account has two-factor authentication and nobody could be asked for the code.",
	  "Run the command on a terminal, or use an API token." },
	{ 8, EXITS_TASK, "a task failed on the server",
	  "The server accepted the request, and its task ended with an error.",
	  "The message carries the end of the task's log; 'pveprov task log UPID' prints all of "
	  "it." },
	{ 9, EXITS_VERIFY, "verification failed",
	  "Everything was applied, but a probe saw something else than expected.",
	  "The report says what was expected and what was seen. 'pveprov verify' repeats the "
	  "probes alone." },
	{ 10, EXITS_REVERTED, "the change was reverted by itself",
	  "After the change no new connection came through in time, so the previous state was put "
	  "back.",
	  "Nothing is left to repair. Find out with 'pveprov render' or 'pveprov plan' what would "
	  "have cut the connection." },
	{ 11, EXITS_GUARD, "refused by a guard",
	  "The change would restart or destroy something, lock you out, or sweep along somebody "
	  "else's pending changes.",
	  "The message names the option that allows it, where one may." },
	{ 64, 0, "wrong command line",
	  "An unknown command or option, or an argument that is missing or malformed.",
	  "'--help' after any command explains it." },
	{ 65, EXITS_INPUT, "bad recipe or input file",
	  "The file does not say what it should; nothing was changed.",
	  "Every error is listed as file:line:column with what was expected there." },
	{ 130, 0, "interrupted", "Ctrl-C or SIGTERM.",
	  "Run the same command again: running tasks are found and waited for, what is done is not "
	  "repeated." },
	{ 0 },
};
