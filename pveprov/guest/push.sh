#!/bin/sh
# push.sh: the guest's half of a push; push.c is the other half and sends it. This text is fixed: nothing is ever put into it.
#
#   check MANIFEST            what differs from the manifest; changes nothing
#   push BOOT-OK              packages, validation, saving, arming, switching; from the staging directory
#   switch, boot, revert      run by the units that `push` arms
#   confirm ID                keep the change; only ever asked over a new connection
#   cancel ID WHY             undo it now
#   status
#
# The manifest has one line for each thing: "file PATH MODE SHA256", "secret" likewise, "link PATH TARGET", "absent
# PATH", "enable UNIT", "disable UNIT", "mask UNIT", "package NAME", "id HEX", "confirm SECONDS", last "end".
# Facts for push.c begin with '@'; every other line is for people.
#
# What is in $REVERT from the moment that something may change:
#   phase      armed, switching, switched, reverting
#   id boot    of the bundle; boot id of the system that was changed
#   planned    there: the switch ended with a reboot that has not happened yet
#   old.tar    what was there; new, dirs: paths that were not; links: the symbolic links in $UNITS
#   active, failed   units that were so; changes: what differed; why: reason of the revert; log: of the switch
#   came-back  boot id of the planned reboot, once it has happened
set -euf
umask 022
export LC_ALL=C HOME=/root DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

STATE=/var/lib/pveprov
STAGE=$STATE/stage
REVERT=$STATE/revert
UNITS=/etc/systemd/system
POLICY=/usr/sbin/policy-rc.d

fact() { printf '@%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
boot_id() { cat /proc/sys/kernel/random/boot_id; }
names() { awk -v kind="$1" '$1 == kind { print $2 }' "$MANIFEST"; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
phase() { cat "$REVERT/phase"; }

set_phase() {
	echo "$1" >"$REVERT/phase.new"
	mv -f "$REVERT/phase.new" "$REVERT/phase"
	sync
}

work() {
	WORK=$(mktemp -d /run/pveprov.XXXXXX)
	trap 'rm -rf "$WORK"' EXIT
}

# ---- looking -----------------------------------------------------------------------------------------------------

change() { echo "$1 $2" >>"$WORK/changes"; }

compare_files() {
	: >"$WORK/sums"
	: >"$WORK/modes"
	while read -r kind path mode sum; do
		case $kind in
		file | secret)
			if [ -f "$path" ] && [ ! -L "$path" ]; then
				echo "$sum  $path" >>"$WORK/sums"
				echo "$mode 0 0 $path" >>"$WORK/modes"
			elif there "$path"; then
				change change "$path"
			else
				change create "$path"
			fi ;;
		link)
			if ! there "$path"; then
				change create "$path"
			elif [ ! -L "$path" ] || [ "$(readlink "$path")" != "$mode" ]; then
				change change "$path"
			fi ;;
		absent)
			if there "$path"; then change remove "$path"; fi ;;
		esac
	done <"$MANIFEST"
	{
		sha256sum -c "$WORK/sums" 2>/dev/null | sed -n 's/: FAILED.*//p'
		awk '{ print $4 }' "$WORK/modes" | xargs -r stat -c '%a %u %g %n' -- |
			grep -vxFf "$WORK/modes" | awk '{ print $4 }'
	} | sort -u | while read -r path; do change change "$path"; done
}

# "UNIT LOAD FILE ACTIVE LASTS" for each unit; LASTS: a unit that stays active once it was started.
unit_states() {
	[ $# -gt 0 ] || return 0
	systemctl show -p LoadState -p UnitFileState -p ActiveState -p Type -p RemainAfterExit -- "$@" |
	NAMES="$*" awk -F= '
		function flush() {
			print name[++i], load, file == "" ? "-" : file, active,
				type == "oneshot" && remain == "no" ? "no" : "yes"
			load = file = active = type = remain = ""
		}
		BEGIN { split(ENVIRON["NAMES"], name, " ") }
		$1 == "LoadState" { load = $2 }
		$1 == "UnitFileState" { file = $2 }
		$1 == "ActiveState" { active = $2 }
		$1 == "Type" { type = $2 }
		$1 == "RemainAfterExit" { remain = $2 }
		$0 == "" { flush() }
		END { flush() }'
}

# The one waits for a cable, the other closes the router until nftables.service opens it: for boots only.
never_started() {
	case $1 in
	*-wait-online.service | nftables-lockdown.service) return 0 ;;
	esac
	return 1
}

compare_units() {
	# shellcheck disable=SC2046 # lists of words without blanks
	unit_states $(names enable) | while read -r unit load file active lasts; do
		case $file in
		enabled* | static | alias | indirect | generated) ;;
		*) change enable "$unit"; continue ;;
		esac
		if never_started "$unit" || [ "$lasts" = no ]; then continue; fi
		case $active in active | activating | reloading) ;; *) change start "$unit" ;; esac
	done
	# shellcheck disable=SC2046
	unit_states $(names disable) | while read -r unit load file active lasts; do
		case $file.$active in
		enabled*.* | disabled.active) change disable "$unit" ;;
		esac
	done
	# shellcheck disable=SC2046
	unit_states $(names mask) | while read -r unit load file active lasts; do
		[ "$file" = masked ] || change mask "$unit"
	done
}

compare_packages() {
	wanted=$(names package)
	[ -n "$wanted" ] || return 0
	# shellcheck disable=SC2086
	if command -v pacman >/dev/null; then
		pacman -Qq -- $wanted 2>/dev/null
	else
		dpkg-query -W -f '${Package} ${db:Status-Status}\n' -- $wanted 2>/dev/null |
			awk '$2 == "installed" { print $1 }'
	fi >"$WORK/installed" || :
	for package in $wanted; do
		grep -qxF -- "$package" "$WORK/installed" || change package "$package"
	done
}

compare() {
	grep -qx end "$MANIFEST" || die 'the manifest did not arrive whole'
	: >"$WORK/changes"
	compare_packages
	compare_files
	compare_units
}

# Names of interfaces are given when the kernel finds them.
reboots() { grep -Eq '^(create|change|remove) /etc/systemd/network/[^/]*\.link$' "$1"; }

check() {
	compare
	sed 's/^/@change /' "$WORK/changes"
	if reboots "$WORK/changes"; then fact reboots; fi
	status
}

status() {
	fact "boot $(boot_id)"
	if [ -d "$REVERT" ]; then fact "pending $(cat "$REVERT/id") $(waits)"; fi
	if [ -e "$STATE/last" ]; then fact "last $(cat "$STATE/last")"; fi
	fact end
}

# The phase, with the reboot that is still to come as one of its own.
waits() {
	if [ -e "$REVERT/planned" ] && [ "$(boot_id)" = "$(cat "$REVERT/planned")" ]; then
		echo rebooting
	else
		phase
	fi
}

# ---- packages ----------------------------------------------------------------------------------------------------

# Services that packages would start by themselves wait until their configuration is there.
forbid_starts() {
	if [ ! -e "$POLICY" ] || grep -q 'pveprov' "$POLICY"; then
		printf '#!/bin/sh\n# pveprov: removed after the installation\nexit 101\n' >"$POLICY"
		chmod 755 "$POLICY"
		trap 'rm -rf "$WORK"; rm -f "$POLICY"' EXIT
	fi
}

# The lists may be locked by the daily update of a machine that has just booted.
apt_update() {
	tries=0
	until apt-get -q update 8>&-; do
		tries=$((tries + 1))
		[ $tries -lt 6 ] || die 'apt-get update failed'
		sleep 5
	done
}

apt_install() {
	forbid_starts
	dpkg --configure -a 8>&- || : # what an interrupted run left; fails while another one holds the lock
	apt_update
	apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=180 -o Dpkg::Options::=--force-confdef \
		-o Dpkg::Options::=--force-confold --no-install-recommends install "$@" 8>&-
	rm -f "$POLICY"
}

install_packages() {
	# shellcheck disable=SC2046
	set -- $(sed -n 's/^package //p' "$WORK/changes")
	[ $# -gt 0 ] || return 0
	# A package that commits /etc while it is installed does so before anything secret is ignored.
	[ -e /etc/.git ] || : >"$STATE/git-is-new"
	if command -v pacman >/dev/null; then
		pacman --noconfirm --noprogressbar --needed -Syu "$@" 8>&- # as a whole, never partly
	else
		apt_install "$@"
	fi
	if [ -e "$STATE/git-is-new" ]; then rm -rf /etc/.git /etc/.etckeeper; fi
}

# ---- validation --------------------------------------------------------------------------------------------------

# The directories that get staged files, seen as they will be: read-only overlays in a mount namespace of our own.
overlay() {
	awk '$1 == "file" || $1 == "secret" || $1 == "link" { print $2 }' "$MANIFEST" | while read -r path; do
		dir=${path%/*}
		case $path in /etc/*) dir=/etc ;; esac
		while [ ! -d "$dir" ]; do dir=${dir%/*}; done
		echo "${dir:-/}"
	done | sort -u | while read -r dir; do
		[ "$dir" != / ] || continue
		mount -t overlay overlay -o "ro,lowerdir=$STAGE/files$dir:$dir" "$dir"
	done
}

# valid PATH TOOL ...: runs a validator; what it says is printed when it refuses.
valid() {
	path=$1
	shift
	if ! command -v "$1" >/dev/null; then
		fact "skipped $1 $path"
	elif ! "$@" >"$WORK/said" 2>&1 </dev/null; then
		fact "invalid $1 $path"
		sed 's/^/@said /' "$WORK/said" | head -n 40
		: >"$WORK/refused"
	fi
}

# Units that are staged, or have a staged drop-in; a template is looked at through its instances.
staged_units() {
	awk '$1 == "file" && index($2, "/etc/systemd/system/") == 1 { print substr($2, 21) }' "$MANIFEST" |
	sed -n 's,\.d/[^/]*$,,; \,/,!p' | sort -u | while read -r unit; do
		case $unit in
		*@.*) names enable | grep -F -- "${unit%@.*}@" || : ;;
		*) echo "$unit" ;;
		esac
	done
}

# Runs in the namespace. The rules are loaded at boot before there is any interface, and over the present ones now.
validate_here() {
	overlay
	for path in $(names file) $(names secret); do
		case $path in
		/etc/nftables.conf | /etc/router/*.nft)
			valid "$path" nft -c -f "$path"
			valid "$path" unshare -n nft -c -f "$path" ;;
		/etc/dnsmasq.conf | /etc/dnsmasq-*.conf | /etc/dnsmasq.d/*.conf)
			valid "$path" dnsmasq --test "--conf-file=$path" ;;
		*/dnscrypt-proxy.toml) valid "$path" dnscrypt-proxy -check -config "$path" ;;
		*/prometheus.yml) valid "$path" promtool check config "$path" ;;
		/etc/ssh/sshd_config | /etc/ssh/sshd_config.d/*) valid "$path" sshd -t ;;
		esac
	done
	# shellcheck disable=SC2046
	set -- $(staged_units)
	[ $# -eq 0 ] || valid "$*" systemd-analyze verify --man=no --recursive-errors=no "$@"
}

validate() {
	rm -f "$WORK/refused"
	unshare -m --propagation private sh "$STAGE/push.sh" validate "$WORK" || die 'cannot validate: see the lines before'
	[ ! -e "$WORK/refused" ]
}

# ---- saving and arming -------------------------------------------------------------------------------------------

# Directories that a new file brings with it, outermost last.
missing_dirs() {
	dir=${1%/*}
	while [ ! -d "$dir" ]; do
		echo "$dir"
		dir=${dir%/*}
	done
}

save() {
	new=$STATE/revert.new
	rm -rf "$new"
	mkdir -m 700 "$new"
	sed -n 's/^\(create\|change\|remove\) //p' "$WORK/changes" | while read -r path; do
		if there "$path"; then
			echo "${path#/}" >>"$new/old"
		else
			echo "$path" >>"$new/new"
			missing_dirs "$path" >>"$new/dirs"
		fi
	done
	find "$UNITS" -type l | sort >"$new/links"
	sed 's,^/,,' "$new/links" >>"$new/old"
	touch "$new/old" "$new/new" "$new/dirs"
	sort -u "$new/old" | tar -C / -cf "$new/old.tar" -T -
	# shellcheck disable=SC2046
	unit_states $(names enable) $(names disable) $(names mask) >"$WORK/states"
	awk '$4 == "active" { print $1 }' "$WORK/states" >"$new/active"
	awk '$4 == "failed" { print $1 }' "$WORK/states" >"$new/failed"
	cp "$WORK/changes" "$MANIFEST" "$STAGE/push.sh" "$new/"
	names id >"$new/id"
	boot_id >"$new/boot"
	echo armed >"$new/phase"
}

timer() {
	printf '[Unit]\nDescription=Undo an unconfirmed change\nDefaultDependencies=no\n\n'
	printf '[Timer]\nOnActiveSec=%s\nAccuracySec=1\nUnit=pveprov-revert.service\n' "$1"
}

service() {
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\nConditionPathExists=%s\n' "$1" "$REVERT"
	printf 'RequiresMountsFor=%s\nConflicts=shutdown.target\nBefore=shutdown.target\n%s\n[Service]\nType=oneshot\n' "$REVERT" "$3"
	printf 'ExecStart=/bin/sh %s/push.sh %s\n%s\n' "$REVERT" "$2" "${4-}"
}

# From here on a crash is undone at the next boot; the units do nothing as long as $REVERT is not there.
arm() {
	seconds=$(names confirm)
	timer "$seconds" >"$UNITS/pveprov-revert.timer"
	timer "$((seconds + 300))" >"$UNITS/pveprov-late.timer"
	service 'Undo an unconfirmed change' revert '' >"$UNITS/pveprov-revert.service"
	service 'Switch to the new configuration' switch '' >"$UNITS/pveprov-switch.service"
	service 'Look after an unconfirmed change before the network' boot 'After=local-fs.target
Wants=network-pre.target
Before=network-pre.target systemd-networkd.service nftables.service nftables-lockdown.service
' RemainAfterExit=yes >"$UNITS/pveprov-boot.service"
	mkdir -p "$UNITS/sysinit.target.wants"
	ln -sfn ../pveprov-boot.service "$UNITS/sysinit.target.wants/pveprov-boot.service"
	systemctl daemon-reload
	sync
	mv "$STATE/revert.new" "$REVERT"
	sync
	systemctl start pveprov-revert.timer && systemctl start --no-block pveprov-switch.service && return
	rm -rf "$REVERT"
	disarm
	die 'cannot start the units that would undo the change'
}

disarm() {
	systemctl stop pveprov-revert.timer pveprov-late.timer 2>/dev/null || :
	rm -f "$UNITS/sysinit.target.wants/pveprov-boot.service" "$UNITS/pveprov-revert.timer" \
		"$UNITS/pveprov-late.timer" "$UNITS/pveprov-revert.service" "$UNITS/pveprov-switch.service" \
		"$UNITS/pveprov-boot.service"
	rmdir --ignore-fail-on-non-empty "$UNITS/sysinit.target.wants"
	systemctl daemon-reload || :
}

# ---- push --------------------------------------------------------------------------------------------------------

verify_stage() {
	grep -qx end "$MANIFEST" || die 'the bundle did not arrive whole'
	awk -v root="$STAGE/files" '$1 == "file" || $1 == "secret" { print $4 "  " root $2 }' "$MANIFEST" >"$WORK/sums"
	[ ! -s "$WORK/sums" ] || sha256sum --quiet -c "$WORK/sums" >&2 || die 'the bundle did not arrive whole'
}

modules_there() { [ -d "/lib/modules/$(uname -r)" ]; }

push() {
	verify_stage
	compare
	had_modules=no
	if modules_there; then had_modules=yes; fi
	install_packages
	if ! modules_there && { [ $had_modules = yes ] || command -v pacman >/dev/null; }; then
		fact again # a new kernel took the modules of the running one away: nothing can be validated
		return
	fi
	compare
	[ -s "$WORK/changes" ] || { fact same; return; }
	if reboots "$WORK/changes" && [ "$1" != yes ]; then
		fact needs-reboot
		return
	fi
	validate || return 0
	echo 'validated, switching' # ends here when nobody listens any more
	save
	arm
	fact switching
}

# ---- switching ---------------------------------------------------------------------------------------------------

put() {
	mkdir -p "${1%/*}"
	cp -dp "$STAGE/files$1" "$1.pveprov-new"
	if [ -d "$1" ] && [ ! -L "$1" ]; then rm -rf "$1"; fi
	mv -fT "$1.pveprov-new" "$1"
}

# Who reads this file.
unit_of() {
	case $1 in
	"$UNITS"/*.d/*) unit=${1%.d/*}; echo "${unit##*/}" ;;
	"$UNITS"/*@.service) unit=${1##*/}; names enable | grep -F -- "${unit%.service}" || : ;;
	"$UNITS"/*) echo "${1##*/}" ;;
	/etc/modules-load.d/*) echo systemd-modules-load.service ;;
	/etc/sysctl.d/*) echo systemd-sysctl.service ;;
	/etc/nftables* | /etc/router/*) echo nftables.service ;;
	/etc/systemd/network/*) echo systemd-networkd.service ;;
	/etc/dnsmasq-*.conf) unit=${1#/etc/dnsmasq-}; echo "dnsmasq@${unit%.conf}.service" ;;
	/etc/dnsmasq.d/*.conf) unit=${1##*/}; echo "dnsmasq@${unit%.conf}.service" ;;
	/etc/dnscrypt-proxy/*) echo dnscrypt-proxy.service ;;
	/etc/prometheus/*) echo prometheus.service ;;
	/etc/grafana/*) echo grafana-server.service ;;
	/etc/default/*) echo "${1##*/}.service" ;;
	esac
}

# Units whose files changed: kernel settings, rules, network, the others.
touched_units() {
	sed -n 's/^\(create\|change\|remove\) //p' "$REVERT/changes" | while read -r path; do
		unit_of "$path"
	done | awk '!seen[$0]++ {
		rank = 5
		if ($0 == "systemd-modules-load.service") rank = 1
		if ($0 == "systemd-sysctl.service") rank = 2
		if ($0 == "nftables.service") rank = 3
		if ($0 == "systemd-networkd.service") rank = 4
		print rank, $0
	}' | sort -s -k1,1n | awk '{ print $2 }'
}

wanted() { names enable | grep -qxF -- "$1"; }

restart_touched() {
	for unit in $(touched_units); do
		if never_started "$unit"; then continue; fi
		if wanted "$unit" || systemctl -q is-active "$unit"; then
			echo "restarting $unit"
			systemctl restart "$unit"
		fi
	done
	# shellcheck disable=SC2046
	unit_states $(names enable) | while read -r unit load file active lasts; do
		if never_started "$unit" || [ "$active" = active ]; then continue; fi
		echo "starting $unit"
		systemctl start "$unit"
	done
}

# units VERB KIND [OPTION]: for those of a kind that differ
units() {
	# shellcheck disable=SC2046
	set -- "$1" "${3-}" $(sed -n "s/^$2 //p" "$REVERT/changes")
	[ $# -le 2 ] || { verb=$1; option=$2; shift 2; systemctl "$verb" ${option:+"$option"} "$@"; }
}

switch_now() {
	now=--now
	if reboots "$REVERT/changes"; then now=; fi
	sed -n 's/^\(create\|change\) //p' "$REVERT/changes" | while read -r path; do put "$path"; done
	sed -n 's/^remove //p' "$REVERT/changes" | while read -r path; do rm -rf --one-file-system "$path"; done
	systemctl daemon-reload
	units mask mask "$now"
	units disable disable "$now"
	units enable enable
	if [ -z "$now" ]; then
		boot_id >"$REVERT/planned"
		set_phase switched
		systemctl --no-block reboot || : # the answer may be lost in it; if it does not come, the timer does
	else
		restart_touched
		set_phase switched
	fi
}

switch() {
	[ "$(phase)" = armed ] || exit 0
	set_phase switching
	if sh "$REVERT/push.sh" switch-now >"$REVERT/log" 2>&1; then
		cat "$REVERT/log"
	else
		cat "$REVERT/log"
		undo "the switch failed: $(tail -n 2 "$REVERT/log" | paste -s -d ' ')"
	fi
}

# ---- undoing -----------------------------------------------------------------------------------------------------

restore() {
	# a type may have changed: all go first, what was there comes back from the archive
	sed -n 's/^\(create\|change\|remove\) //p' "$REVERT/changes" | while read -r path; do
		rm -rf --one-file-system "$path" "$path.pveprov-new"
	done
	sort -ru "$REVERT/dirs" | while read -r dir; do rmdir "$dir" 2>/dev/null || :; done
	tar -C / -xpf "$REVERT/old.tar"
	find "$UNITS" -type l | sort | grep -vxFf "$REVERT/links" | while read -r link; do rm -f "$link"; done
	sync
}

restart_as_before() {
	# shellcheck disable=SC2046
	for unit in $(names enable) $(names disable) $(names mask); do
		if grep -qxF -- "$unit" "$REVERT/active"; then
			systemctl start "$unit" || :
		elif ! never_started "$unit"; then
			systemctl stop "$unit" 2>/dev/null || :
		fi
	done
	for unit in $(touched_units); do
		if ! never_started "$unit" && systemctl -q is-active "$unit"; then systemctl restart "$unit" || :; fi
	done
}

# undo WHY [boot]: everything as it was; the record of it is complete before anything is restarted.
undo() {
	rebooted=no
	if [ "$(boot_id)" != "$(cat "$REVERT/boot")" ]; then rebooted=yes; fi
	set_phase reverting
	restore
	echo "reverted $(cat "$REVERT/id") $1" >"$STATE/last"
	disarm
	rm -rf "$REVERT.done"
	mv "$REVERT" "$REVERT.done"
	sync
	REVERT=$REVERT.done
	MANIFEST=$REVERT/manifest
	rm -rf "$STAGE"
	if [ $rebooted = yes ]; then
		systemctl --no-block reboot || :
	else
		restart_as_before
	fi
}

# One at a time; whoever comes second finds nothing to do.
locked() {
	exec 9>"$STATE/lock"
	flock -w 120 9 || die 'another one holds the lock'
	[ -d "$REVERT" ] || { status; exit 0; }
}

revert() {
	systemctl stop pveprov-switch.service 2>/dev/null || :
	locked
	if [ -e "$REVERT/why" ]; then
		undo "$(cat "$REVERT/why")"
	else
		undo 'nobody confirmed it in time'
	fi
}

# systemd starts the unit again with whatever needs sysinit.target: only a new boot counts. Looked at before the lock,
# which the switch holds while it waits for services that come after this unit.
new_boot() {
	[ -d "$REVERT" ] || return 1
	! grep -qxF -- "$(boot_id)" "$REVERT/boot" "$REVERT/came-back" 2>/dev/null
}

boot() {
	new_boot || return 0
	locked
	if [ "$(phase)" = switched ] && [ -e "$REVERT/planned" ]; then
		boot_id >"$REVERT/came-back"
		rm "$REVERT/planned" # a second boot is not planned
		sync
		systemctl start --no-block pveprov-late.timer
	else
		undo 'the machine restarted before it was confirmed'
	fi
}

# ---- confirming --------------------------------------------------------------------------------------------------

# Services of the new configuration that are still on their way get a minute.
settle() {
	tries=0
	while [ $tries -lt 120 ]; do
		# shellcheck disable=SC2046
		unit_states $(names enable) >"$WORK/states"
		: >"$WORK/moving"
		while read -r unit load file active lasts; do
			if never_started "$unit"; then continue; fi
			case $active in activating | reloading | deactivating) echo "$unit" >>"$WORK/moving" ;; esac
		done <"$WORK/states"
		[ -s "$WORK/moving" ] || return 0
		tries=$((tries + 1))
		sleep 0.5
	done
}

# Units that fail now and did not before.
newly_failed() {
	awk '$4 == "failed" { print $1 }' "$WORK/states" | grep -vxFf "$REVERT/failed" | while read -r unit; do
		never_started "$unit" || echo "$unit"
	done
}

confirm() {
	MANIFEST=$REVERT/manifest
	locked
	if [ "$(cat "$REVERT/id")" != "$1" ] || [ "$(waits)" != switched ]; then
		status
		return
	fi
	work
	settle
	failed=$(newly_failed | paste -s -d ' ')
	if [ -n "$failed" ]; then
		fact "failed $failed"
		# shellcheck disable=SC2086
		journalctl -q -b --no-pager -n 10 -o cat $(printf ' -u %s' $failed) 2>/dev/null | sed 's/^/@said /' || :
		echo "units failed: $failed" >"$REVERT/why"
		systemctl start --no-block pveprov-revert.service
		return
	fi
	echo "confirmed $1" >"$STATE/last"
	rm -rf "$STATE/confirmed"
	mv "$REVERT" "$STATE/confirmed"
	disarm
	rm -rf "$STAGE"
	fact confirmed
	commit || fact 'warning etckeeper could not commit /etc'
}

cancel() {
	MANIFEST=$REVERT/manifest
	locked
	if [ "$(cat "$REVERT/id")" = "$1" ]; then
		echo "$2" >"$REVERT/why"
		systemctl start --no-block pveprov-revert.service
	fi
	status
}

# The files of the new configuration are there by now, and with them what git is to ignore.
commit() {
	command -v etckeeper >/dev/null || return 0
	# the metadata that the package kept has the modes of before: `etckeeper init` would restore them
	if [ -e "$STATE/git-is-new" ]; then rm -rf /etc/.git /etc/.etckeeper; fi
	rm -f "$STATE/git-is-new"
	[ -d /etc/.git ] || etckeeper init >/dev/null || return 1
	sed -n 's,^secret /etc\(/[^ ]*\) .*,\1,p' "$STATE/confirmed/manifest" >/etc/.git/info/exclude
	git -C /etc ls-files -c -i -z --exclude-standard | xargs -0r git -C /etc rm -q --cached -- || return 1
	if etckeeper unclean; then
		etckeeper commit 'pveprov: new configuration' >/dev/null || return 1
	fi
}

main() {
	verb=$1
	shift
	[ "$(id -u)" = 0 ] || die 'needs root'
	MANIFEST=$REVERT/manifest
	case $verb in
	check) MANIFEST=$1; work; check ;;
	push) MANIFEST=$STAGE/manifest; work; push "$1" ;;
	validate) MANIFEST=$STAGE/manifest; WORK=$1; validate_here ;;
	switch) locked; switch ;;
	switch-now) switch_now ;;
	boot) boot ;;
	revert) revert ;;
	confirm) confirm "$1" ;;
	cancel) cancel "$1" "$2" ;;
	status) status ;;
	*) die "unknown verb '$verb'" ;;
	esac
	exit
}

main "$@"
