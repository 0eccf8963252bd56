import type { RunningServer } from '../server/startServer.ts';
import { exitCodes } from './exitCodes.ts';
import { withProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

// npm passes on the signal that the terminal has already sent to the whole group: what arrives this close is one Ctrl-C.
const sameInterruptMs = 400;

/**
 * Starts a server, shows it, and keeps it until Ctrl-C or until somebody asks it to stop. The first Ctrl-C lets it finish what is
 * under way, also while it is still starting; the second one ends the process at once.
 */
export async function keepRunning(
  terminal: Terminal,
  start: () => Promise<Pick<RunningServer, 'stop' | 'stopped'>>,
  show: () => void,
): Promise<number> {
  const first = deferred();
  let count = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  const ignore = terminal.onInterrupt(() => {
    const nowMs = terminal.clock.now();
    const repeated = nowMs - lastMs < sameInterruptMs;
    lastMs = nowMs;
    if (repeated) return;
    count += 1;
    if (count === 1) first.resolve();
    else {
      terminal.note('haneul: ended at once; what was acknowledged is kept.');
      terminal.exitNow(exitCodes.interrupted);
    }
  });
  try {
    const server = await withProgress(terminal, 'starting', start);
    if (count === 0) show();
    await Promise.race([first.promise, server.stopped]);
    await withProgress(terminal, 'stopping after the requests under way (Ctrl-C again ends at once)', () => server.stop());
    terminal.note('haneul: stopped.');
    return exitCodes.done;
  } finally {
    ignore();
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
