import { UserFacingError } from '../../base/errors.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { callControl, fetchHealth, locateServer, locationOptions, parseJson } from '../serverConnection.ts';

interface Report {
  readonly arn?: string;
  readonly services?: readonly {
    readonly service?: string;
    readonly name?: string;
    readonly used?: readonly { readonly action?: string; readonly lastUsed?: string }[];
    readonly neverUsed?: readonly string[];
  }[];
}

export const accessReportCommand = defineCommand({
  name: 'access-report',
  summary: 'tell which of the actions that a role may use it has used, and which never',
  operands: ['ROLE'],
  options: {
    ...locationOptions,
    json: { type: 'boolean', summary: 'print what the server says as JSON' },
  },
  examples: ['npx haneul access-report my-function-role', 'npx haneul access-report arn:aws:iam::000000000000:user/ann'],
  notes: [
    'ROLE is the name of a role in the default account, or the ARN of a role or user. An action counts as used when it was asked',
    'for, whether it was allowed or not. The same figures: aws iam generate-service-last-accessed-details.',
  ],
  async run({ options, operands: [name = ''], terminal }) {
    const location = locateServer(terminal, options);
    await fetchHealth(location, terminal);
    const answer = await callControl(location, terminal, 'GET', `/_haneul/access-report?principal=${encodeURIComponent(name)}`);
    if (answer.status === 404) throw new UserFacingError(`There is no user or role ${name}.`);
    if (answer.status !== 200) throw new UserFacingError(`The server refused (HTTP ${answer.status}): ${answer.body.toString('utf8').slice(0, 200)}`);
    if (options.json) {
      terminal.print(answer.body.toString('utf8').trimEnd());
      return exitCodes.done;
    }
    const { arn = name, services = [] } = (parseJson(answer.body) ?? {}) as Report;
    terminal.print(terminal.style.bold(arn));
    if (services.length === 0) terminal.print('  Its policies allow nothing.');
    for (const { service = '', name: fullName = '', used = [], neverUsed = [] } of services) {
      terminal.print('');
      terminal.print(`${terminal.style.bold(service)}  ${fullName}: ${used.length} of ${used.length + neverUsed.length} allowed actions used`);
      for (const { action = '', lastUsed = '' } of used) terminal.print(`  ${terminal.style.good('used')}   ${action}  ${terminal.style.dim(lastUsed)}`);
      for (const line of shorten(neverUsed)) terminal.print(`  ${terminal.style.warning('never')}  ${line}`);
    }
    return exitCodes.done;
  },
});

const actionsShown = 20;

// A wildcard can allow hundreds: --json lists them all.
function shorten(actions: readonly string[]): readonly string[] {
  if (actions.length <= actionsShown) return actions;
  return [...actions.slice(0, actionsShown), `… and ${actions.length - actionsShown} more (--json lists all)`];
}
