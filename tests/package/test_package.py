# SPDX-License-Identifier: BSD-2-Clause
"""The packages that scripts/package made: what they contain, installed in a clean root and removed again, and the
program on kernels without anything else. ACCEPTSCOPE_PACKAGES is the directory that has them."""

import glob
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness  # noqa: E402

PACKAGES = pathlib.Path(os.environ["ACCEPTSCOPE_PACKAGES"])
PROGRAM = "usr/sbin/acceptscope"
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}  # its names of the architectures


def run(*command, **options):
    """Runs a command; its output, both streams. Fails with it if the command does."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def package(kind, machine=platform.machine()):
    """The path of the package of a kind (tar.gz, deb, rpm) for an architecture of `uname -m`."""
    pattern = {"tar.gz": f"acceptscope-*-linux-{machine}.tar.gz", "deb": f"acceptscope_*_{DEBIAN[machine]}.deb",
               "rpm": f"acceptscope-*.{machine}.rpm"}[kind]
    found = glob.glob(str(PACKAGES / pattern))
    if len(found) != 1:
        raise AssertionError(f"{PACKAGES} has {len(found)} files {pattern}, not one: scripts/package makes them")
    return found[0]


def entries(root, *without):
    """All paths below `root`, except those below `without`."""
    found = set()
    for folder, folders, files in os.walk(root):
        name = os.path.relpath(folder, root)
        folders[:] = [each for each in folders if os.path.normpath(os.path.join(name, each)) not in without]
        found |= {os.path.normpath(os.path.join(name, each)) for each in [*folders, *files]}
    return found


class PackageTest(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        directory = tempfile.TemporaryDirectory(prefix="acceptscope-package-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def in_root(self, root, *command):
        """The output of a command in `root`, which has /proc, /sys and /dev for that long."""
        script = ('for each in proc sys dev; do mkdir -p "$0/$each"; mount --rbind "/$each" "$0/$each"; done;'
                  ' exec chroot "$0" "$@"')
        return run("unshare", "--mount", "--propagation", "private", "sh", "-ec", script, root, *command)

    def expect_doctor(self, said):
        self.assertRegex(said, r"(?m)^--backend auto would run (fentry|kprobe|tracepoint)")


class Tarball(PackageTest):
    def unpack(self):
        run("tar", "-xzf", package("tar.gz"), "-C", self.directory)
        (folder,) = os.listdir(self.directory)
        return os.path.join(self.directory, folder)

    def test_it_has_program_licenses_and_documents(self):
        folder = self.unpack()
        self.assertRegex(os.path.basename(folder), r"^acceptscope-[\d.]+-linux-\w+$")
        found = entries(folder)
        for name in "acceptscope", "LICENSE", "LICENSE.GPL-2.0", "README.md", "share/doc/acceptscope/libraries/zlib1g-dev":
            self.assertIn(name, found)
        owners = run("tar", "--numeric-owner", "-tvzf", package("tar.gz"))
        self.assertEqual(set(re.findall(r"(?m)^\S+ (\S+)", owners)), {"0/0"})

    def test_the_program_alone_in_a_root_says_what_the_kernel_allows(self):
        root = os.path.join(self.directory, "root")
        os.mkdir(root)
        shutil.copy(os.path.join(self.unpack_beside(), "acceptscope"), root)
        self.expect_doctor(self.in_root(root, "/acceptscope", "doctor"))

    def unpack_beside(self):
        folder = tempfile.TemporaryDirectory(prefix="acceptscope-package-")
        self.addCleanup(folder.cleanup)
        run("tar", "-xzf", package("tar.gz"), "-C", folder.name, "--strip-components=1")
        return folder.name


class Debian(PackageTest):
    def test_lintian_finds_nothing(self):
        harness.need("lintian")
        for machine in DEBIAN:
            with self.subTest(machine=machine):
                said = run("lintian", "--allow-root", "--fail-on", "error,warning", package("deb", machine))
                self.assertEqual(said, "")

    def test_it_says_its_architecture_and_needs_no_other_package(self):
        for machine, name in DEBIAN.items():
            with self.subTest(machine=machine):
                self.assertEqual(run("dpkg-deb", "--field", package("deb", machine), "Depends").strip(), "")
                self.assertEqual(run("dpkg-deb", "--field", package("deb", machine), "Architecture").strip(), name)

    def test_installed_run_and_removed_nothing_is_left(self):
        harness.need("mmdebstrap")
        root = os.path.join(self.directory, "root")
        release = platform.freedesktop_os_release()["VERSION_CODENAME"]
        sources = "\n".join(sorted(set(run("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) main",
                                           "Created-By: Packages", f"Codename: {release}").splitlines())))
        listing = os.path.join(self.directory, "sources.list")
        pathlib.Path(listing).write_text(sources + "\n", encoding="utf-8")
        run("mmdebstrap", "--quiet", "--variant=minbase", release, root, listing)
        shutil.copy(package("deb"), os.path.join(root, "package.deb"))
        books = "var/lib/dpkg", "var/log", "proc", "sys", "dev"
        before = entries(root, *books)
        self.in_root(root, "dpkg", "--install", "/package.deb")
        installed = entries(root, *books) - before
        self.assertIn(PROGRAM, installed)
        self.assertIn("usr/share/doc/acceptscope", installed)  # dpkg of a minimal root may leave out what is below
        ours = {name for name in installed if "acceptscope" in name}
        others = {name for name in installed - ours if not any(path.startswith(name + "/") for path in ours)}
        self.assertEqual(others, set(), "neither of this name nor a directory of such files")
        self.expect_doctor(self.in_root(root, "acceptscope", "doctor"))
        self.in_root(root, "dpkg", "--purge", "acceptscope")
        self.assertEqual(entries(root, *books), before)


class Rpm(PackageTest):
    def test_installed_run_and_removed_nothing_is_left(self):
        harness.need("rpm")
        root = os.path.join(self.directory, "root")
        os.mkdir(root)
        rpm = "rpm", "--root", root
        run(*rpm, "--initdb")
        run(*rpm, "--install", "--ignoreos", package("rpm"))
        self.assertIn(PROGRAM, entries(root))
        self.assertIn("acceptscope", run(*rpm, "--query", "--all"))
        self.assertEqual(run(*rpm, "--verify", "acceptscope"), "")
        self.expect_doctor(self.in_root(root, "/" + PROGRAM, "doctor"))
        run(*rpm, "--erase", "acceptscope")
        self.assertEqual({name for name in entries(root) if "acceptscope" in name}, set())

    def test_it_says_its_architecture_and_needs_no_other_package(self):
        for machine in DEBIAN:
            with self.subTest(machine=machine):
                file = package("rpm", machine)
                self.assertEqual(run("rpm", "--query", "--queryformat", "%{ARCH}", "--package", file), machine)
                needs = run("rpm", "--query", "--requires", "--package", file).split("\n")
                self.assertEqual({need for need in needs if need and not need.startswith("rpmlib(")}, set())


class Kernels(PackageTest):
    """Nothing but a kernel, busybox and the program."""

    def run_on(self, *releases):
        harness.need("cpio", *(f"qemu-system-{machine}" for machine in DEBIAN))
        for release in releases:
            fetched = subprocess.run([HERE.parent / "vm" / "fetch-kernel", release], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, text=True, check=False)
            if fetched.returncode == 0:
                break
        else:
            self.fail(f"no kernel of {releases}")
        kernel = pathlib.Path(fetched.stdout.strip())
        machine = (kernel / "architecture").read_text(encoding="utf-8").strip()
        run("tar", "-xzf", package("tar.gz", machine), "-C", self.directory, "--strip-components=1")
        said = run(HERE / "run-bare", kernel, os.path.join(self.directory, "acceptscope"))
        self.assertTrue(said.startswith((kernel / "release").read_text(encoding="utf-8") + "files: 3\n"), said)
        self.expect_doctor(said)
        self.assertIn("demo-worker", said)
        self.assertIn("█", said)  # UTF-8 without a locale
        self.assertTrue(said.endswith("\n1\n"), said)  # one page of HTML

    def test_linux_5_10(self):
        self.run_on("bullseye")

    def test_linux_6_1(self):
        self.run_on("bookworm")

    def test_linux_6_12(self):
        self.run_on("trixie")

    def test_the_newest_linux(self):
        self.run_on("sid", "trixie-backports")

    def test_linux_6_1_on_aarch64(self):
        self.run_on("bookworm@aarch64")

    def test_linux_6_12_on_aarch64(self):
        self.run_on("trixie@aarch64")


if __name__ == "__main__":
    harness.run_tests()
