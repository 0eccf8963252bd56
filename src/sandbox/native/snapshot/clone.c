/*
 * haneul-clone TEMPLATE UID INNER IMAGE [JOIN-FILE…]: makes a confined copy of a process that has initialised a function (SnapStart).
 *
 * The template forks by itself, as any process may; nobody in it has a privilege. This program, root's, watches it with ptrace, and
 * at that one system call adds what a fork cannot ask for: a user namespace and with it process ids, mounts, network, IPC, host name
 * and cgroup view of the child's own. Before the child executes its first instruction it is given another user id outside (the same
 * one inside), loses every capability of its user namespace, joins its own limits, and finds its own /proc and /tmp. The filter of
 * system calls is inherited; it is suspended for that one call of the template's alone, after its arguments were looked at.
 *
 * Descriptors: 1 and 2 are the child's output, 3 and 4 its channel; 5 tells the server "watching" and the child's process id. They go
 * to the child over an abstract socket in its own network, which nobody else is in. This program then stays until the child has
 * ended, and ends as it did.
 */
#define _GNU_SOURCE
#include "../place.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INFO_FD = 5, SECONDS_MAX = 20 };
enum { SUSPEND_SECCOMP = 1 << 21 };
enum { PIDFD_OPEN = 434, OPEN_TREE = 428, MOVE_MOUNT = 429, FSOPEN = 430, FSCONFIG = 431, FSMOUNT = 432, MOUNT_SETATTR = 442 };
enum { CAPABILITY_VERSION = 0x20080522, CAPABILITIES = 64 };
/* What the C library's fork asks for. */
static const unsigned long plain_fork = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
static const unsigned long own_namespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
static const long trace_options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;

static pid_t child;

static _Noreturn void fail(const char *what) {
  const int error = errno;
  /* A child that is not finished must not run. The template is let go, with EXITKILL off, by the caller's options. */
  if (child > 0) kill(child, SIGKILL);
  fprintf(stderr, "haneul-clone: %s: %s\n", what, strerror(error));
  _exit(125);
}

static long number(const char *text) {
  char *end;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (errno != 0 || *text == '\0' || *end != '\0' || value < 2 || value > 0x7ffffffe) {
    errno = EINVAL;
    fail("argument");
  }
  return value;
}

static int wait_for(pid_t pid) {
  int status;
  while (waitpid(pid, &status, __WALL) < 0) {
    if (errno != EINTR) fail("wait");
  }
  if (WIFEXITED(status) || WIFSIGNALED(status)) {
    errno = ESRCH;
    fail("a process ended");
  }
  return status;
}

static void trace(int request, pid_t pid, long argument) {
  if (ptrace(request, pid, 0, argument) != 0) fail("ptrace");
}

static struct user_regs_struct registers_of(pid_t pid) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, 0, &registers) != 0) fail("registers");
  return registers;
}

/* One system call by a stopped process that has just returned from one. */
static long inject(pid_t pid, long call, long a, long b, long c) {
  const struct user_regs_struct before = registers_of(pid);
  struct user_regs_struct registers = before;
  registers.rax = (unsigned long)call;
  registers.orig_rax = (unsigned long)-1;
  registers.rdi = (unsigned long)a;
  registers.rsi = (unsigned long)b;
  registers.rdx = (unsigned long)c;
  registers.r10 = registers.r8 = 0;
  /* Back to the instruction that it has returned from. */
  registers.rip -= 2;
  if (ptrace(PTRACE_SETREGS, pid, 0, &registers) != 0) fail("registers");
  for (int stop = 0; stop < 2; stop++) {
    trace(PTRACE_SYSCALL, pid, 0);
    int status = wait_for(pid);
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      errno = EPROTO;
      fail("an unexpected stop");
    }
  }
  const long result = (long)registers_of(pid).rax;
  if (ptrace(PTRACE_SETREGS, pid, 0, &before) != 0) fail("registers");
  return result;
}

static void must(long result, const char *what) {
  if (result >= 0) return;
  errno = (int)-result;
  fail(what);
}

static void write_file(const char *name, const char *text) {
  const int file = open(name, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text)) fail(name);
  close(file);
}

static int open_namespace(pid_t pid, const char *kind) {
  char name[64];
  snprintf(name, sizeof name, "/proc/%d/ns/%s", pid, kind);
  const int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(name);
  return file;
}

/* The template's next fork, and no other system call, becomes one into namespaces of its own. */
static pid_t fork_of(pid_t template) {
  pid_t made = 0;
  for (;;) {
    trace(PTRACE_SYSCALL, template, 0);
    const int status = wait_for(template);
    if (status >> 16 == PTRACE_EVENT_STOP) continue;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      errno = EPROTO;
      fail("the template was interrupted");
    }
    struct user_regs_struct registers = registers_of(template);
    if (registers.rax != (unsigned long)-ENOSYS) continue;
    if (registers.orig_rax != SYS_clone) continue;
    const unsigned long asked = registers.rdi;
    if (asked != plain_fork) {
      errno = EPERM;
      fail("the template asked for something else");
    }
    registers.rdi = asked | own_namespaces;
    /* EXITKILL with it: without its tracer the template must not go on with this call. */
    if (ptrace(PTRACE_SETOPTIONS, template, 0, trace_options | SUSPEND_SECCOMP) != 0) fail("the filter cannot be suspended");
    if (ptrace(PTRACE_SETREGS, template, 0, &registers) != 0) fail("registers");
    for (;;) {
      trace(PTRACE_SYSCALL, template, 0);
      const int event = wait_for(template);
      if (event >> 16 == PTRACE_EVENT_FORK) {
        unsigned long message;
        if (ptrace(PTRACE_GETEVENTMSG, template, 0, &message) != 0) fail("ptrace");
        made = child = (pid_t)message;
        continue;
      }
      if (WSTOPSIG(event) == (SIGTRAP | 0x80)) break;
    }
    trace(PTRACE_SETOPTIONS, template, trace_options & ~PTRACE_O_EXITKILL);
    registers = registers_of(template);
    const long result = (long)registers.rax;
    registers.rdi = asked;
    if (ptrace(PTRACE_SETREGS, template, 0, &registers) != 0) fail("registers");
    if (made == 0) {
      errno = result < 0 ? (int)-result : EPROTO;
      fail("the template could not fork");
    }
    return made;
  }
}

/* From nobody with all capabilities over its own namespaces to another nobody with none. */
static void confine(pid_t pid, long uid, long inner) {
  char name[64], map[64];
  snprintf(map, sizeof map, "%ld %ld 1\n", inner, uid);
  for (int is_group = 0; is_group < 2; is_group++) {
    snprintf(name, sizeof name, "/proc/%d/%s", pid, is_group ? "gid_map" : "uid_map");
    write_file(name, map);
  }
  must(inject(pid, SYS_setgroups, 0, 0, 0), "groups");
  must(inject(pid, SYS_setresgid, inner, inner, inner), "group");
  must(inject(pid, SYS_setresuid, inner, inner, inner), "user");
  for (int capability = 0; capability < CAPABILITIES; capability++) {
    if (inject(pid, SYS_prctl, PR_CAPBSET_DROP, capability, 0) < 0) break;
  }
  /* Below the red zone of its stack. */
  const unsigned long at = (registers_of(pid).rsp - 1024) & ~15ul;
  uint32_t words[2 + 6] = {CAPABILITY_VERSION};
  struct iovec from = {words, sizeof words}, to = {(void *)at, sizeof words};
  if (process_vm_writev(pid, &from, 1, &to, 1, 0) != sizeof words) fail("memory");
  must(inject(pid, SYS_capset, (long)at, (long)at + 8, 0), "capabilities");
  must(inject(pid, SYS_prctl, PR_SET_DUMPABLE, 1, 0), "dumpable");
}

/* As the kernel says it: nothing is believed of what was done. */
static void check(pid_t pid, long uid) {
  char name[64], text[8192], line[64];
  snprintf(name, sizeof name, "/proc/%d/status", pid);
  const int file = open(name, O_RDONLY | O_CLOEXEC);
  const ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (length <= 0) fail(name);
  close(file);
  text[length] = '\0';
  snprintf(line, sizeof line, "\nUid:\t%ld\t%ld\t%ld\t%ld\n", uid, uid, uid, uid);
  const char *wanted[] = {line, "\nCapInh:\t0000000000000000\n", "\nCapPrm:\t0000000000000000\n", "\nCapEff:\t0000000000000000\n",
                          "\nCapBnd:\t0000000000000000\n", "\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n", "\nSeccomp:\t2\n"};
  for (size_t index = 0; index < sizeof wanted / sizeof *wanted; index++) {
    if (strstr(text, wanted[index]) != NULL) continue;
    errno = EPERM;
    fail(wanted[index]);
  }
}

static void cover(const char *path) {
  const int tree = (int)syscall(OPEN_TREE, AT_FDCWD, path, 1 | O_CLOEXEC);
  const uint64_t attributes[4] = {1 | 2 | 4};
  if (tree < 0) return;
  if (syscall(MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, attributes, sizeof attributes) != 0 || syscall(MOVE_MOUNT, tree, "", AT_FDCWD, path, 4) != 0) _exit(errno);
  close(tree);
}

/* /proc shows the processes of whoever mounts it, so a grandchild inside does. The parts that bubblewrap covers are covered. */
static int mount_proc(pid_t pid, int mounts) {
  const int processes = open_namespace(pid, "pid");
  if (setns(processes, CLONE_NEWPID) != 0) return errno;
  const pid_t inside = fork();
  if (inside < 0) return errno;
  if (inside == 0) {
    const int context = (int)syscall(FSOPEN, "proc", 1);
    if (context < 0 || syscall(FSCONFIG, context, 6, NULL, NULL, 0) != 0) _exit(errno);
    const int tree = (int)syscall(FSMOUNT, context, 1, 2 | 4 | 8);
    if (tree < 0 || setns(mounts, CLONE_NEWNS) != 0 || syscall(MOVE_MOUNT, tree, "", AT_FDCWD, "/proc", 4) != 0) _exit(errno);
    const char *covered[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"};
    for (size_t index = 0; index < sizeof covered / sizeof *covered; index++) cover(covered[index]);
    _exit(0);
  }
  int status;
  while (waitpid(inside, &status, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static pid_t start(void) {
  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) alarm(SECONDS_MAX);
  return pid;
}

static void finish(pid_t pid, const char *what) {
  int status;
  while (waitpid(pid, &status, __WALL) < 0) {
    if (errno != EINTR) fail(what);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  fail(what);
}

static int listen_in(int network) {
  if (setns(network, CLONE_NEWNET) != 0) fail("network");
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  if (control < 0 || ioctl(control, SIOCSIFFLAGS, &loopback) != 0) fail("loopback");
  close(control);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0haneul-restore"};
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 15) != 0 || listen(listener, 1) != 0) fail("listen");
  return listener;
}

static void hand_over(int listener) {
  struct pollfd wait = {listener, POLLIN, 0};
  if (poll(&wait, 1, SECONDS_MAX * 1000) != 1) fail("the child did not ask for its descriptors");
  const int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (peer < 0) fail("accept");
  const int descriptors[4] = {1, 2, 3, 4};
  char control[CMSG_SPACE(sizeof descriptors)] = {0};
  struct iovec part = {"1", 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptors);
  memcpy(CMSG_DATA(header), descriptors, sizeof descriptors);
  if (sendmsg(peer, &message, MSG_NOSIGNAL) != 1) fail("descriptors");
  close(peer);
  close(listener);
  for (int descriptor = 1; descriptor <= 4; descriptor++) close(descriptor);
}

/* The last field but none of interest of a process that nobody has collected yet: its wait status. */
static int exit_code_of(pid_t pid) {
  char name[64], text[2048];
  snprintf(name, sizeof name, "/proc/%d/stat", pid);
  const int file = open(name, O_RDONLY | O_CLOEXEC);
  const ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (length <= 0) return 128 + SIGKILL;
  text[length] = '\0';
  const char *last = strrchr(text, ' ');
  const int status = last == NULL ? SIGKILL : atoi(last);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  if (argc < 5) return 64;
  const pid_t template = (pid_t)number(argv[1]);
  const long uid = number(argv[2]), inner = number(argv[3]);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  const int held = (int)syscall(PIDFD_OPEN, template, 0);
  if (held < 0) fail("template");
  trace(PTRACE_SEIZE, template, trace_options & ~PTRACE_O_EXITKILL);
  trace(PTRACE_INTERRUPT, template, 0);
  wait_for(template);
  if (dprintf(INFO_FD, "watching\n") < 0) fail("the server has gone");
  fork_of(template);
  wait_for(child);
  confine(child, uid, inner);
  check(child, uid);
  const int mounts = open_namespace(child, "mnt"), network = open_namespace(child, "net");
  const pid_t joining = start();
  if (joining == 0) {
    char text[32];
    snprintf(text, sizeof text, "%d\n", child);
    for (int index = 5; index < argc; index++) write_file(argv[index], text);
    _exit(0);
  }
  const pid_t proc = start();
  if (proc == 0) _exit(mount_proc(child, mounts));
  pid_t tmp = 0;
  if (argv[4][0] != '\0' && (tmp = start()) == 0) {
    const struct placement placement = {"", "", argv[4]};
    _exit(place(mounts, &placement));
  }
  const int listener = listen_in(network);
  finish(joining, "limits");
  finish(proc, "/proc");
  if (tmp > 0) finish(tmp, "/tmp");
  const int ending = (int)syscall(PIDFD_OPEN, child, 0);
  if (ending < 0) fail("child");
  close(mounts);
  close(network);
  close(held);
  trace(PTRACE_DETACH, child, 0);
  trace(PTRACE_DETACH, template, 0);
  hand_over(listener);
  if (dprintf(INFO_FD, "%d\n", child) < 0) fail("the server has gone");
  close(INFO_FD);
  struct pollfd wait = {ending, POLLIN, 0};
  while (poll(&wait, 1, -1) != 1) {
    if (errno != EINTR) fail("poll");
  }
  _exit(exit_code_of(child));
}
