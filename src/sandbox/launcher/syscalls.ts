// System-call numbers, from the kernel's headers (arch/x86/entry/syscalls/syscall_64.tbl and asm-generic/unistd.h).

export type Architecture = 'x64' | 'arm64';

/** Answered EPERM: other processes' memory, namespaces and mounts, kernel facilities with a history of holes, the machine itself. */
export const refusedAsForbidden: readonly string[] = [
  'ptrace', 'process_vm_readv', 'process_vm_writev', 'kcmp', 'pidfd_getfd', 'process_madvise', 'unshare', 'setns', 'mount', 'umount2',
  'pivot_root', 'chroot', 'open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr', 'open_tree_attr',
  'name_to_handle_at', 'open_by_handle_at', 'bpf', 'perf_event_open', 'userfaultfd', 'add_key', 'request_key', 'keyctl', 'kexec_load',
  'kexec_file_load', 'init_module', 'finit_module', 'delete_module', 'reboot', 'swapon', 'swapoff', 'acct', 'quotactl', 'quotactl_fd',
  'syslog', 'sethostname', 'setdomainname', 'settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex', 'iopl', 'ioperm', 'modify_ldt',
  'vhangup', 'fanotify_init', 'lookup_dcookie', 'nfsservctl', 'uselib', 'ustat', 'sysfs', '_sysctl', 'move_pages', 'migrate_pages',
];

/** Answered ENOSYS, so that libraries fall back: glibc to clone (whose flags a filter can read), libuv to its thread pool. */
export const refusedAsMissing: readonly string[] = ['clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'];

export const syscallNumbers: Readonly<Record<Architecture, Readonly<Record<string, number>>>> = {
  x64: {
    ptrace: 101, process_vm_readv: 310, process_vm_writev: 311, kcmp: 312, pidfd_getfd: 438, process_madvise: 440, unshare: 272,
    setns: 308, mount: 165, umount2: 166, pivot_root: 155, chroot: 161, open_tree: 428, move_mount: 429, fsopen: 430, fsconfig: 431,
    fsmount: 432, fspick: 433, mount_setattr: 442, open_tree_attr: 467, name_to_handle_at: 303, open_by_handle_at: 304, bpf: 321,
    perf_event_open: 298, userfaultfd: 323, add_key: 248, request_key: 249, keyctl: 250, kexec_load: 246, kexec_file_load: 320,
    init_module: 175, finit_module: 313, delete_module: 176, reboot: 169, swapon: 167, swapoff: 168, acct: 163, quotactl: 179,
    quotactl_fd: 443, syslog: 103, sethostname: 170, setdomainname: 171, settimeofday: 164, clock_settime: 227, clock_adjtime: 305,
    adjtimex: 159, iopl: 172, ioperm: 173, modify_ldt: 154, vhangup: 153, fanotify_init: 300, lookup_dcookie: 212, nfsservctl: 180,
    uselib: 134, ustat: 136, sysfs: 139, _sysctl: 156, move_pages: 279, migrate_pages: 256, clone3: 435, io_uring_setup: 425,
    io_uring_enter: 426, io_uring_register: 427, clone: 56, socket: 41,
  },
  arm64: {
    ptrace: 117, process_vm_readv: 270, process_vm_writev: 271, kcmp: 272, pidfd_getfd: 438, process_madvise: 440, unshare: 97, setns: 268,
    mount: 40, umount2: 39, pivot_root: 41, chroot: 51, open_tree: 428, move_mount: 429, fsopen: 430, fsconfig: 431, fsmount: 432,
    fspick: 433, mount_setattr: 442, open_tree_attr: 467, name_to_handle_at: 264, open_by_handle_at: 265, bpf: 280, perf_event_open: 241,
    userfaultfd: 282, add_key: 217, request_key: 218, keyctl: 219, kexec_load: 104, kexec_file_load: 294, init_module: 105,
    finit_module: 273, delete_module: 106, reboot: 142, swapon: 224, swapoff: 225, acct: 89, quotactl: 60, quotactl_fd: 443, syslog: 116,
    sethostname: 161, setdomainname: 162, settimeofday: 170, clock_settime: 112, clock_adjtime: 266, adjtimex: 171, vhangup: 58,
    fanotify_init: 262, lookup_dcookie: 18, nfsservctl: 42, move_pages: 239, migrate_pages: 238, io_uring_setup: 425, io_uring_enter: 426,
    io_uring_register: 427, clone3: 435, clone: 220, socket: 198,
  },
};
