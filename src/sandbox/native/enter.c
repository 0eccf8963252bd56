/* Inside the sandbox, as its first program: from root without privileges to nobody with fewer, then the runtime. */
#define _GNU_SOURCE
#include "enter.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/capability.h: two words each of effective, permitted and inheritable. */
enum { CAPABILITY_VERSION = 0x20080522 };

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "haneul: %s: %s\n", what, strerror(errno));
  _exit(126);
}

static unsigned long number(const char *text, unsigned long maximum) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value > maximum) {
    errno = EINVAL;
    fail("argument");
  }
  return value;
}

static void limit(int resource, rlim_t value) {
  const struct rlimit both = {value, value};
  if (setrlimit(resource, &both) != 0) fail("setrlimit");
}

static void leave_root(uid_t uid) {
  /* The bounding set first: it takes a capability (SETPCAP) that goes with the change of user. */
  for (int capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) < 0) break;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) fail("bounding set");
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) fail("ambient set");
  if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0) fail("user");
  const struct {
    uint32_t version;
    int pid;
  } header = {CAPABILITY_VERSION, 0};
  static const uint32_t none[6];
  if (syscall(SYS_capset, &header, none) != 0) fail("capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no new privileges");
  uid_t real, effective, saved;
  if (getresuid(&real, &effective, &saved) != 0 || real != uid || effective != uid || saved != uid || setuid(0) == 0) {
    errno = EPERM;
    fail("root was not left");
  }
}

static void read_whole(int fd, char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t count = read(fd, bytes + done, length - done);
    if (count < 0 && errno == EINTR) continue;
    /* The server has gone: there is nobody to work for. */
    if (count <= 0) _exit(1);
    done += (size_t)count;
  }
}

/* What to run is only told now: a 32-bit length, then NUL-terminated strings: folder, number of arguments, program and arguments, NAME=VALUE… */
static _Noreturn void start(void) {
  uint32_t length;
  read_whole(ENTERED_FD, (char *)&length, sizeof length);
  char *body = length == 0 || length > START_BYTES_MAX ? NULL : malloc(length);
  char **strings = calloc(START_STRINGS_MAX + 1, sizeof *strings);
  errno = EINVAL;
  if (body == NULL || strings == NULL) fail("start");
  read_whole(ENTERED_FD, body, length);
  close(ENTERED_FD);
  if (body[length - 1] != '\0') fail("start");
  size_t count = 0;
  for (size_t at = 0; at < length; at += strlen(body + at) + 1) {
    if (count == START_STRINGS_MAX) fail("start");
    strings[count++] = body + at;
  }
  const size_t arguments = count < 3 ? 0 : number(strings[1], START_STRINGS_MAX);
  if (arguments == 0 || arguments > count - 2) fail("start");
  char **command = calloc(arguments + 1, sizeof *command);
  if (command == NULL) fail("start");
  memcpy(command, strings + 2, arguments * sizeof *command);
  if (chdir(strings[0]) != 0) fail(strings[0]);
  execve(command[0], command, strings + 2 + arguments);
  fail(command[0]);
}

int enter(int argc, char **argv) {
  extern char **environ;
  const uid_t uid = (uid_t)number(argv[0], 0x7ffffffe);
  const rlim_t processes = number(argv[1], 1u << 20), files = number(argv[2], 1u << 20);
  const int is_late = strcmp(argv[3], "start") == 0;
  if (uid == 0 || (!is_late && strcmp(argv[3], "run") != 0) || strcmp(argv[4], "--") != 0 || (!is_late && argc < 6)) {
    errno = EINVAL;
    fail("argument");
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, files);
  limit(RLIMIT_NPROC, processes);
  leave_root(uid);
  if (write(ENTERED_FD, "1", 1) != 1) fail("the server has gone");
  if (is_late) start();
  close(ENTERED_FD);
  execve(argv[5], argv + 5, environ);
  fail(argv[5]);
}
