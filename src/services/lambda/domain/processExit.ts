import type { ProcessExit } from '../../../sandbox/types.ts';

// How Go, in which AWS's supervisor is written, names the signals (os.ProcessState); others are named by number there too.
const signalTexts: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
};

/** What AWS says about a runtime process that ended on its own. */
export function describeExit(exit: ProcessExit): string {
  // The kernel's out-of-memory killer is reported to the caller as a plain kill; only the REPORT line names it.
  if (exit.outOfMemory) return 'Runtime exited with error: signal: killed';
  if (exit.signal !== undefined) return `Runtime exited with error: signal: ${signalTexts[exit.signal] ?? exit.signal}`;
  if (exit.code === 0 || exit.code === undefined) return 'Runtime exited without providing a reason';
  return `Runtime exited with error: exit status ${exit.code}`;
}

/** The error type of the REPORT line. */
export const exitErrorType = (exit: ProcessExit): string => (exit.outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError');
