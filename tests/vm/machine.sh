# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# The emulated machines of the guests. To be sourced by bash.
#
# Settings for speed under emulation:
# - The CPU model is the emulator's best, without features that only slow emulation down. On x86_64, "enhanced rep movsb"
#   copies and clears memory byte by byte, and five-level page tables make every TLB miss longer: a kernel test takes a
#   quarter less. On aarch64, pointer authentication is a calculation at each call; this model has none.
# - No mitigations and no clearing of memory before its use: a tenth less.
# - Expedited grace periods, for which every load and unload of a BPF program waits: a sixth less.
# - No address space randomization: translated code is looked up by address, so code that one process has run need not
#   be translated again for the next: a tenth less.

# emulated_machine KERNEL INITRD PARAMETERS CONSOLE STATUS: sets the array emulator to the command that boots KERNEL (a
# directory of fetch-kernel), and stops when the guest powers off. Three serial ports: ttyS0, the console, goes to the file
# CONSOLE; ttyS1 to standard output; ttyS2 to the file STATUS. Processors and memory are the caller's to add.
# shellcheck disable=SC2034,SC2054  # the callers use it; commas are the emulator's
emulated_machine() {
	local kernel=$1 initrd=$2 parameters=$3 console=$4 status=$5 architecture
	architecture=$(<"$kernel/architecture")
	emulator=("qemu-system-$architecture" -nodefaults -no-user-config -display none -no-reboot
		-kernel "$kernel/vmlinuz" -initrd "$initrd" -chardev stdio,id=output,signal=off)
	case $architecture in
	x86_64)
		emulator+=(-machine q35 -cpu "max,-erms,-fsrm,-la57"
			-serial "file:$console" -serial chardev:output -serial "file:$status")
		;;
	aarch64) # has one serial port of its own, with another name: the console's first words come out there
		emulator+=(-machine virt -cpu neoverse-n1 -serial "file:$console.early"
			-chardev "file,id=console,path=$console" -device pci-serial,chardev=console
			-device pci-serial,chardev=output
			-chardev "file,id=status,path=$status" -device pci-serial,chardev=status)
		parameters="earlycon $parameters"
		;;
	esac
	emulator+=(-append "console=ttyS0 loglevel=4 panic=-1 oops=panic mitigations=off init_on_alloc=0 norandmaps nokaslr rcupdate.rcu_expedited=1 $parameters")
}
