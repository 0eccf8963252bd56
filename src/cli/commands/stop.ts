import { UserFacingError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { pause } from '../pause.ts';
import { withProgress } from '../progress.ts';
import { callControl, fetchHealth, isAlive, locateServer, locationOptions, NotRunningError, type ServerLocation } from '../serverConnection.ts';
import type { Terminal } from '../terminal.ts';

// Requests under way get ten seconds, and functions a moment more (server/limits.ts, drainMs).
const stopMsMax = 30_000;
const pollMs = 100;

export const stopCommand = defineCommand({
  name: 'stop',
  summary: 'stop the running server after the requests under way',
  options: locationOptions,
  async run({ options, terminal }) {
    const location = locateServer(terminal, options);
    await fetchHealth(location, terminal);
    const answer = await callControl(location, terminal, 'POST', '/_haneul/stop');
    if (answer.status >= 300) {
      throw new UserFacingError(`The server refused to stop (HTTP ${answer.status}): ${answer.body.toString('utf8').slice(0, 200)}`);
    }
    const stopped = await withProgress(terminal, 'waiting for requests under way', () => waitUntilGone(location, terminal));
    if (!stopped) {
      const kill = location.pid === undefined ? '' : `To end it at once: kill -9 ${location.pid}`;
      throw new UserFacingError(`The server has not stopped within ${stopMsMax / 1000} s.`, kill === '' ? undefined : kill);
    }
    terminal.print(`Stopped ${location.endpoint}.`);
    return exitCodes.done;
  },
});

async function waitUntilGone(location: ServerLocation, terminal: Terminal): Promise<boolean> {
  const deadlineMs = terminal.clock.now() + stopMsMax;
  while (terminal.clock.now() < deadlineMs) {
    if (location.pid === undefined ? await isSilent(location, terminal) : !isAlive(location.pid)) return true;
    await pause(terminal.clock, pollMs);
  }
  return false;
}

async function isSilent(location: ServerLocation, terminal: Terminal): Promise<boolean> {
  try {
    await callControl(location, terminal, 'GET', '/_haneul/health');
    return false;
  } catch (error) {
    return error instanceof NotRunningError;
  }
}
