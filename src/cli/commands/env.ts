import { basename } from 'node:path';
import { defaultOptions } from '../../server/options.ts';
import type { SigningCredentials } from '../../wire/sigv4.ts';
import { defineCommand } from '../command.ts';
import { administratorKey } from '../credentials.ts';
import { exitCodes } from '../exitCodes.ts';
import { fetchHealth, locateServer, locationOptions, NotRunningError, type ServerLocation } from '../serverConnection.ts';
import type { Terminal } from '../terminal.ts';

const shells = ['sh', 'fish', 'powershell', 'json'] as const;
type Shell = (typeof shells)[number];

export const envCommand = defineCommand({
  name: 'env',
  summary: 'print the variables that point AWS tools at the server',
  options: {
    ...locationOptions,
    shell: { type: 'string', choices: shells, summary: 'the syntax (default: that of $SHELL)' },
    region: { type: 'string', placeholder: 'REGION', summary: `the region to work in (default ${defaultOptions.region})` },
    account: { type: 'string', placeholder: 'ACCOUNT', summary: 'a 12-digit account to work in' },
  },
  examples: ['eval "$(npx haneul env)"', 'npx haneul env --shell fish | source', 'npx haneul env --shell powershell | Out-String | Invoke-Expression'],
  notes: ['What points at the real AWS is unset, in that shell only: AWS_PROFILE, AWS_SESSION_TOKEN, endpoints of single services.'],
  async run({ options, terminal }) {
    const location = locateServer(terminal, options, { environment: false });
    await warnWhenSilent(location, terminal);
    const { accessKeyId, secretAccessKey } = options.account === undefined ? keyFor(location) : { accessKeyId: options.account, secretAccessKey: 'test' };
    const region = options.region ?? defaultOptions.region;
    const variables = {
      AWS_ENDPOINT_URL: location.endpoint,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      // Some clients would prepend "stream-" and the like to the host name.
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
      ...Object.fromEntries(misleading(terminal).map((name) => [name, undefined])),
    };
    for (const line of formatVariables(variables, options.shell ?? guessShell(terminal))) terminal.print(line);
    return exitCodes.done;
  },
});

/** The lines that set variables, and unset those that are undefined, in one shell's syntax. */
export function formatVariables(variables: Readonly<Record<string, string | undefined>>, shell: Shell): string[] {
  if (shell === 'json') return JSON.stringify(variables, (_, value: unknown) => value ?? null, 2).split('\n');
  return Object.entries(variables).map(([name, value]) => {
    if (shell === 'fish') return value === undefined ? `set -e ${name};` : `set -gx ${name} ${quoteFish(value)};`;
    if (shell === 'powershell') return value === undefined ? `$Env:${name} = $null` : `$Env:${name} = '${value.replaceAll("'", "''")}'`;
    return value === undefined ? `unset ${name}` : `export ${name}=${quoteSh(value)}`;
  });
}

function quoteSh(value: string): string {
  return /^[\w.:/@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

function quoteFish(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function guessShell(terminal: Terminal): Shell {
  return basename(terminal.environment['SHELL'] ?? '') === 'fish' ? 'fish' : 'sh';
}

// What would win over the variables above and send a command to the real AWS (AWS CLI user guide, "Using endpoints").
function misleading({ environment }: Terminal): string[] {
  const perService = Object.keys(environment).filter((name) => name.startsWith('AWS_ENDPOINT_URL_'));
  return ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', ...perService];
}

// A server in memory, or elsewhere, may have left no key here: then any key will do, or the user brings one.
function keyFor(location: ServerLocation): SigningCredentials {
  return location.source === 'data folder' ? administratorKey(location) : { accessKeyId: 'test', secretAccessKey: 'test' };
}

// On standard error, where `eval "$(…)"` lets it through to the person.
async function warnWhenSilent(location: ServerLocation, terminal: Terminal): Promise<void> {
  try {
    // With the key that is printed, not with one from an earlier `haneul env`, which this server may not know.
    await fetchHealth(location, { ...terminal, environment: {} });
  } catch (error) {
    if (!(error instanceof NotRunningError)) throw error;
    terminal.note(`${terminal.noteStyle.warning('haneul:')} ${error.message} ${error.hint ?? ''}`);
  }
}
