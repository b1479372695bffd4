# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Functions that the scripts share. To be sourced by bash. Messages go to standard error: standard output belongs to the
# program that the script runs.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Packages that the build needs, by their names in Debian 12.
# shellcheck disable=SC2034  # used by the scripts that source this file
build_packages=(cmake ninja-build g++ pkg-config clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev
	libcli11-dev libfmt-dev rapidjson-dev libexpected-dev libncurses-dev libseccomp-dev)
# Additional packages for a build with tests.
# shellcheck disable=SC2034
test_build_packages=(libgtest-dev libgmock-dev libbenchmark-dev liburing-dev nlohmann-json3-dev)
# Additional packages for scripts/package.
# shellcheck disable=SC2034
packaging_packages=(rpm binutils)

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# quietly WHAT LOG COMMAND...: runs COMMAND with its output in LOG; shows the log only on failure.
quietly() {
	local what=$1 log=$2
	shift 2
	if "$@" >"$log" 2>&1 </dev/null; then return; fi
	tail -n 200 "$log" >&2
	die "$what failed; the log is above and in $log"
}

# missing_packages NAME[:ARCHITECTURE]...: prints the packages that are not installed, one per line. Without an
# architecture, this machine's counts: the same package can be there for another one.
missing_packages() {
	local package architecture
	architecture=$(dpkg --print-architecture)
	for package; do
		# shellcheck disable=SC2016  # dpkg-query expands it
		dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -Eqx "(all|$architecture|${package##*:}) installed" || echo "$package"
	done
}

# debian_architecture ARCH: Debian's name of an architecture that uname -m calls ARCH; status 1 if packages are not made
# for it.
debian_architecture() {
	case $1 in x86_64) echo amd64 ;; aarch64) echo arm64 ;; *) return 1 ;; esac
}

# cross_packages ARCH: the packages that a build for ARCH needs on another machine, besides build_packages: a compiler,
# and the libraries of that architecture, which scripts/packaging/ARCH.cmake finds.
cross_packages() {
	local architecture library
	architecture=$(debian_architecture "$1")
	echo "g++-$1-linux-gnu"
	for library in libbpf-dev libelf-dev zlib1g-dev libfmt-dev libncurses-dev libseccomp-dev libgtest-dev liburing-dev; do
		echo "$library:$architecture"
	done
}

# need_architecture ARCH: lets packages of another architecture be installed beside this machine's.
need_architecture() {
	local architecture
	architecture=$(debian_architecture "$1")
	{ dpkg --print-architecture; dpkg --print-foreign-architectures; } | grep -qx "$architecture" ||
		dpkg --add-architecture "$architecture"
}

# Refreshes the package lists: an old list refers to versions that are no longer available.
update_package_lists() {
	apt-get -qq update || { sleep 5; apt-get -qq update; }
}

# install_without_services NAME...: installs packages without starting services now or at boot: the tests start servers
# themselves. Runs in a subshell to have its own trap.
install_without_services() (
	policy=/usr/sbin/policy-rc.d status=0
	units() { find /lib/systemd/system -regextype posix-extended \
		-regex '.*/(nginx|redis-server|postgresql|haproxy|php[0-9.]*-fpm)\.service' -printf '%f\n' | sort; }
	before=$(units)
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
		# shellcheck disable=SC2064  # expand now: the variable may change later
		trap "rm -f '$policy'" EXIT
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" || status=$?
	for unit in $(comm -13 <(echo "$before") <(units)); do
		deb-systemd-helper disable "$unit" || true
		update-rc.d "${unit%.service}" disable || true
	done
	exit $status
)

# need_cross_packages ARCH: installs what a build for ARCH needs, if that is not this machine.
need_cross_packages() {
	local packages
	[ "$1" != "$(uname -m)" ] || return 0
	mapfile -t packages < <(cross_packages "$1")
	[ "$(id -u)" != 0 ] || need_architecture "$1"
	need_packages "${packages[@]}"
}

# need_packages NAME...: installs missing packages; needs neither a prompt nor the network if none is missing.
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

# configure BUILD_DIR CMAKE_ARGUMENT...: configures the build; selects the generator only the first time.
configure() {
	local build=$1 generator=()
	shift
	mkdir -p "$build"
	[ -e "$build/CMakeCache.txt" ] || generator=(-G Ninja)
	quietly "configuring" "$build/configure.log" cmake -S "$root" -B "$build" "${generator[@]}" "$@"
}

# configure_portable BUILD_DIR ARCH CMAKE_ARGUMENT...: the program of the packages: one file with all libraries in it.
configure_portable() {
	local build=$1 arch=$2 toolchain=()
	shift 2
	[ "$arch" = "$(uname -m)" ] || toolchain=(-DCMAKE_TOOLCHAIN_FILE="$root/scripts/packaging/$arch.cmake")
	configure "$build" "${toolchain[@]}" -DCMAKE_BUILD_TYPE=Release -DACCEPTSCOPE_STATIC=ON -DCMAKE_INSTALL_PREFIX=/usr "$@"
}

# build BUILD_DIR CMAKE_BUILD_ARGUMENT...
build() {
	local build=$1
	shift
	quietly "building" "$build/build.log" cmake --build "$build" "$@"
	# Under sudo, keep the owner of the tree: otherwise the user could not build in it any more.
	[ -z "${SUDO_UID:-}" ] || chown -R --reference="$root" "$build"
}
