import { isLoopbackHost } from '../../server/options.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { reportLines, type ServerReport } from '../report.ts';
import { fetchHealth, locateServer, locationOptions, type Health, type ServerLocation } from '../serverConnection.ts';

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'show whether a server runs, and what it guarantees',
  options: {
    ...locationOptions,
    json: { type: 'boolean', summary: 'print what the server says as JSON' },
  },
  examples: ['npx haneul status', 'npx haneul status --json'],
  notes: ['Exit code 3 when no server answers.'],
  async run({ options, terminal }) {
    const location = locateServer(terminal, options);
    const health = await fetchHealth(location, terminal);
    if (options.json) terminal.print(JSON.stringify(health, null, 2));
    else for (const line of reportLines(reportOf(health, location), terminal.style, terminal.columns)) terminal.print(line);
    return exitCodes.done;
  },
});

function reportOf(health: Health, location: ServerLocation): ServerReport {
  return {
    version: health.version ?? 'unknown version',
    endpoint: location.endpoint,
    dataFolder: health.dataFolder ?? undefined,
    auth: health.auth ?? 'local',
    iam: health.iam ?? 'enforce',
    loopback: isLoopbackHost(new URL(health.endpoint ?? location.endpoint).hostname),
    guarantees: health.guarantees ?? [],
    interpreters: health.interpreters ?? [],
  };
}
