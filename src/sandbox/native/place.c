/* Changes to a running sandbox: mounts that arrive late, and a socket that listens inside. */
#define _GNU_SOURCE
#include "place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The numbers are the same on x86-64 and arm64; the C library's headers may be older than the calls. */
enum { OPEN_TREE = 428, MOVE_MOUNT = 429, FSOPEN = 430, FSCONFIG = 431, FSMOUNT = 432, OPENAT2 = 437, MOUNT_SETATTR = 442 };

struct how {
  uint64_t flags, mode, resolve;
};
enum { NO_MAGICLINKS = 2, NO_SYMLINKS = 4 };

struct attributes {
  uint64_t set, clear, propagation, userns;
};
enum { READ_ONLY = 1, NO_SUID = 2, NO_DEV = 4 };

enum { CLONE_TREE = 1, TREE_CLOEXEC = O_CLOEXEC };
enum { FROM_EMPTY_PATH = 4 };
enum { SET_STRING = 1, CREATE = 6 };

/* linux/loop.h */
struct loop_information {
  uint64_t device, inode, rdevice, offset, size_limit;
  uint32_t number, encrypt_type, encrypt_key_size, flags;
  uint8_t file_name[64], crypt_name[64], encrypt_key[32];
  uint64_t init[2];
};
struct loop_configuration {
  uint32_t fd, block_size;
  struct loop_information information;
  uint64_t reserved[8];
};
enum { LOOP_CONFIGURE = 0x4c0a, LOOP_GET_FREE = 0x4c82, AUTOCLEAR = 4 };

static int open_host(const char *path, uint64_t flags) {
  /* The server sends real paths: a link in one means that it was replaced meanwhile. */
  const struct how how = {flags | O_CLOEXEC, 0, NO_SYMLINKS | NO_MAGICLINKS};
  return (int)syscall(OPENAT2, AT_FDCWD, path, &how, sizeof how);
}

/* A read-only copy of the mount of a host folder, not attached anywhere; -1 with errno. */
static int detached_folder(const char *path) {
  const int folder = open_host(path, O_PATH | O_DIRECTORY);
  if (folder < 0) return -1;
  const int tree = (int)syscall(OPEN_TREE, folder, "", CLONE_TREE | TREE_CLOEXEC | AT_EMPTY_PATH);
  if (tree < 0) return -1;
  const struct attributes attributes = {READ_ONLY | NO_SUID | NO_DEV, 0, 0, 0};
  if (syscall(MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) return -1;
  return tree;
}

static int copy_sparse(int from, int to, off_t size) {
  if (ftruncate(to, size) != 0) return -1;
  static char buffer[1 << 16];
  for (off_t at = 0; (at = lseek(from, at, SEEK_DATA)) >= 0;) {
    off_t end = lseek(from, at, SEEK_HOLE);
    while (at < end) {
      ssize_t got = pread(from, buffer, (size_t)(end - at < (off_t)sizeof buffer ? end - at : (off_t)sizeof buffer), at);
      if (got <= 0 || pwrite(to, buffer, (size_t)got, at) != got) return -1;
      at += got;
    }
  }
  /* Past the last data. */
  return errno == ENXIO ? 0 : -1;
}

/* A file without a name beside the template: nothing is left of it when its mount goes. */
static int private_copy(const char *template) {
  const int from = open_host(template, O_RDONLY);
  struct stat found;
  if (from < 0 || fstat(from, &found) != 0) return -1;
  if (!S_ISREG(found.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  char folder[4096];
  snprintf(folder, sizeof folder, "%s", template);
  *strrchr(folder, '/') = '\0';
  int to = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (to < 0) {
    /* Not every file system has nameless files. */
    char name[4096 + 8];
    snprintf(name, sizeof name, "%s/XXXXXX", folder);
    to = mkostemp(name, O_CLOEXEC);
    if (to < 0 || unlink(name) != 0) return -1;
  }
  return copy_sparse(from, to, found.st_size) == 0 ? to : -1;
}

static int attach_loop(int file, char *device, size_t length) {
  const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return -1;
  struct loop_configuration configuration = {.fd = (uint32_t)file, .information = {.flags = AUTOCLEAR}};
  for (int tries = 0; tries < 64; tries++) {
    const int number = ioctl(control, LOOP_GET_FREE);
    if (number < 0) return -1;
    snprintf(device, length, "/dev/loop%d", number);
    const int loop = open(device, O_RDWR | O_CLOEXEC);
    if (loop < 0) return -1;
    if (ioctl(loop, LOOP_CONFIGURE, &configuration) == 0) return loop;
    /* Somebody else took it between the two calls. */
    if (errno != EBUSY) return -1;
    close(loop);
  }
  errno = EBUSY;
  return -1;
}

static int detached_image(const char *template) {
  char device[32];
  const int file = private_copy(template);
  if (file < 0) return -1;
  /* Open until the file system holds it: a loop device that nobody has open lets go of its file. */
  if (attach_loop(file, device, sizeof device) < 0) return -1;
  const int context = (int)syscall(FSOPEN, "ext4", 1);
  if (context < 0 || syscall(FSCONFIG, context, SET_STRING, "source", device, 0) != 0) return -1;
  if (syscall(FSCONFIG, context, CREATE, NULL, NULL, 0) != 0) return -1;
  return (int)syscall(FSMOUNT, context, 1, NO_SUID | NO_DEV);
}

static int attach(int tree, const char *target) {
  return (int)syscall(MOVE_MOUNT, tree, "", AT_FDCWD, target, FROM_EMPTY_PATH);
}

int place(int mount_namespace, const struct placement *wanted) {
  const struct {
    const char *path;
    const char *target;
    int (*detach)(const char *);
  } steps[] = {{wanted->code, "/var/task", detached_folder}, {wanted->layers, "/opt", detached_folder}, {wanted->image, "/tmp", detached_image}};
  int trees[3] = {-1, -1, -1};
  for (int step = 0; step < 3; step++) {
    if (steps[step].path[0] == '\0') continue;
    trees[step] = steps[step].detach(steps[step].path);
    if (trees[step] < 0) return errno;
  }
  /* From here on "/" is the sandbox's: read-only, hence without a link that its code could have laid. */
  if (setns(mount_namespace, CLONE_NEWNS) != 0) return errno;
  for (int step = 0; step < 3; step++) {
    if (trees[step] >= 0 && attach(trees[step], steps[step].target) != 0) return errno;
  }
  return 0;
}

int listen_inside(int network_namespace, unsigned port, int *listener) {
  if (setns(network_namespace, CLONE_NEWNET) != 0) return errno;
  const int on = 1;
  const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  *listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (*listener < 0 || setsockopt(*listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  if (bind(*listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(*listener, 128) != 0) return errno;
  return 0;
}
