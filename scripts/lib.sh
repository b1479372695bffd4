# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What scripts/run and scripts/test share. Sourced; bash. Messages go to standard error: standard output belongs to the
# program that is run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What the build needs, by the names of Debian 12's packages.
# shellcheck disable=SC2034  # used by those who source this
build_packages=(cmake ninja-build g++ pkg-config clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev
	libcli11-dev libfmt-dev nlohmann-json3-dev rapidjson-dev libexpected-dev libncurses-dev)
# What a build with its tests needs beside them.
# shellcheck disable=SC2034
test_build_packages=(libgtest-dev libgmock-dev libbenchmark-dev liburing-dev)

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# quietly WHAT LOG COMMAND...: runs it with its output in LOG, which is shown only if it fails.
quietly() {
	local what=$1 log=$2
	shift 2
	if "$@" >"$log" 2>&1 </dev/null; then return; fi
	tail -n 200 "$log" >&2
	die "$what failed; the log is above and in $log"
}

# Of the packages named, those that are not installed, one a line.
missing_packages() {
	local package status
	for package; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || true
		[ "$status" = installed ] || echo "$package"
	done
}

# The package lists, fetched anew: an old list names versions that are no longer there.
update_package_lists() {
	apt-get -qq update || { sleep 5; apt-get -qq update; }
}

# Installs the packages named with no service started, now or at the next boot: nginx is here to be started by tests.
# In a subshell, so that its trap is its own.
install_without_services() (
	policy=/usr/sbin/policy-rc.d had_nginx=yes status=0
	command -v nginx >/dev/null || had_nginx=no
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
		# shellcheck disable=SC2064  # this file, whatever the variable is then
		trap "rm -f '$policy'" EXIT
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" || status=$?
	if [ "$had_nginx" = no ] && command -v nginx >/dev/null; then
		deb-systemd-helper disable nginx.service || true
		update-rc.d nginx disable || true
	fi
	exit $status
)

# need_packages NAME...: installs those that are missing; asks nobody and no network if none is.
need_packages() {
	local missing log
	if ! command -v dpkg-query >/dev/null; then
		say "no Debian packages here; these are needed, under whatever name: $*"
		return
	fi
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "these packages are missing: ${missing[*]}; run it as root (sudo) to install them"
	say "installing ${missing[*]}"
	log=$(mktemp)
	quietly "apt-get update" "$log" update_package_lists
	quietly "apt-get install" "$log" install_without_services "${missing[@]}"
	rm -f "$log"
}

# configure BUILD_DIR CMAKE_ARGUMENT...: only what a first configuration needs is said the first time.
configure() {
	local build=$1 generator=()
	shift
	mkdir -p "$build"
	[ -e "$build/CMakeCache.txt" ] || generator=(-G Ninja)
	quietly "configuring" "$build/configure.log" cmake -S "$root" -B "$build" "${generator[@]}" "$@"
}

# build BUILD_DIR CMAKE_BUILD_ARGUMENT...
build() {
	local build=$1
	shift
	quietly "building" "$build/build.log" cmake --build "$build" "$@"
	# Under sudo the tree stays its owner's, who would otherwise not be able to build in it any more.
	[ -z "${SUDO_UID:-}" ] || chown -R --reference="$root" "$build"
}
