"""The system calls that no sandbox of the house may make, as the filter that the kernel of the machine is given.

Analysis and its tools need none of them; each has been, or could be, a way to see or to reach what lies outside:
the kernel's keyring, other namespaces and mounts, other processes' memory, tracing, modules, clocks. The list follows
the block lists of Flatpak and systemd-nspawn. Numbers: Linux, arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h; from 424 on they are the same everywhere.
"""

from __future__ import annotations

import errno
import struct

# name: its number on x86_64, on aarch64; None where there is no such call.
FORBIDDEN: dict[str, tuple[int | None, int | None]] = {
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "syslog": (103, 116),
    "personality": (135, 92),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "vhangup": (153, 58),
}
NEWEST_KNOWN = 462
"""mseal, Linux 6.10. What came later answers "no such call", as on an older kernel, until somebody has looked at it."""

# AUDIT_ARCH_* of linux/audit.h: the kind of processor that a call is made for.
PROCESSORS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# linux/bpf_common.h and linux/seccomp.h.
_LOAD_WORD, _JUMP_EQUAL, _JUMP_FROM, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _PROCESSOR_AT = 0, 4
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000


def seccomp_filter(processor: str) -> bytes:
    """The filter as `bwrap --seccomp` takes it: an array of `struct sock_filter`. `KeyError` for another processor."""
    architecture = PROCESSORS[processor]
    column = list(PROCESSORS).index(processor)
    numbers = sorted(number for each in FORBIDDEN.values() if (number := each[column]) is not None)
    count = len(numbers)
    program = [
        (_LOAD_WORD, 0, 0, _PROCESSOR_AT),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
        # Other numberings of the same processor (x32) are larger than every known number, too.
        (_JUMP_FROM, count + 2, 0, NEWEST_KNOWN + 1),
        *((_JUMP_EQUAL, count - place, 0, number) for place, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in program)
