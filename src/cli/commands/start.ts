import { UserFacingError } from '../../base/errors.ts';
import { createLogger } from '../../base/log.ts';
import { defaultOptions, isLoopbackHost, type ServerOptions } from '../../server/options.ts';
import { defineCommand, type OptionSpec, type OptionValues } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { firstSteps } from '../firstSteps.ts';
import { formatLogRecord } from '../formatLogRecord.ts';
import { UsageError } from '../parseCommandLine.ts';
import { withProgress } from '../progress.ts';
import { reportLines } from '../report.ts';
import type { RunningServer } from '../../server/startServer.ts';
import { startServer } from '../loadServer.ts';
import { absolute, defaultDataFolder } from '../serverConnection.ts';
import { explainStartFailure } from '../startFailure.ts';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';

const startOptions = {
  port: { type: 'string', placeholder: 'PORT', summary: `the port of every service (default ${defaultOptions.port}; 0 takes a free one)` },
  host: { type: 'string', placeholder: 'HOST', summary: `the address to listen on (default ${defaultOptions.host}: this machine only)` },
  'data-dir': { type: 'string', placeholder: 'DIR', summary: `where everything is kept (default ${defaultDataFolder} in this folder)` },
  memory: { type: 'boolean', summary: 'keep everything in memory: gone when the server stops' },
  auth: { type: 'string', choices: ['local', 'strict'], summary: 'local: an unknown key on this machine is the administrator; strict: it is refused' },
  iam: { type: 'string', choices: ['enforce', 'audit', 'off'], summary: 'what happens to a request that its policies do not allow (default enforce)' },
  'log-level': { type: 'string', choices: ['debug', 'info', 'warn', 'error'], summary: 'how much to log on standard error (default info)' },
} as const satisfies Record<string, OptionSpec>;

export const startCommand = defineCommand({
  name: 'start',
  summary: 'start the server here and keep it running until Ctrl-C',
  options: startOptions,
  examples: ['npx haneul start', 'npx haneul start --memory --port 0', 'npx haneul start --data-dir ~/cloud --auth strict'],
  notes: [
    'The first Ctrl-C finishes the requests under way; a second one ends at once.',
    'With a host that other machines can reach, unknown keys are refused as with --auth strict.',
  ],
  async run({ options, terminal }) {
    const { noteStyle } = terminal;
    const log = createLogger((record) => terminal.note(formatLogRecord(record, terminal.clock.now(), noteStyle)), options['log-level'] ?? 'info');
    const serverOptions = { ...readOptions(options, terminal), log };
    const interrupts = countInterrupts(terminal);
    try {
      const server = await startOrExplain(serverOptions, terminal);
      printBanner(server, serverOptions, terminal);
      await Promise.race([interrupts.first, server.stopped]);
      await stop(server, terminal, interrupts);
    } finally {
      interrupts.ignore();
    }
    return exitCodes.done;
  },
});

function readOptions(options: OptionValues<typeof startOptions>, terminal: Terminal): Omit<ServerOptions, 'log'> {
  const dataDir = options['data-dir'];
  if (options.memory && dataDir !== undefined) throw new UsageError('--memory and --data-dir exclude each other.', 'Leave one of them out.');
  const host = options.host ?? defaultOptions.host;
  return {
    host,
    port: options.port === undefined ? defaultOptions.port : readPort(options.port),
    dataFolder: options.memory ? undefined : absolute(terminal, dataDir ?? defaultDataFolder),
    auth: readAuth(options.auth, host),
    iam: options.iam ?? defaultOptions.iam,
    account: defaultOptions.account,
    region: defaultOptions.region,
  };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65_535) throw new UsageError(`--port is a number from 0 to 65535, not "${text}".`, 'For example: --port 4566');
  return port;
}

// An explicit `--auth local` where others can connect would be accepted and not done: it is refused.
function readAuth(auth: 'local' | 'strict' | undefined, host: string): 'local' | 'strict' {
  if (isLoopbackHost(host)) return auth ?? defaultOptions.auth;
  if (auth === 'local') {
    throw new UsageError(`--auth local would make everybody who reaches ${host} the administrator.`, 'Use --auth strict, or --host 127.0.0.1.');
  }
  return 'strict';
}

async function startOrExplain(options: ServerOptions, terminal: Terminal): Promise<RunningServer> {
  try {
    return await withProgress(terminal, 'starting', () => startServer(options));
  } catch (error) {
    if (error instanceof UserFacingError) throw error;
    throw explainStartFailure(error, options) ?? error;
  }
}

function printBanner(server: RunningServer, options: ServerOptions, terminal: Terminal): void {
  const { auth, iam, host, dataFolder } = options;
  const report = {
    version: version(),
    endpoint: server.endpoint,
    dataFolder: server.dataFolder,
    auth,
    iam,
    loopback: isLoopbackHost(host),
    guarantees: server.guarantees,
    interpreters: server.interpreters,
  };
  const isDefault = dataFolder === undefined || dataFolder === absolute(terminal, defaultDataFolder);
  const steps = firstSteps({
    endpoint: server.endpoint,
    dataFolder: isDefault ? undefined : dataFolder,
    inMemory: dataFolder === undefined,
    account: options.account,
    interpreters: server.interpreters,
  });
  for (const line of ['', ...reportLines(report, terminal.style, terminal.columns), '', 'Paste in another terminal, in this folder:', '']) terminal.print(line);
  for (const line of steps) terminal.print(`  ${terminal.style.bold(line)}`);
  terminal.print('');
  terminal.print(terminal.style.dim('Ctrl-C stops. What is missing on this machine: npx haneul doctor'));
}

interface Interrupts {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  ignore(): void;
}

// npm passes on the signal that the terminal has already sent to the whole group: what arrives this close is one Ctrl-C.
const sameInterruptMs = 400;

function countInterrupts(terminal: Terminal): Interrupts {
  const first = deferred();
  const second = deferred();
  let lastMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  const ignore = terminal.onInterrupt(() => {
    const nowMs = terminal.clock.now();
    const repeated = nowMs - lastMs < sameInterruptMs;
    lastMs = nowMs;
    if (repeated) return;
    count += 1;
    if (count === 1) first.resolve();
    else second.resolve();
  });
  return { first: first.promise, second: second.promise, ignore };
}

async function stop(server: RunningServer, terminal: Terminal, interrupts: Interrupts): Promise<void> {
  let done = false;
  void interrupts.second.then(() => {
    if (done) return;
    terminal.note('haneul: stopped at once; what was acknowledged is kept.');
    terminal.exitNow(exitCodes.interrupted);
  });
  await withProgress(terminal, 'stopping after the requests under way (Ctrl-C again to stop at once)', () => server.stop());
  done = true;
  terminal.note('haneul: stopped.');
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
