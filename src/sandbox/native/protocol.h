/* What the helper and src/sandbox/native/protocol.ts agree on. Numbers are little-endian: both architectures are. */
#ifndef HANEUL_PROTOCOL_H
#define HANEUL_PROTOCOL_H

#include <stdint.h>

/* A request: this header, then `length` bytes of body. A reply: struct reply, nothing more. */
struct request_header {
  uint32_t length;
  uint32_t id;
  uint32_t operation;
};

struct reply {
  uint32_t id;
  /* 0 or an errno. */
  uint32_t error;
  uint32_t value;
};

enum operation {
  /* Body: uint32 process id. Answers the number of the slot. */
  ADOPT = 1,
  /* Body: uint32 slot, then three NUL-terminated absolute paths, any of them empty: code, layers, image of /tmp. */
  PLACE = 2,
  /* Body: uint32 slot, uint32 port. The listening socket leaves over the handle channel, labelled with the request's id. */
  LISTEN = 3,
  /* Body: uint32 slot. */
  RELEASE = 4,
};

/* The descriptors that the server hands over. */
enum { REQUEST_FD = 3, HANDLE_FD = 4 };

/* That of `enter`, a socket: the byte that it sends says that all mounts are made and root is left; `start` reads from it. */
enum { ENTERED_FD = 8 };

enum {
  BODY_BYTES_MAX = 3 * 4096 + 64,
  SLOTS_MAX = 4096,
  WORKERS_MAX = 64,
  /* Seconds that one operation may take. */
  WORKER_SECONDS = 20,
  START_BYTES_MAX = 1 << 20,
  START_STRINGS_MAX = 8192,
};

#endif
