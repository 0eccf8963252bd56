// Starts the helper again when it ends. What it held may be gone with it (it takes its sandboxes along when it can) or run on,
// unheld: the next helper takes hold of what is still there, so that slots stay useful and frozen processes can be woken to die.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { helperRestartMsMax, helperRestartMsMin, helperSteadyMs } from '../limits.ts';
import type { HeldSandbox, Helper } from './openHelper.ts';

export interface SupervisionOptions {
  /** Starts one; `onLost` is called when it ends by itself. */
  readonly open: (onLost: () => void) => Helper;
  readonly wall: Clock;
  readonly log: Logger;
}

/** A sandbox, and the hold that the present helper has of it. */
interface Ward {
  readonly pid: number;
  hold: Promise<HeldSandbox>;
}

/** A helper that outlives the process it is. */
export function superviseHelper({ open, wall, log }: SupervisionOptions): Helper {
  const wards = new Set<Ward>();
  let restartMs = helperRestartMsMin;
  let isClosed = false;
  let openedAtMs = wall.now();
  let cancelRestart: (() => void) | undefined;
  let current = open(onLost);

  function onLost(): void {
    if (isClosed || cancelRestart) return;
    if (wall.now() - openedAtMs >= helperSteadyMs) restartMs = helperRestartMsMin;
    log.warn('the sandbox helper is started again', { inMs: restartMs });
    cancelRestart = wall.at(wall.now() + restartMs, restart);
    restartMs = Math.min(helperRestartMsMax, 2 * restartMs);
  }

  function restart(): void {
    cancelRestart = undefined;
    openedAtMs = wall.now();
    current = open(onLost);
    for (const ward of wards) hold(ward);
  }

  /** What is not there any more, or is lost once more, says so to whoever asks for it. */
  function hold(ward: Ward): void {
    ward.hold = current.adopt(ward.pid);
    ward.hold.catch(() => undefined);
  }

  return {
    get isAlive() {
      return current.isAlive;
    },
    async adopt(pid) {
      const ward: Ward = { pid, hold: current.adopt(pid) };
      await ward.hold;
      wards.add(ward);
      return {
        place: async (paths) => (await ward.hold).place(paths),
        listen: async (port) => (await ward.hold).listen(port),
        async release() {
          wards.delete(ward);
          return await ward.hold.then((held) => held.release(), () => false);
        },
      };
    },
    close() {
      isClosed = true;
      cancelRestart?.();
      current.close();
    },
  };
}
