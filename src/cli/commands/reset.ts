import { UserFacingError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { UsageError } from '../parseCommandLine.ts';
import { withProgress } from '../progress.ts';
import { callControl, fetchHealth, locateServer, locationOptions } from '../serverConnection.ts';

export const resetCommand = defineCommand({
  name: 'reset',
  summary: 'delete everything the running server holds',
  options: {
    ...locationOptions,
    yes: { type: 'boolean', summary: 'do not ask' },
  },
  notes: ['Functions, roles, logs and data of every account and region are deleted. There is no way back.'],
  examples: ['npx haneul reset', 'npx haneul reset --yes'],
  async run({ options, terminal }) {
    const location = locateServer(terminal, options);
    const health = await fetchHealth(location, terminal);
    if (!options.yes) {
      const where = health.dataFolder ?? 'in memory';
      if (!terminal.interactive) throw new UsageError('haneul reset deletes everything and nobody can be asked here.', 'Say so: npx haneul reset --yes');
      const agreed = await terminal.confirm(`Delete everything on ${location.endpoint} (${where})?`);
      if (!agreed) {
        terminal.note('Nothing was deleted.');
        return exitCodes.failed;
      }
    }
    const answer = await withProgress(terminal, 'deleting', () => callControl(location, terminal, 'POST', '/_haneul/reset'));
    if (answer.status >= 300) throw new UserFacingError(`The server refused (HTTP ${answer.status}): ${answer.body.toString('utf8').slice(0, 200)}`);
    terminal.print(`Everything on ${location.endpoint} is deleted.`);
    return exitCodes.done;
  },
});
