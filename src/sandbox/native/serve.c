/* The resident part: reads requests, keeps the table of adopted sandboxes, and has children do what takes time. */
#define _GNU_SOURCE
#include "serve.h"
#include "place.h"
#include "protocol.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDFD_SEND_SIGNAL = 424, PIDFD_OPEN = 434 };

struct slot {
  int is_used;
  int process, mount, network;
};

struct worker {
  pid_t pid;
  uint32_t request;
};

static struct slot slots[SLOTS_MAX];
static struct worker workers[WORKERS_MAX];
static const char *freezer_folder;
static dev_t own_device;
static ino_t own_mount_namespace;

/* A frozen process of cgroup version 1 ignores even SIGKILL until it is thawed. */
static void thaw_all(void) {
  DIR *folder = freezer_folder[0] == '/' ? opendir(freezer_folder) : NULL;
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.' || entry->d_type != DT_DIR) continue;
    char name[4096];
    if (snprintf(name, sizeof name, "%s/%s/freezer.state", freezer_folder, entry->d_name) >= (int)sizeof name) continue;
    const int state = open(name, O_WRONLY | O_CLOEXEC);
    if (state < 0) continue;
    (void)!write(state, "THAWED", 6);
    close(state);
  }
  closedir(folder);
}

/* The server is gone or talks nonsense: no sandbox may outlive it. */
static _Noreturn void end(int code) {
  for (int index = 0; index < SLOTS_MAX; index++) {
    if (slots[index].is_used) syscall(PIDFD_SEND_SIGNAL, slots[index].process, SIGKILL, NULL, 0);
  }
  thaw_all();
  _exit(code);
}

static _Noreturn void refuse(const char *why) {
  fprintf(stderr, "haneul-helper: %s\n", why);
  end(65);
}

static void answer(uint32_t id, int error, uint32_t value) {
  const struct reply reply = {id, (uint32_t)error, value};
  ssize_t sent;
  do sent = send(REQUEST_FD, &reply, sizeof reply, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent != sizeof reply) end(0);
}

static int open_namespace(uint32_t pid, const char *kind) {
  char name[64];
  snprintf(name, sizeof name, "/proc/%u/ns/%s", pid, kind);
  return open(name, O_RDONLY | O_CLOEXEC);
}

static int is_foreign(int mount_namespace) {
  struct stat found;
  return fstat(mount_namespace, &found) == 0 && (found.st_ino != own_mount_namespace || found.st_dev != own_device);
}

static void release(struct slot *slot) {
  close(slot->process);
  close(slot->mount);
  close(slot->network);
  slot->is_used = 0;
}

static void adopt(uint32_t id, uint32_t pid) {
  struct slot *slot = NULL;
  for (int index = 0; index < SLOTS_MAX && slot == NULL; index++) {
    if (!slots[index].is_used) slot = &slots[index];
  }
  if (slot == NULL) return answer(id, ENFILE, 0);
  if (pid < 2 || pid > 0x7fffffff) return answer(id, EINVAL, 0);
  slot->process = (int)syscall(PIDFD_OPEN, (pid_t)pid, 0);
  if (slot->process < 0) return answer(id, errno, 0);
  slot->mount = open_namespace(pid, "mnt");
  slot->network = open_namespace(pid, "net");
  slot->is_used = 1;
  /* Asked of the process that is held, after the look by number: the number cannot have passed to another one in between. */
  const int is_alive = syscall(PIDFD_SEND_SIGNAL, slot->process, 0, NULL, 0) == 0;
  if (slot->mount < 0 || slot->network < 0 || !is_alive || !is_foreign(slot->mount)) {
    release(slot);
    return answer(id, is_alive ? EPERM : ESRCH, 0);
  }
  answer(id, 0, (uint32_t)(slot - slots));
}

/* The message by which a Node.js process hands a listening socket to its parent. */
static int hand_over(uint32_t id, int listener) {
  char text[96];
  const int length = snprintf(text, sizeof text, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Server\",\"msg\":%u}\n", id);
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {text, (size_t)length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &listener, sizeof listener);
  return sendmsg(HANDLE_FD, &message, MSG_NOSIGNAL) == length ? 0 : errno != 0 ? errno : EIO;
}

static struct slot *find_slot(uint32_t number) {
  return number < SLOTS_MAX && slots[number].is_used ? &slots[number] : NULL;
}

/* Starts a child for a request; 0 in the child, which ends with an errno as its exit code. */
static pid_t start_worker(uint32_t id) {
  struct worker *free_worker = NULL;
  for (int index = 0; index < WORKERS_MAX && free_worker == NULL; index++) {
    if (workers[index].pid == 0) free_worker = &workers[index];
  }
  if (free_worker == NULL) {
    answer(id, EAGAIN, 0);
    return -1;
  }
  const pid_t pid = fork();
  if (pid < 0) answer(id, errno, 0);
  if (pid > 0) *free_worker = (struct worker){pid, id};
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(WORKER_SECONDS);
  }
  return pid;
}

static void reap_workers(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (int index = 0; index < WORKERS_MAX; index++) {
      if (workers[index].pid != pid) continue;
      workers[index].pid = 0;
      answer(workers[index].request, WIFEXITED(status) ? WEXITSTATUS(status) : ETIMEDOUT, 0);
    }
  }
}

/* Exactly `count` NUL-terminated strings; each empty or an absolute path that fits. */
static void split(const char *bytes, size_t length, const char **strings, size_t count) {
  size_t at = 0;
  for (size_t index = 0; index < count; index++) {
    const char *stop = at < length ? memchr(bytes + at, '\0', length - at) : NULL;
    if (stop == NULL) refuse("a string without an end");
    strings[index] = bytes + at;
    if (stop - strings[index] >= 4096 || (strings[index][0] != '\0' && strings[index][0] != '/')) refuse("not an absolute path");
    at = (size_t)(stop - bytes) + 1;
  }
  if (at != length) refuse("bytes after the last string");
}

static void perform(const struct request_header *header, const char *body) {
  uint32_t numbers[2] = {0, 0};
  if (header->operation < ADOPT || header->operation > RELEASE) refuse("an unknown operation");
  const size_t wanted = header->operation == LISTEN ? 8 : 4;
  if (header->length < wanted || (header->operation != PLACE && header->length != wanted)) refuse("a body of the wrong length");
  memcpy(numbers, body, wanted);
  if (header->operation == ADOPT) return adopt(header->id, numbers[0]);
  struct slot *slot = find_slot(numbers[0]);
  struct placement placement;
  if (header->operation == PLACE) {
    const char *paths[3];
    split(body + 4, header->length - 4, paths, 3);
    placement = (struct placement){paths[0], paths[1], paths[2]};
  }
  if (slot == NULL) return answer(header->id, ENOENT, 0);
  switch (header->operation) {
    case PLACE:
      if (start_worker(header->id) == 0) _exit(place(slot->mount, &placement));
      return;
    case LISTEN:
      if (numbers[1] == 0 || numbers[1] > 65535) return answer(header->id, EINVAL, 0);
      if (start_worker(header->id) == 0) {
        int listener = -1;
        const int error = listen_inside(slot->network, numbers[1], &listener);
        _exit(error != 0 ? error : hand_over(header->id, listener));
      }
      return;
    default:
      release(slot);
      return answer(header->id, 0, 0);
  }
}

/* Whole requests only, however they arrive; false at the end of the stream. */
static int read_requests(void) {
  static char buffer[sizeof(struct request_header) + BODY_BYTES_MAX];
  static size_t filled;
  const ssize_t got = recv(REQUEST_FD, buffer + filled, sizeof buffer - filled, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return 0;
  filled += (size_t)got;
  size_t at = 0;
  for (struct request_header header; filled - at >= sizeof header; at += sizeof header + header.length) {
    memcpy(&header, buffer + at, sizeof header);
    if (header.length > BODY_BYTES_MAX) refuse("a body that is too long");
    if (filled - at < sizeof header + header.length) break;
    perform(&header, buffer + at + sizeof header);
  }
  memmove(buffer, buffer + at, filled - at);
  filled -= at;
  return 1;
}

/* What the parent says on the handle channel (acknowledgements) is of no use here. */
static int drain_handles(void) {
  char ignored[4096];
  const ssize_t got = recv(HANDLE_FD, ignored, sizeof ignored, MSG_DONTWAIT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

int serve(const char *freezer) {
  struct stat own;
  freezer_folder = freezer;
  if (stat("/proc/self/ns/mnt", &own) != 0) return 70;
  own_device = own.st_dev;
  own_mount_namespace = own.st_ino;
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGTERM);
  /* A terminal's Ctrl-C reaches the whole group: the server decides when this ends. */
  sigaddset(&watched, SIGINT);
  sigprocmask(SIG_BLOCK, &watched, NULL);
  const int signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return 70;
  fcntl(REQUEST_FD, F_SETFD, FD_CLOEXEC);
  fcntl(HANDLE_FD, F_SETFD, FD_CLOEXEC);
  struct pollfd waits[] = {{REQUEST_FD, POLLIN, 0}, {signals, POLLIN, 0}, {HANDLE_FD, POLLIN, 0}};
  for (;;) {
    if (poll(waits, 3, -1) < 0 && errno != EINTR) return 70;
    struct signalfd_siginfo seen;
    while (read(signals, &seen, sizeof seen) == sizeof seen) {
      if (seen.ssi_signo == SIGTERM) end(0);
    }
    reap_workers();
    if ((waits[0].revents != 0 && !read_requests()) || (waits[2].revents != 0 && !drain_handles())) end(0);
  }
}
