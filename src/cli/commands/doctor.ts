import { isLoopbackHost } from '../../server/options.ts';
import { defineCommand } from '../command.ts';
import { checkAwsCli } from '../doctor/checkAwsCli.ts';
import { checkDataFolder } from '../doctor/checkDataFolder.ts';
import { checkGuarantees, checkInterpreters, checkNode } from '../doctor/checkMachine.ts';
import { checkServer } from '../doctor/checkServer.ts';
import type { Check } from '../doctor/check.ts';
import { exitCodes } from '../exitCodes.ts';
import { withProgress } from '../progress.ts';
import { wrapText } from '../report.ts';
import { absolute, locateServer, locationOptions, NotRunningError, type ServerLocation } from '../serverConnection.ts';
import type { Style } from '../style.ts';
import type { Terminal } from '../terminal.ts';

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'look at this machine: what works, what is missing, how to mend it',
  options: locationOptions,
  notes: ['Changes nothing. Exit code 1 when something fails; warnings are for you to judge.'],
  async run({ options, terminal }) {
    const location = locate(options, terminal);
    const checks = await withProgress(terminal, 'looking', () => examine(location, terminal));
    for (const check of checks) for (const line of formatCheck(check, terminal.style, terminal.columns)) terminal.print(line);
    const failed = checks.filter((check) => check.state === 'fail').length;
    const warned = checks.filter((check) => check.state === 'warn').length;
    terminal.print('');
    terminal.print(failed + warned === 0 ? 'Everything is in place.' : `${failed} failed, ${warned} to consider.`);
    return failed > 0 ? exitCodes.failed : exitCodes.done;
  },
});

const textColumn = 25;

/** One check as lines: state, name and text, and below it what to do. */
export function formatCheck(check: Check, style: Style, columns: number): string[] {
  const mark = { ok: style.good('ok  '), warn: style.warning('warn'), fail: style.bad('FAIL') }[check.state];
  const [first = '', ...rest] = wrapText(check.text, columns - textColumn);
  const lines = [`${mark}  ${check.name.padEnd(textColumn - 7)} ${first}`, ...rest.map((line) => `${' '.repeat(textColumn)}${line}`)];
  return check.remedy === undefined ? lines : [...lines, `${' '.repeat(textColumn)}${style.dim('->')} ${check.remedy}`];
}

async function examine(location: ServerLocation, terminal: Terminal): Promise<Check[]> {
  const [server, dataFolder, awsCli] = await Promise.all([
    checkServer(location, terminal),
    checkDataFolder(location.dataFolder),
    checkAwsCli(terminal.environment),
  ]);
  return [
    checkNode(process.version),
    ...dataFolder,
    ...server.checks,
    ...checkReach(location),
    ...checkGuarantees(server.machine?.guarantees),
    ...checkInterpreters(server.machine?.interpreters),
    awsCli,
  ];
}

function checkReach({ endpoint }: ServerLocation): Check[] {
  if (isLoopbackHost(new URL(endpoint).hostname)) return [{ name: 'Reach', state: 'ok', text: 'this machine only (loopback)' }];
  return [{ name: 'Reach', state: 'warn', text: `${endpoint} can be reached from other machines, in plain HTTP`, remedy: 'put TLS in front of it, or use --host 127.0.0.1' }];
}

// A directory in which no server runs yet is exactly what a doctor is asked about.
function locate(options: { readonly endpoint: string | undefined; readonly 'data-dir': string | undefined }, terminal: Terminal): ServerLocation {
  try {
    return locateServer(terminal, options);
  } catch (error) {
    const dataDir = options['data-dir'];
    if (!(error instanceof NotRunningError) || dataDir === undefined) throw error;
    return { ...locateServer(terminal, { ...options, 'data-dir': undefined }), dataFolder: absolute(terminal, dataDir) };
  }
}
