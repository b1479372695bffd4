# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Packages of a Debian release and architecture that need not be this machine's, without touching its own packages. To be
# sourced by bash, with die() defined.
#
# Only package names are fixed, not file names: apt finds the newest version and checks the signatures with Debian's
# archive keyring. Its state is private and temporary; only the mirror comes from the machine's own apt configuration
# (DEBIAN_MIRROR overrides it).

# private_apt DIR RELEASE ARCHITECTURE: prepares DIR for apt(), and reads the lists.
private_apt() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg tool
	for tool in apt-get apt-cache dpkg-deb; do
		command -v "$tool" >/dev/null || die "'$tool' is missing; see the packages named in run-guest"
	done
	[ -r "$keyring" ] || die "no $keyring to check signatures with (package debian-archive-keyring)"
	apt_state=$1 apt_architecture=$3
	mkdir -p "$apt_state"/{lists/partial,cache/archives/partial}
	local main security
	main=${DEBIAN_MIRROR:-$(mirror_of debian)}
	[ -n "$main" ] || die "apt knows no mirror of Debian here; name one: DEBIAN_MIRROR=URL"
	security=${DEBIAN_MIRROR:+$DEBIAN_MIRROR-security}
	security=${security:-$(mirror_of debian-security)}
	{
		echo "deb [signed-by=$keyring] $main $2 main"
		case $2 in
		sid | *-backports) ;; # no security suite
		*) echo "deb [signed-by=$keyring] ${security:-$main-security} $2-security main" ;;
		esac
	} >"$apt_state/sources.list"
	: >"$apt_state/status"
	apt apt-get update || apt_failed "cannot read the package lists"
}

# The machine's own mirror of an archive (debian or debian-security).
mirror_of() {
	# shellcheck disable=SC2016  # apt expands it
	apt-get indextargets --format '$(REPO_URI)' | sed -n "s:\\(.*/$1\\)/*\$:\\1:p" | head -n 1
}

# apt TOOL ARG...: keeps apt's messages, which explain the cause; apt_failed shows them under the name of the operation.
apt() {
	local tool=$1
	shift
	"$tool" -qq -o Dir::Etc::sourcelist="$apt_state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State::lists="$apt_state/lists" -o Dir::State::status="$apt_state/status" \
		-o Dir::Cache="$apt_state/cache" -o APT::Architecture="$apt_architecture" \
		-o APT::Architectures="$apt_architecture" -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \
		-o Acquire::Languages=none -o Acquire::Retries=2 "$@" 2>"$apt_state/apt.log"
}
apt_failed() { cat "$apt_state/apt.log" >&2; die "$1 (apt's words above)"; }
