// What scripts may rely on; `haneul help` prints this table.
export const exitCodes = {
  done: 0,
  /** What was asked for failed: the message says why. */
  failed: 1,
  /** The command line itself was wrong. */
  usage: 2,
  /** No Haneul server answers. */
  notRunning: 3,
  /** A second Ctrl-C cut the shutdown short (128 + SIGINT, as shells count). */
  interrupted: 130,
} as const;
