#!/bin/sh
# probe.sh: measures inside a machine; probe.c judges. This text is fixed: nothing is ever put into it.
#
# Each argument is one probe: "INDEX WHAT SECONDS WORD...". Prints for each "@probe INDEX MS" and what was seen, every
# line after a '|'; last "@end". Leases come first, since the others need them; then all run side by side, and each has
# its own limit, so that the whole is bounded.
set -uf
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

now_ms() { date +%s%3N; }

# lease INTERFACE: waits for an address that has a lifetime, which is what DHCP gives
look_lease() {
	end=$(($(now_ms) + SECONDS_LEFT * 1000))
	until ip -j -4 addr show dev "$1" 2>/dev/null | grep -q '"dynamic": *true'; do
		[ "$(now_ms)" -lt $end ] || break
		sleep 0.3
	done
	look_interface "$1"
}

look_interface() { ip -j addr show dev "$1"; }

look_route() { ip -j -4 route show default; }

# What systemd-resolved asks is in its own file; /etc/resolv.conf then only names its stub.
look_resolver() {
	if systemctl -q is-active systemd-resolved && [ -e /run/systemd/resolve/resolv.conf ]; then
		cat /run/systemd/resolve/resolv.conf
	else
		cat /etc/resolv.conf
	fi
}

look_ping() { timeout "$SECONDS_LEFT" ping -n -q -c 3 -i 0.3 -W 3 "$1"; }

look_name() {
	timeout "$SECONDS_LEFT" getent ahosts "$1" | awk '!seen[$1]++ { print "address", $1 }'
}

# bash tells the error of connect(2) in words, and is there on every Debian and Arch
look_tcp() {
	if timeout "$SECONDS_LEFT" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"; then
		echo connected
	else
		echo "status $?"
	fi
}

look_services() {
	for unit in "$@"; do echo "$unit $(systemctl is-active "$unit")"; done
}

# One line for each chain, set and counter of a listed table: to be sorted, since a reload keeps the order in which
# an earlier load made them (nftables-lockdown.service is the first).
BLOCKS='/^\t[^\t}]/ && /{$/ { block = $0; next }
/^\t}/ { print block "\001" $0; block = ""; next }
block != "" { block = block "\001" $0; next }
/[^ \t]/'

# The file is loaded in an empty network namespace; its tables must be the kernel's, but for counters and elements.
look_ruleset() {
	unshare -n sh -c 'nft -f "$1" && nft list tables >"$2" && while read -r word family table; do
		nft -s -t list table "$family" "$table" | awk "$3" | sort | tr "\001" "\n"
	done <"$2"' sh "$1" "$WORK/tables" "$BLOCKS" >"$WORK/wanted" || return
	while read -r word family table; do
		nft -s -t list table "$family" "$table" | awk "$BLOCKS" | sort | tr '\001' '\n'
	done <"$WORK/tables" >"$WORK/loaded" 2>&1
	if [ -s "$WORK/tables" ] && diff "$WORK/wanted" "$WORK/loaded" >"$WORK/difference"; then
		echo same
	else
		echo differs
		sed -n 's/^[<>][ 	]*/&/p' "$WORK/difference" | head -n 4
	fi
}

# dns INTERFACE NAME: what leaves unencrypted while names are asked for, one of them surely in no cache
look_dns() {
	nft delete table inet pveprov_probe 2>/dev/null
	nft -f - <<-RULES || return
		table inet pveprov_probe {
			counter plain { }
			chain leaving {
				type filter hook postrouting priority 310; policy accept;
				oifname "$1" meta l4proto { tcp, udp } th dport 53 counter name plain
			}
		}
	RULES
	timeout "$SECONDS_LEFT" getent ahosts "pveprov-$(now_ms).$2" >/dev/null
	look_name "$2"
	nft list counter inet pveprov_probe plain | sed -n 's/.*packets \([0-9]*\) .*/plain \1/p'
	nft delete table inet pveprov_probe
}

one() {
	index=$1
	what=$2
	SECONDS_LEFT=$3
	shift 3
	start=$(now_ms)
	"look_$what" "$@" >"$WORK/$index" 2>&1 </dev/null
	echo $(($(now_ms) - start)) >"$WORK/$index.ms"
}

main() {
	WORK=$(mktemp -d /run/pveprov-probe.XXXXXX) || exit 1
	trap 'rm -rf "$WORK"' EXIT
	for spec in "$@"; do
		# shellcheck disable=SC2086 # words without blanks
		case $spec in *' lease '*) one $spec & ;; esac
	done
	wait
	for spec in "$@"; do
		# shellcheck disable=SC2086
		case $spec in *' lease '*) ;; *) one $spec & ;; esac
	done
	wait
	for spec in "$@"; do
		index=${spec%% *}
		echo "@probe $index $(cat "$WORK/$index.ms")"
		sed 's/^/|/' "$WORK/$index"
		tail -c 1 "$WORK/$index" | grep -q . && echo
	done
	echo @end
	exit 0
}

main "$@"
