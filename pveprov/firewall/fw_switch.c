#include "firewall/fw_switch_private.h"
#include "base/fs.h"
#include "firewall/fw_revert.h"
#include "firewall/fw_yaml.h"

/* The iptables daemon looks every 10 s, the nftables one every 5 s; each then needs a while to load. */
enum { IPTABLES_MS = 13000, NFTABLES_MS = 8000, ARMED = 2, TEND_MS = 1500, HELD_SPARE = 4, TIMER_S = 60 };

static int keep_former(struct fw_switch *s, struct err **err)
{
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *name = xasprintf("firewall-%s.yaml", s->job->host);
	_cleanup_free_ char *path = fs_join(s->job->o.state_dir, name);

	fw_yaml_write(&s->job->live, &text);
	if (fs_mkdirs(s->job->o.state_dir, 0700, err) < 0 || fs_write(path, buf_text(&text), text.len, 0600, err) < 0)
		return err_wrap(err, "cannot keep the former firewall");
	s->kept = TAKE_PTR(path);
	return 0;
}

void fw_switch_drop_kept(struct fw_switch *s, bool remove)
{
	if (remove && s->kept)
		unlink(s->kept);
	free(TAKE_PTR(s->kept));
}

/* "/cluster/firewall/options"; the vnets' options are below "/cluster", too. */
static bool is_cluster_options(const struct fw_change *c)
{
	return c->object == FW_OBJ_OPTIONS && streq(c->path[0], "cluster") && streq(c->path[1], "firewall");
}

static struct fw_param *find_enable(struct fw_job *j)
{
	for (size_t i = 0; i < j->changes.n; i++) {
		struct fw_change *c = &j->changes.v[i];
		for (size_t k = 0; is_cluster_options(c) && k < c->n_params; k++)
			if (streq(c->params[k].key, "enable"))
				return &c->params[k];
	}
	return NULL;
}

static int set_enable(const struct fw_switch *s, int64_t value, struct err **err)
{
	_cleanup_pve_params_ struct pve_params p = { 0 };

	pve_params_add_int(&p, "enable", value);
	return pve_put(s->job->client, "/cluster/firewall/options", &p, NULL, err);
}

/* The daemon may look at any time from the first call on. */
static int hold(struct fw_switch *s, struct err **err)
{
	s->held = MIN(s->job->n_undo, (size_t)FW_UNDO_MAX) + HELD_SPARE;
	s->tended_ms = clock_now_ms(pve_client_clock(s->job->client));
	return pve_client_hold(s->job->client, s->held, err);
}

void fw_switch_tend(struct fw_switch *s)
{
	_cleanup_err_ struct err *ignored = NULL;

	if (!s->held || clock_now_ms(pve_client_clock(s->job->client)) - s->tended_ms < TEND_MS)
		return;
	pve_client_keep(s->job->client, s->held, &ignored);
	s->tended_ms = clock_now_ms(pve_client_clock(s->job->client));
}

/* Puts 2 in place of 1 among the changes where the switch is used. */
static int arm(struct fw_switch *s, struct err **err)
{
	struct fw_param *enable = find_enable(s->job);

	fw_job_say(s->job, "arming the server's 60 s switch: without our word the %s",
		   s->job->guard.enabling ? "firewall goes off again" : "WHOLE firewall goes off");
	if (enable) {
		enable->value = "2";
		return 0;
	}
	s->lit = true;
	return set_enable(s, ARMED, err);
}

/* A second for each call, beside what the proof needs. */
static int arm_timer(struct fw_switch *s, struct err **err)
{
	const struct fw_job *j = s->job;
	int seconds = TIMER_S + (int)j->changes.n;

	fw_job_say(j, "setting a timer on %s: without our word the firewall goes off in %d s", j->o.revert_ssh, seconds);
	if (fw_revert_arm(j->o.revert_ssh, seconds, pve_client_clock(s->job->client), err) < 0)
		return -1;
	s->timer_s = seconds;
	s->lit = true;
	return 0;
}

/* What concerns guests only cannot shut the node's door. */
static bool node_is_touched(const struct fw_job *j)
{
	return fw_changes_at_nodes(&j->changes) > 0;
}

static int begin(struct fw_switch *s, struct err **err)
{
	const struct fw_job *j = s->job;

	if (keep_former(s, err) < 0)
		return -1;
	if (s->armed)
		return arm(s, err);
	if (j->o.revert_ssh)
		return j->guard.enabled && node_is_touched(j) ? arm_timer(s, err) : 0;
	return (j->guard.enabled || j->guard.enabling) && node_is_touched(j) ? hold(s, err) : 0;
}

int64_t fw_switch_daemon_ms(const struct fw_job *j)
{
	const struct fw_node *now = fw_site_node(&j->now, j->access.node), *then = fw_site_node(&j->then, j->access.node);
	bool nftables = fw_node_nftables(now) && fw_node_nftables(then);

	return nftables ? NFTABLES_MS : IPTABLES_MS;
}

/* The daemon's time has passed and a new connection comes through; enable > 1 takes effect at once. */
static int prove(struct fw_switch *s, struct err **err)
{
	const struct fw_job *j = s->job;
	int64_t left = s->armed ? 0 : fw_switch_daemon_ms(j);

	if (left)
		fw_job_say(j, "waiting %" PRId64 " s for the node's firewall daemon", left / 1000);
	for (left /= MAX(j->o.scale, (int64_t)1); left > 0; left -= TEND_MS) {
		if (clock_sleep(pve_client_clock(s->job->client), MIN(left, (int64_t)TEND_MS), err) < 0)
			return -1;
		fw_switch_tend(s);
	}
	return pve_client_knock(j->client, FW_KNOCK_MS, err);
}

/* A call failed. Where the door fell shut behind those that were sent, they are undone, and *err says so. */
static int broken_off(struct fw_switch *s, size_t sent, struct err **err)
{
	if (sent && (s->held || s->armed || s->timer_s) && ((*err)->kind == ERR_UNREACHABLE || (*err)->kind == ERR_TIMEOUT)) {
		struct err *why = TAKE_PTR(*err);
		return fw_switch_undo(s, why, err);
	}
	if (s->lit)
		fw_job_say(s->job, "nobody confirms it now: the firewall goes off by itself; apply again when this is settled");
	if (sent)
		fw_job_say(s->job, "%zu of %zu changes were sent; the former firewall is in '%s'", sent, s->job->changes.n,
			   s->kept);
	else
		fw_job_say(s->job, "nothing was sent");
	fw_switch_drop_kept(s, sent == 0);
	return -1;
}

/* The connection came through: what would undo it is taken back. */
static int make_permanent(struct fw_switch *s, struct err **err)
{
	if (s->armed && set_enable(s, 1, err) < 0)
		return err_wrap(err, "the connection came through, but the switch could not be made permanent");
	if (s->timer_s && fw_revert_disarm(s->job->o.revert_ssh, pve_client_clock(s->job->client), err) < 0) {
		(*err)->kind = ERR_REVERTED;
		return err_hint(err, "the firewall is off, or goes off within %d s; then 'pveprov fw plan' shows what is left to do",
				s->timer_s);
	}
	return 0;
}

static int confirm(struct fw_switch *s, struct err **err)
{
	struct err *why = NULL;

	if (!s->armed && !s->held && !s->timer_s) { /* nothing of it can shut us out */
		fw_switch_drop_kept(s, true);
		return 0;
	}
	/* edits behind the switch take effect when it is set again, and it has run for a while */
	if (s->armed && !s->job->guard.enabling && set_enable(s, ARMED, err) < 0)
		return broken_off(s, s->job->changes.n, err);
	if (prove(s, &why) < 0) {
		if (why->kind == ERR_INTERRUPTED && s->held) {
			fw_job_say(s->job, "interrupted: the former firewall is in '%s'", s->kept);
			fw_switch_drop_kept(s, false);
			return err_move(err, why);
		}
		return fw_switch_undo(s, why, err);
	}
	int r = make_permanent(s, err);
	fw_switch_drop_kept(s, r == 0);
	return r;
}

static bool switches_on(const struct fw_switch *s, const struct fw_change *c)
{
	return s->job->guard.enabling && is_cluster_options(c);
}

static int sending(void *ctx, const struct fw_change *c, size_t i, size_t n, struct err **err)
{
	struct fw_switch *s = ctx;

	fw_switch_tend(s);
	if (switches_on(s, c)) {
		if (s->job->o.revert_ssh && !s->armed && arm_timer(s, err) < 0)
			return -1;
		s->lit |= s->armed;
	}
	fw_job_say(s->job, "%zu/%zu %s", i + 1, n, c->text);
	return 0;
}

int fw_switch_apply(struct fw_job *j, struct err **err)
{
	struct fw_switch s = { .job = j, .armed = j->o.dead_man || (j->guard.enabling && !j->guard.nftables) };
	struct fw_apply_events events = { .sending = sending, .ctx = &s };
	size_t sent = 0;

	int r = begin(&s, err);
	if (r == 0)
		r = fw_apply(j->client, &j->changes, &events, &sent, err) < 0 ? broken_off(&s, sent, err)
									       : confirm(&s, err);
	free(s.kept);
	if (s.held)
		pve_client_hold(j->client, 0, NULL);
	return r;
}
