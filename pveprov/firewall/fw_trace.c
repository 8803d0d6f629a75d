#include "firewall/fw_trace.h"
#include "data/fw_proto.h"

const char *const fw_trace_backends[] = { "auto", "iptables", "nftables", NULL };

/*
 * ready PID: waits until a monitor listens (its netlink socket, protocol 12 of netfilter, is a member of groups), so that the
 * first packet is not missed.
 */
static const char head[] =
	"watchers= dir=\n"
	"trap \"trap : HUP INT PIPE TERM; clean\" EXIT\n"
	"trap \"exit 130\" INT\n"
	"trap \"exit 143\" HUP PIPE TERM\n"
	"exec 3<&0\n"
	"set -- $SSH_CONNECTION # address, port, address, port: this connection is not traced\n"
	"ours=${2:+tcp sport $2 tcp dport $4 return; tcp sport $4 tcp dport $2 return}\n"
	"ready() {\n"
	"  tries=50\n"
	"  until grep -q \"^[0-9a-f]* 12  *$1  *[0-9a-f]*[1-9a-f][0-9a-f]* \" /proc/net/netlink; do\n"
	"    tries=$((tries - 1))\n"
	"    [ $tries -gt 0 ] || { echo \"nft monitor does not start\" >&2; exit 1; }\n"
	"    sleep 0.1\n"
	"  done\n"
	"}\n";

/* Standard input is not for what runs in the background, unless it is said. */
static const char tail[] =
	"timeout --foreground %d cat <&3 >/dev/null & watchers=\"$watchers $!\"\n"
	"echo \"tracing for %d s\" >&2\n"
	"wait $!\n"
	"exit 0\n";

static bool has_family(const struct fw_trace *t, int family)
{
	int proto = t->proto == FW_ICMP ? 4 : t->proto == FW_ICMPV6 ? 6 : 0;

	return (!t->from.family || t->from.family == family) && (!t->to.family || t->to.family == family) &&
	       (!proto || proto == family);
}

static void nft_match(const struct fw_trace *t, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	if (t->from.family)
		buf_addf(out, "%s saddr %s ", t->from.family == 4 ? "ip" : "ip6", addr_text(&t->from, text));
	if (t->to.family)
		buf_addf(out, "%s daddr %s ", t->to.family == 4 ? "ip" : "ip6", addr_text(&t->to, text));
	if (t->proto >= 0)
		buf_addf(out, "meta l4proto %d ", t->proto);
	if (t->proto >= 0 && t->port >= 0)
		buf_addf(out, "th dport %d ", t->port);
}

static void nft_chain(const struct fw_trace *t, const char *name, const char *hook, struct buf *out)
{
	buf_addf(out, "  chain %s {\n    type filter hook %s priority -350; policy accept;\n    $ours\n    ", name, hook);
	nft_match(t, out);
	buf_adds(out, "meta nftrace set 1\n  }\n");
}

static void nft_table(const struct fw_trace *t, const char *family, struct buf *out)
{
	buf_addf(out, "table %s " FW_TRACE_TABLE " {\n", family);
	nft_chain(t, "arriving", "prerouting", out);
	nft_chain(t, "own", "output", out);
	buf_adds(out, "}\n");
}

static void mark_nftables(const struct fw_trace *t, struct buf *out)
{
	buf_adds(out, "mark_nftables() {\n  nft monitor trace & watchers=\"$watchers $!\"\n  ready $!\n  nft -f - <<END || exit 1\n");
	nft_table(t, "inet", out);
	if (t->bridge)
		nft_table(t, "bridge", out);
	buf_adds(out, "END\n}\n");
}

static void iptables_match(const struct fw_trace *t, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	if (t->from.family)
		buf_addf(out, "-s %s ", addr_text(&t->from, text));
	if (t->to.family)
		buf_addf(out, "-d %s ", addr_text(&t->to, text));
	if (t->proto >= 0)
		buf_addf(out, "-p %d ", t->proto);
	if (t->proto >= 0 && t->port >= 0)
		buf_addf(out, "--dport %d ", t->port);
}

static void list_iptables(const struct fw_trace *t, struct buf *out)
{
	buf_addf(out, "  for tables in%s%s; do\n", has_family(t, 4) ? " iptables" : "", has_family(t, 6) ? " ip6tables" : "");
}

static void mark_iptables(const struct fw_trace *t, struct buf *out)
{
	buf_adds(out, "mark_iptables() {\n"
		      "  case $(iptables --version) in\n"
		      "  *legacy*) ;;\n"
		      "  *) echo \"iptables is nftables here: use --backend nftables\" >&2; exit 1 ;;\n"
		      "  esac\n"
		      "  dir=$(mktemp -d) && mkfifo \"$dir/log\" || exit 1\n"
		      "  log=/var/log/pve-firewall.log\n"
		      "  size=$(stat -c %s $log 2>/dev/null || echo 0) # not what tail finds once it runs\n"
		      "  tail -c +$((size + 1)) -F $log >\"$dir/log\" 2>/dev/null & watchers=\"$watchers $!\"\n"
		      "  journalctl -k -f -o cat --since @$(date +%s) >\"$dir/log\" 2>/dev/null & watchers=\"$watchers $!\"\n"
		      "  grep --line-buffered TRACE: <\"$dir/log\" & watchers=\"$watchers $!\"\n");
	list_iptables(t, out);
	buf_adds(out, "    mark=\"$tables -w 5 -t raw\"\n    $mark -N " FW_TRACE_CHAIN " || exit 1\n"
		      "    if [ -n \"$ours\" ]; then\n"
		      "      $mark -A " FW_TRACE_CHAIN " -p tcp --sport $2 --dport $4 -j RETURN || exit 1\n"
		      "      $mark -A " FW_TRACE_CHAIN " -p tcp --sport $4 --dport $2 -j RETURN || exit 1\n"
		      "    fi\n"
		      "    $mark -A " FW_TRACE_CHAIN " ");
	iptables_match(t, out);
	buf_adds(out, "-j TRACE &&\n    $mark -I PREROUTING -j " FW_TRACE_CHAIN " && $mark -I OUTPUT -j " FW_TRACE_CHAIN " || exit 1\n"
		      "  done\n}\n");
}

/* What is not there is no complaint. */
static void clean(const struct fw_trace *t, struct buf *out)
{
	buf_adds(out, "clean() {\n  kill $watchers\n");
	if (t->backend != FW_TRACE_IPTABLES) {
		buf_adds(out, "  nft delete table inet " FW_TRACE_TABLE "\n");
		if (t->bridge)
			buf_adds(out, "  nft delete table bridge " FW_TRACE_TABLE "\n");
	}
	if (t->backend != FW_TRACE_NFTABLES) {
		buf_adds(out, "  [ -z \"$dir\" ] || rm -r \"$dir\"\n");
		list_iptables(t, out);
		buf_adds(out, "    case $($tables --version) in *legacy*) ;; *) continue ;; esac\n"
			      "    for chain in PREROUTING OUTPUT; do $tables -w 5 -t raw -D $chain -j " FW_TRACE_CHAIN "; done\n"
			      "    $tables -w 5 -t raw -F " FW_TRACE_CHAIN "\n    $tables -w 5 -t raw -X " FW_TRACE_CHAIN "\n  done\n");
	}
	buf_adds(out, "} 2>/dev/null\n");
}

/* iptables-nft is nftables. */
static const char choose[] = "case $(iptables --version 2>/dev/null) in\n"
			     "*legacy*) nft list table inet proxmox-firewall >/dev/null 2>&1 && mark_nftables || mark_iptables \"$@\" ;;\n"
			     "*) mark_nftables ;;\n"
			     "esac\n";

void fw_trace_script(const struct fw_trace *t, struct buf *out)
{
	buf_adds(out, "sh -c '\n# removes what is made below: at the end, at Ctrl-C, when standard input ends\n");
	clean(t, out);
	buf_adds(out, head);
	if (t->backend != FW_TRACE_IPTABLES)
		mark_nftables(t, out);
	if (t->backend != FW_TRACE_NFTABLES)
		mark_iptables(t, out);
	buf_adds(out, "clean # what an earlier one may have left\n");
	buf_adds(out, t->backend == FW_TRACE_AUTO ? choose : t->backend == FW_TRACE_IPTABLES ? "mark_iptables \"$@\"\n" : "mark_nftables\n");
	buf_addf(out, tail, t->seconds, t->seconds);
	buf_adds(out, "'\n");
}
