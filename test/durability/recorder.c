/* Loaded before a program (LD_PRELOAD), this writes down, in one order, what the program does to the files below a folder: opens, writes,
 * truncations, renames, links, removals, syncs, and what it writes to standard output. Each call is made under one lock together with
 * its record, so the order of the records is an order in which the disk may have seen them. A record is written before the call, a
 * sync's after it: what is on record as synced has been.
 *
 * Record: kind (1 byte), file (4), offset (8), flags (4), length (4), then `length` bytes. Numbers are little-endian.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 65536
enum { OPEN = 1, WRITE = 2, TRUNCATE = 3, SYNC = 4, RENAME = 5, LINK = 6, UNLINK = 7, SAID = 8 };
enum { CREATED = 1, FOLDER = 2, SYNCED = 4, CUT = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static char root[PATH_MAX];
static uint32_t next_file = 1;
static uint32_t files[FDS];
static uint8_t synced[FDS];

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("HANEUL_RECORD_LOG"), *folder = getenv("HANEUL_RECORD_ROOT");
  if (!path || !folder || strlen(folder) >= sizeof root) return;
  strcpy(root, folder);
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  /* Out of the way of those that close low descriptors. */
  log_fd = syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900);
  syscall(SYS_close, fd);
}

static void put(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t done = syscall(SYS_write, log_fd, at, length);
    if (done <= 0) _exit(97);
    at += done;
    length -= done;
  }
}

static void note(uint8_t kind, uint32_t file, uint64_t offset, uint32_t flags, const void *bytes, uint32_t length) {
  unsigned char head[21];
  head[0] = kind;
  memcpy(head + 1, &file, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &flags, 4);
  memcpy(head + 17, &length, 4);
  put(head, sizeof head);
  put(bytes, length);
}

static int inside(const char *path) { return log_fd >= 0 && path && strncmp(path, root, strlen(root)) == 0; }
static uint32_t file_of(int fd) { return log_fd >= 0 && fd >= 0 && fd < FDS ? files[fd] : 0; }

static int open_recorded(int at, const char *path, int flags, mode_t mode) {
  if (!inside(path)) return syscall(SYS_openat, at, path, flags, mode);
  pthread_mutex_lock(&lock);
  struct stat status;
  int existed = stat(path, &status) == 0;
  int fd = syscall(SYS_openat, at, path, flags, mode);
  int error = errno;
  if (fd >= 0 && fd < FDS && fstat(fd, &status) == 0) {
    files[fd] = next_file++;
    synced[fd] = (flags & O_DSYNC) != 0;
    uint32_t what = (existed ? 0 : CREATED) | (S_ISDIR(status.st_mode) ? FOLDER : 0) | ((flags & O_TRUNC) ? CUT : 0);
    note(OPEN, files[fd], 0, what, path, strlen(path));
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define OPENER(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return open_recorded(AT_FDCWD, path, flags, mode); \
  }
OPENER(open)
OPENER(open64)

#define OPENER_AT(name) \
  int name(int at, const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return open_recorded(at, path, flags, mode); \
  }
OPENER_AT(openat)
OPENER_AT(openat64)

int close(int fd) {
  if (file_of(fd)) {
    pthread_mutex_lock(&lock);
    files[fd] = 0;
    pthread_mutex_unlock(&lock);
  }
  return syscall(SYS_close, fd);
}

static void note_vector(int fd, const struct iovec *pieces, int count, off_t offset) {
  for (int piece = 0; piece < count; piece++) {
    note(WRITE, files[fd], offset, synced[fd] ? SYNCED : 0, pieces[piece].iov_base, pieces[piece].iov_len);
    offset += pieces[piece].iov_len;
  }
}

/* A write at the descriptor's own place; with O_APPEND that is the end. */
static off_t place_of(int fd) {
  int append = fcntl(fd, F_GETFL) & O_APPEND;
  return lseek(fd, 0, append ? SEEK_END : SEEK_CUR);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  if (!file_of(fd)) return syscall(SYS_writev, fd, pieces, count);
  pthread_mutex_lock(&lock);
  note_vector(fd, pieces, count, place_of(fd));
  ssize_t done = syscall(SYS_writev, fd, pieces, count);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (fd == 1 && log_fd >= 0) {
    pthread_mutex_lock(&lock);
    note(SAID, 0, 0, 0, bytes, length);
    pthread_mutex_unlock(&lock);
  }
  if (!file_of(fd)) return syscall(SYS_write, fd, bytes, length);
  struct iovec piece = {(void *)bytes, length};
  pthread_mutex_lock(&lock);
  note_vector(fd, &piece, 1, place_of(fd));
  ssize_t done = syscall(SYS_write, fd, bytes, length);
  pthread_mutex_unlock(&lock);
  return done;
}

static ssize_t pwrite_recorded(int fd, const void *bytes, size_t length, off_t offset) {
  if (!file_of(fd)) return syscall(SYS_pwrite64, fd, bytes, length, offset);
  struct iovec piece = {(void *)bytes, length};
  pthread_mutex_lock(&lock);
  note_vector(fd, &piece, 1, offset);
  ssize_t done = syscall(SYS_pwrite64, fd, bytes, length, offset);
  pthread_mutex_unlock(&lock);
  return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite_recorded(fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return pwrite_recorded(fd, bytes, length, offset); }

static ssize_t pwritev_recorded(int fd, const struct iovec *pieces, int count, off_t offset) {
  if (file_of(fd)) {
    pthread_mutex_lock(&lock);
    note_vector(fd, pieces, count, offset);
    ssize_t done = syscall(SYS_pwritev, fd, pieces, count, (long)offset, (long)(offset >> 32));
    pthread_mutex_unlock(&lock);
    return done;
  }
  return syscall(SYS_pwritev, fd, pieces, count, (long)offset, (long)(offset >> 32));
}
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) { return pwritev_recorded(fd, pieces, count, offset); }
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) { return pwritev_recorded(fd, pieces, count, offset); }

static int truncate_recorded(int fd, off_t length) {
  if (!file_of(fd)) return syscall(SYS_ftruncate, fd, length);
  pthread_mutex_lock(&lock);
  note(TRUNCATE, files[fd], length, 0, "", 0);
  int done = syscall(SYS_ftruncate, fd, length);
  pthread_mutex_unlock(&lock);
  return done;
}
int ftruncate(int fd, off_t length) { return truncate_recorded(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncate_recorded(fd, length); }

static int sync_recorded(long call, int fd) {
  if (!file_of(fd)) return syscall(call, fd);
  pthread_mutex_lock(&lock);
  int done = syscall(call, fd);
  if (done == 0) note(SYNC, files[fd], 0, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return done;
}
int fsync(int fd) { return sync_recorded(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_recorded(SYS_fdatasync, fd); }

static void note_pair(uint8_t kind, const char *from, const char *to) {
  char both[2 * PATH_MAX];
  size_t length = strlen(from) + 1, rest = strlen(to);
  if (length + rest > sizeof both) _exit(98);
  memcpy(both, from, length);
  memcpy(both + length, to, rest);
  note(kind, 0, 0, 0, both, length + rest);
}

/* What fails has changed nothing, so these are put on record afterwards. */
int rename(const char *from, const char *to) {
  if (!inside(to)) return syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  pthread_mutex_lock(&lock);
  int done = syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  if (done == 0) note_pair(RENAME, from, to);
  pthread_mutex_unlock(&lock);
  return done;
}

int link(const char *from, const char *to) {
  if (!inside(to)) return syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_lock(&lock);
  int done = syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (done == 0) note_pair(LINK, from, to);
  pthread_mutex_unlock(&lock);
  return done;
}

int unlink(const char *path) {
  if (!inside(path)) return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  pthread_mutex_lock(&lock);
  int done = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (done == 0) note(UNLINK, 0, 0, 0, path, strlen(path));
  pthread_mutex_unlock(&lock);
  return done;
}

/* The C library's streams write without calling `write` by name, so those below the folder get streams of our own over a descriptor. */
#define STREAMS 256
static struct { FILE *stream; int fd; } streams[STREAMS];

static ssize_t stream_read(void *cookie, char *bytes, size_t length) { return read((int)(intptr_t)cookie, bytes, length); }
static ssize_t stream_write(void *cookie, const char *bytes, size_t length) {
  ssize_t done = write((int)(intptr_t)cookie, bytes, length);
  return done < 0 ? 0 : done;
}
static int stream_close(void *cookie) {
  int fd = (int)(intptr_t)cookie;
  for (int at = 0; at < STREAMS; at++) if (streams[at].stream && streams[at].fd == fd) streams[at].stream = NULL;
  return close(fd);
}

static FILE *open_stream(const char *path, const char *mode) {
  int access = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  int making = mode[0] == 'w' ? O_CREAT | O_TRUNC : mode[0] == 'a' ? O_CREAT | O_APPEND : 0;
  int fd = open_recorded(AT_FDCWD, path, access | making | O_CLOEXEC, 0666);
  if (fd < 0) return NULL;
  cookie_io_functions_t functions = {stream_read, stream_write, NULL, stream_close};
  FILE *stream = fopencookie((void *)(intptr_t)fd, mode, functions);
  pthread_mutex_lock(&lock);
  int at = 0;
  while (at < STREAMS && streams[at].stream) at++;
  if (at == STREAMS || !stream) _exit(99);
  streams[at].stream = stream;
  streams[at].fd = fd;
  pthread_mutex_unlock(&lock);
  return stream;
}

typedef FILE *(*opener)(const char *, const char *);
FILE *fopen(const char *path, const char *mode) { return inside(path) ? open_stream(path, mode) : ((opener)dlsym(RTLD_NEXT, "fopen"))(path, mode); }
FILE *fopen64(const char *path, const char *mode) { return inside(path) ? open_stream(path, mode) : ((opener)dlsym(RTLD_NEXT, "fopen64"))(path, mode); }

static int descriptor_of(FILE *stream, const char *name) {
  for (int at = 0; at < STREAMS; at++) if (streams[at].stream == stream) return streams[at].fd;
  return ((int (*)(FILE *))dlsym(RTLD_NEXT, name))(stream);
}
int fileno(FILE *stream) { return descriptor_of(stream, "fileno"); }
int fileno_unlocked(FILE *stream) { return descriptor_of(stream, "fileno_unlocked"); }
