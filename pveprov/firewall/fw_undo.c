#include "firewall/fw_switch_private.h"

/* The door was shut: the first connection that comes through says that the daemon has loaded what was there before. */
static int wait_open(struct fw_switch *s, struct err **err)
{
	static const struct pace pace = { 10, 250, 1000 };
	struct deadline d = deadline_in(pve_client_clock(s->job->client), 2 * fw_switch_daemon_ms(s->job));

	fw_job_say(s->job, "waiting until the node's firewall daemon lets us in again");
	for (;;) {
		_cleanup_err_ struct err *shut = NULL;
		if (pve_client_knock(s->job->client, FW_KNOCK_MS, &shut) == 0)
			return 0;
		if (shut->kind == ERR_INTERRUPTED || deadline_passed(&d))
			return err_move(err, TAKE_PTR(shut));
		fw_switch_tend(s);
		if (deadline_pace(&d, &pace, err) < 0)
			return -1;
	}
}

/*
 * The former firewall again. What decides about the node goes first, over the connections that are held; what is left
 * follows when the door is open. *ret_sent counts the calls.
 */
static int way_back(struct fw_switch *s, size_t *ret_sent, struct err **err)
{
	struct fw_job *j = s->job;
	struct fw_changes back = { 0 };
	size_t further = 0;

	*ret_sent = 0;
	if (fw_job_way_back(j, &back, err) < 0)
		return -1;
	struct fw_changes near = { .v = back.v, .n = fw_changes_nodes_first(&back) };
	struct fw_changes far = { .v = back.v + near.n, .n = back.n - near.n };
	if (fw_apply(j->client, &near, NULL, ret_sent, err) < 0 || !far.n)
		return *ret_sent == near.n ? 0 : -1;
	if (wait_open(s, err) < 0)
		return -1;
	pve_client_hold(j->client, 0, NULL);
	s->held = 0;
	int r = fw_apply(j->client, &far, NULL, &further, err);
	*ret_sent += further;
	return r;
}

/* Nothing is to be sent: what was lit before takes the firewall off. */
static int let_it_lapse(struct fw_switch *s, const char *what, struct err **err)
{
	if (s->armed)
		err_set(err, ERR_REVERTED, "%s: not confirmed, the server switches the firewall off by itself within 60 s", what);
	else
		err_set(err, ERR_REVERTED, "%s: not confirmed, the node switches the firewall off by itself within %d s", what,
			s->timer_s);
	fw_switch_drop_kept(s, false);
	return -1;
}

static int send_back(struct fw_switch *s, const char *what, struct err **err)
{
	_cleanup_err_ struct err *failed = NULL;
	size_t sent = 0;

	if (s->held)
		pve_client_spend(s->job->client);
	if (way_back(s, &sent, &failed) < 0) {
		err_set(err, ERR_UNREACHABLE, "%s, and the way back failed after %zu calls: %s", what, sent, failed->text);
		err_hint(err, "on the node's console: pve-firewall stop; then 'pveprov fw apply %s'", s->kept);
		fw_switch_drop_kept(s, false);
		return -1;
	}
	if (wait_open(s, &failed) < 0) {
		err_set(err, ERR_REVERTED, "%s: the former firewall was sent back (%zu calls), but: %s", what, sent, failed->text);
		fw_switch_drop_kept(s, false);
		return err_hint(err, "on the node's console: pve-firewall stop");
	}
	fw_switch_drop_kept(s, true);
	return err_set(err, ERR_REVERTED, "%s: the former firewall is back (%zu calls) and lets us in", what, sent);
}

int fw_switch_undo(struct fw_switch *s, struct err *why, struct err **err)
{
	_cleanup_err_ struct err *cause UNUSED = why;
	_cleanup_free_ char *what = why->kind == ERR_INTERRUPTED ? xstrdup(why->text)
								 : xasprintf("the new firewall shut us out (%s)", why->text);

	if (s->armed || s->timer_s)
		let_it_lapse(s, what, err);
	else
		send_back(s, what, err);
	if (!(*err)->hint)
		err_hint(err, "'pveprov fw check --from IP --to node --port 8006/tcp FILE' shows which rule decides");
	return -1;
}
