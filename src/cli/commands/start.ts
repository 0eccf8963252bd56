import { UserFacingError } from '../../base/errors.ts';
import { createLogger, type Logger } from '../../base/log.ts';
import { defaultOptions, isLoopbackHost, type ServerOptions } from '../../server/options.ts';
import { captureConsole } from '../captureConsole.ts';
import { defineCommand, type OptionSpec, type OptionValues } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { firstSteps } from '../firstSteps.ts';
import { formatLogJson } from '../formatLogJson.ts';
import { formatLogRecord } from '../formatLogRecord.ts';
import { UsageError } from '../parseCommandLine.ts';
import { reportLines } from '../report.ts';
import type { RunningServer } from '../../server/startServer.ts';
import { keepRunning } from '../keepRunning.ts';
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
  'tls-cert': { type: 'string', placeholder: 'FILE', summary: 'a certificate (PEM, with its chain) for HTTPS, instead of one by the server\'s own authority' },
  'tls-key': { type: 'string', placeholder: 'FILE', summary: 'the key of that certificate (PEM)' },
  'seal-key-file': { type: 'string', placeholder: 'FILE', summary: 'the key that secrets and KMS keys are encrypted with at rest: 32 bytes, plain or base64 (default: one that is kept beside the data)' },
  offline: { type: 'boolean', summary: 'fetch nothing from the internet: functions find interpreters and the AWS SDK that this machine lacks only if an earlier run fetched them' },
  'allow-host': { type: 'boolean', summary: 'functions reach what listens on this machine, as host.haneul.internal' },
  'lambda-concurrency': { type: 'string', placeholder: 'N', summary: 'invocations of one account and region at once (default 1000, as on AWS)' },
  'log-level': { type: 'string', choices: ['debug', 'info', 'warn', 'error'], summary: 'how much to log on standard error (default info)' },
  'log-format': { type: 'string', choices: ['text', 'json'], summary: 'text for people (default), or JSON lines; standard error then holds nothing else' },
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
    const read = readOptions(options, terminal);
    const { noteStyle } = terminal;
    const level = options['log-level'] ?? 'info';
    if (options['log-format'] === 'json') return await runForMachines(read, createLogger((record) => terminal.note(formatLogJson(record, terminal.clock.now())), level), terminal);
    const log = createLogger((record) => terminal.note(formatLogRecord(record, terminal.clock.now(), noteStyle)), level);
    return await run({ ...read, log }, terminal, (server) => printBanner(server, { ...read, log }, terminal));
  },
});

async function run(options: ServerOptions, terminal: Terminal, show: (server: RunningServer) => void): Promise<number> {
  let server: RunningServer | undefined;
  const release = captureConsole(options.log);
  try {
    return await keepRunning(
      terminal,
      async () => (server = await startOrExplain(options)),
      () => server && show(server),
    );
  } finally {
    release();
  }
}

// Whatever would be said on standard error becomes a record, so that a collector of logs can read every line.
async function runForMachines(options: Omit<ServerOptions, 'log'>, log: Logger, terminal: Terminal): Promise<number> {
  const recording: Terminal = { ...terminal, interactive: false, note: (text) => log.info(text.replace(/^haneul: /, '')) };
  try {
    return await run({ ...options, log }, recording, (server) => {
      const { endpoint, dataFolder, guarantees } = server;
      const missing = guarantees.filter(({ on }) => !on).map(({ name }) => name);
      log.info(readyText, { version: version(), endpoint, dataFolder: dataFolder ?? null, auth: options.auth, iam: options.iam, missingGuarantees: missing });
      printRootKey(server, terminal);
    });
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    log.error(error.message, { hint: error.hint });
    return exitCodes.failed;
  }
}

function readOptions(options: OptionValues<typeof startOptions>, terminal: Terminal): Omit<ServerOptions, 'log'> {
  const dataDir = options['data-dir'];
  if (options.memory && dataDir !== undefined) throw new UsageError('--memory and --data-dir exclude each other.', 'Leave one of them out.');
  const host = options.host ?? defaultOptions.host;
  const tls = readTls(options, terminal);
  return {
    host,
    port: options.port === undefined ? defaultOptions.port : readPort(options.port),
    dataFolder: options.memory ? undefined : absolute(terminal, dataDir ?? defaultDataFolder),
    auth: readAuth(options.auth, host),
    iam: options.iam ?? defaultOptions.iam,
    account: defaultOptions.account,
    region: defaultOptions.region,
    offline: options.offline ?? defaultOptions.offline,
    allowHost: options['allow-host'] ?? defaultOptions.allowHost,
    ...(tls ? { tls } : {}),
    ...(options['lambda-concurrency'] === undefined ? {} : { lambdaConcurrency: readConcurrency(options['lambda-concurrency']) }),
    ...(options['seal-key-file'] === undefined ? {} : { sealKeyFile: absolute(terminal, options['seal-key-file']) }),
  };
}

function readTls({ 'tls-cert': certificate, 'tls-key': key }: OptionValues<typeof startOptions>, terminal: Terminal): ServerOptions['tls'] {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) throw new UsageError('--tls-cert and --tls-key go together.', 'Give both, or neither: the server then certifies itself (npx haneul trust).');
  return { certificateFile: absolute(terminal, certificate), keyFile: absolute(terminal, key) };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65_535) throw new UsageError(`--port is a number from 0 to 65535, not "${text}".`, 'For example: --port 4566');
  return port;
}

function readConcurrency(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new UsageError(`--lambda-concurrency is a number from 1 to 999999, not "${text}".`, 'For example: --lambda-concurrency 1000');
  return count;
}

// An explicit `--auth local` where others can connect would be accepted and not done: it is refused.
function readAuth(auth: 'local' | 'strict' | undefined, host: string): 'local' | 'strict' {
  if (isLoopbackHost(host)) return auth ?? defaultOptions.auth;
  if (auth === 'local') {
    throw new UsageError(`--auth local would make everybody who reaches ${host} the administrator.`, 'Use --auth strict, or --host 127.0.0.1.');
  }
  return 'strict';
}

async function startOrExplain(options: ServerOptions): Promise<RunningServer> {
  try {
    return await startServer(options);
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
  printRootKey(server, terminal);
  for (const line of steps) terminal.print(`  ${terminal.style.bold(line)}`);
  terminal.print('');
  terminal.print(terminal.style.dim('Ctrl-C stops. What is missing on this machine: npx haneul doctor'));
  terminal.print(readyText);
}

// The LocalStack modules of Testcontainers wait for a line that ends in exactly this (Java and Python), or holds it (Node.js).
const readyText = 'Ready.';

// Nowhere else to be found: with a data directory, `haneul env` reads it there. Never part of the log.
function printRootKey({ rootKey, dataFolder }: RunningServer, terminal: Terminal): void {
  if (!rootKey || dataFolder !== undefined) return;
  terminal.print(`  export AWS_ACCESS_KEY_ID=${rootKey.accessKeyId} AWS_SECRET_ACCESS_KEY=${rootKey.secretAccessKey}   # the administrator, after the next line`);
}
