#include "cli/fw_switch.h"
#include "base/fs.h"
#include "firewall/fw_yaml.h"

/* The iptables daemon looks every 10 s, the nftables one every 5 s. */
enum { DAEMON_MS = 10000, DIAL_MS = 5000, ARMED = 2, TEND_MS = 1500, HELD_SPARE = 4, HELD_MAX = 32 };

static char *state_path(const char *name)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	return state && *state ? xasprintf("%s/pveprov/%s", state, name)
			       : xasprintf("%s/.local/state/pveprov/%s", home ? home : "", name);
}

static int keep_former(struct fw_switch *s, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *name = xasprintf("firewall-%s.yaml", s->job->host), *path = state_path(name),
			    *dir = state_path("");

	fw_yaml_write(&s->job->live, &text);
	if (fs_mkdirs(dir, 0700, err) < 0 || fs_write(path, buf_text(&text), text.len, 0600, err) < 0)
		return err_wrap(err, "cannot keep the former firewall");
	s->kept = TAKE_PTR(path);
	return 0;
}

static struct fw_param *find_enable(struct fw_job *j)
{
	for (size_t i = 0; i < j->changes.n; i++) {
		struct fw_change *c = &j->changes.v[i];
		for (size_t k = 0; c->object == FW_OBJ_OPTIONS && streq(c->path[0], "cluster") && k < c->n_params; k++)
			if (streq(c->params[k].key, "enable"))
				return &c->params[k];
	}
	return NULL;
}

static int set_enable(struct fw_switch *s, int64_t value, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add_int(&p, "enable", value);
	return pve_put(s->job->client, "/cluster/firewall/options", &p, NULL, err);
}

/* The daemon may look at any time from the first call on. */
static int hold(struct fw_switch *s, struct err **err)
{
	s->held = MIN(s->job->changes.n + HELD_SPARE, (size_t)HELD_MAX);
	s->tended_ms = clock_now_ms(s->app->clock);
	return pve_client_hold(s->job->client, s->held, err);
}

void fw_switch_tend(struct fw_switch *s)
{
	_cleanup_err_ struct err *ignored = NULL;

	if (!s->held || clock_now_ms(s->app->clock) - s->tended_ms < TEND_MS)
		return;
	pve_client_keep(s->job->client, s->held, &ignored);
	s->tended_ms = clock_now_ms(s->app->clock);
}

int fw_switch_begin(struct fw_switch *s, struct err **err)
{
	struct fw_param *enable = find_enable(s->job);

	if (keep_former(s, err) < 0)
		return -1;
	if (!s->armed)
		return s->job->guard.enabled || s->job->guard.enabling ? hold(s, err) : 0;
	progress_line(s->app->progress, PROGRESS_NORMAL,
		      "arming the server's 60 s switch: without our word the %s",
		      s->job->guard.enabling ? "firewall goes off again" : "WHOLE firewall goes off");
	if (enable) {
		enable->value = "2";
		return 0;
	}
	return set_enable(s, ARMED, err);
}

static void drop_kept(struct fw_switch *s, bool remove)
{
	if (remove && s->kept)
		unlink(s->kept);
	free(TAKE_PTR(s->kept));
}

static int wait_for_daemon(struct fw_switch *s, struct err **err)
{
	int64_t scale = s->app->context.lab ? s->app->context.lab_scale : 1; /* the lab's time may run faster */

	progress_line(s->app->progress, PROGRESS_NORMAL, "waiting %d s for the node's firewall daemon", DAEMON_MS / 1000);
	for (int64_t left = DAEMON_MS / scale + 1; left > 0; left -= TEND_MS) {
		if (clock_sleep(s->app->clock, MIN(left, (int64_t)TEND_MS), err) < 0)
			return -1;
		fw_switch_tend(s);
	}
	return 0;
}

/* The daemon's time has passed and a new connection comes through. */
static int prove(struct fw_switch *s, struct err **err)
{
	struct fw_job *j = s->job;

	/* enable > 1 takes effect at once */
	if (!s->armed && wait_for_daemon(s, err) < 0)
		return -1;
	return fw_dial(j->host, j->port, DIAL_MS, s->app->clock, NULL, NULL, err);
}

static int undo(struct fw_switch *s, struct err *why, struct err **err)
{
	_cleanup_err_ struct err *cause = why, *failed = NULL;
	size_t sent = 0;

	if (s->held)
		pve_client_spend(s->job->client);
	if (s->armed) {
		err_set(err, ERR_REVERTED, "%s: not confirmed, the server switches the firewall off by itself within 60 s",
			cause->text);
	} else if (fw_job_revert(s->job, &sent, &failed) < 0) {
		err_set(err, ERR_UNREACHABLE, "%s, and the way back failed after %zu calls: %s", cause->text, sent,
			failed->text);
		err_hint(err, "on the node's console: pve-firewall stop; then 'pveprov fw apply %s'", s->kept);
		drop_kept(s, false);
		return -1;
	} else if (prove(s, &failed) < 0) {
		err_set(err, ERR_REVERTED, "%s: the former firewall was sent back (%zu calls), but: %s", cause->text, sent,
			failed->text);
		drop_kept(s, false);
		return err_hint(err, "on the node's console: pve-firewall stop");
	} else {
		err_set(err, ERR_REVERTED, "%s: the former firewall is back (%zu calls) and lets us in", cause->text, sent);
	}
	drop_kept(s, !s->armed);
	return err_hint(err, "'pveprov fw check --from IP --to node --port 8006/tcp FILE' shows which rule decides");
}

int fw_switch_failed(struct fw_switch *s, size_t sent, struct err **err)
{
	bool shut = sent && (s->held || s->armed) && ((*err)->kind == ERR_UNREACHABLE || (*err)->kind == ERR_TIMEOUT);

	if (shut) {
		struct err *why = TAKE_PTR(*err);
		return undo(s, why, err);
	}
	progress_line(s->app->progress, PROGRESS_NORMAL,
		      sent ? "%zu of %zu changes were sent; the former firewall is in '%s'" : "nothing was sent", sent,
		      s->job->changes.n, s->kept);
	drop_kept(s, sent == 0);
	return -1;
}

int fw_switch_confirm(struct fw_switch *s, struct err **err)
{
	struct err *why = NULL;

	if (!s->armed && !s->held) { /* off before and after */
		drop_kept(s, true);
		return 0;
	}
	if (prove(s, &why) < 0) {
		if (why->kind == ERR_INTERRUPTED && !s->armed) {
			progress_line(s->app->progress, PROGRESS_NORMAL, "interrupted: the former firewall is in '%s'",
				      s->kept);
			drop_kept(s, false);
			return err_move(err, why);
		}
		return undo(s, why, err);
	}
	if (s->armed && set_enable(s, 1, err) < 0) {
		drop_kept(s, false);
		return err_wrap(err, "the connection came through, but the switch could not be made permanent");
	}
	drop_kept(s, true);
	return 0;
}
