/*
 * The only privileged part of the sandbox that is not Node.js: what Node.js has no system calls for. One program, two uses:
 *
 *   haneul-helper serve FREEZER   started once by the server when it is root. Adopts sandboxes by process id, puts read-only
 *                                 folders and a file system for /tmp into them while they run, and listens inside their network.
 *   haneul-helper enter …         the first program inside a sandbox: leaves root, lowers the limits, tells that the mounts are
 *                                 made, and becomes the runtime. It has no privilege but the one that it gives up.
 *
 * serve trusts the server alone, over an inherited socket without a name. Everything is checked again all the same: a malformed
 * request ends it. Slow or risky work is done by a short-lived child, so that nothing that happens inside a sandbox's mount
 * namespace can keep it from the next request. When the server ends, for whatever reason, it takes every sandbox with it.
 */
#define _GNU_SOURCE
#include "protocol.h"
#include "serve.h"
#include "enter.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "serve") == 0) return serve(argv[2]);
  if (argc >= 7 && strcmp(argv[1], "enter") == 0) return enter(argc - 2, argv + 2);
  fputs("usage: haneul-helper serve FREEZER | haneul-helper enter UID PROCESSES FILES start|run -- [PROGRAM ARGUMENT...]\n", stderr);
  return 64;
}
