import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { systemErrorCode, UserFacingError } from '../base/errors.ts';
import { defaultOptions } from '../server/options.ts';
import { signRequest } from '../wire/sigv4.ts';
import type { OptionSpec } from './command.ts';
import { callerKey } from './credentials.ts';
import { sendHttp, type HttpAnswer } from './httpRequest.ts';
import { UsageError } from './parseCommandLine.ts';
import type { Terminal } from './terminal.ts';

/** Nobody answers where the server should be: exit code 3. */
export class NotRunningError extends UserFacingError {
  constructor(message: string, hint?: string) {
    super(message, hint);
    this.name = 'NotRunningError';
  }
}

/** Where a running server is, and how this was found out. */
export interface ServerLocation {
  readonly endpoint: string;
  readonly dataFolder: string;
  /** From `server.json`; absent when the place comes from an option, the environment or the default. */
  readonly pid?: number;
  readonly source: 'option' | 'environment' | 'data folder' | 'default';
}

/** The options of every command that talks to a running server. */
export const locationOptions = {
  endpoint: { type: 'string', placeholder: 'URL', summary: 'the server; else AWS_ENDPOINT_URL, else what runs in the data directory' },
  'data-dir': { type: 'string', placeholder: 'DIR', summary: 'the data directory of the server (default .haneul)' },
} as const satisfies Record<string, OptionSpec>;

export interface LocationOptions {
  readonly endpoint: string | undefined;
  readonly 'data-dir': string | undefined;
}

export const defaultDataFolder = '.haneul';
const defaultEndpoint = `http://${defaultOptions.host}:${defaultOptions.port}`;

/**
 * Finds the server: an option, then AWS_ENDPOINT_URL, then `server.json` in the data directory, then the default port.
 * `environment: false` leaves the variable out, for `haneul env`, which is about to set it.
 */
export function locateServer(terminal: Terminal, options: LocationOptions, use: { readonly environment: boolean } = { environment: true }): ServerLocation {
  const dataFolder = absolute(terminal, options['data-dir'] ?? defaultDataFolder);
  if (options.endpoint !== undefined) return { endpoint: requireUrl(options.endpoint, '--endpoint'), dataFolder, source: 'option' };
  const variable = terminal.environment['AWS_ENDPOINT_URL'];
  if (use.environment && variable && options['data-dir'] === undefined) {
    return { endpoint: requireUrl(variable, 'AWS_ENDPOINT_URL'), dataFolder, source: 'environment' };
  }
  const file = readServerJson(dataFolder);
  if (file) return { ...file, dataFolder, source: 'data folder' };
  if (options['data-dir'] !== undefined) {
    throw new NotRunningError(`No server runs in ${dataFolder}.`, `Start one: npx haneul start --data-dir ${options['data-dir']}`);
  }
  return { endpoint: defaultEndpoint, dataFolder, source: 'default' };
}

/** A folder name as the user typed it, from their working folder. */
export function absolute(terminal: Terminal, folder: string): string {
  return isAbsolute(folder) ? folder : join(terminal.workingFolder, folder);
}

/** What the server says about itself. Every member may be missing: an older or newer server answers too. */
export interface Health {
  readonly status?: string;
  readonly version?: string;
  readonly endpoint?: string;
  readonly pid?: number;
  /** Null: in memory. */
  readonly dataFolder?: string | null;
  readonly auth?: string;
  readonly iam?: string;
  readonly guarantees?: readonly { readonly name: string; readonly on: boolean; readonly remedy?: string }[];
  readonly interpreters?: readonly { readonly family: string; readonly version: string; readonly path: string }[];
  readonly services?: Readonly<Record<string, string>>;
}

// A reset removes every row and ends every function first.
const controlIdleMs = 60_000;
const strictHint = 'Run the command in the server\'s folder, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (npx haneul env).';

/** Asks for `/_haneul/health`. Throws {@link NotRunningError} when nobody, or somebody else, answers. */
export async function fetchHealth(location: ServerLocation, terminal: Terminal): Promise<Health> {
  const answer = await callControl(location, terminal, 'GET', '/_haneul/health');
  const health = parseJson(answer.body);
  if (answer.status === 403) throw new UserFacingError(`${location.endpoint} refuses this key: it is a server that trusts only keys it issued.`, strictHint);
  if (answer.status !== 200 || typeof health !== 'object' || health === null || !('status' in health)) {
    throw new NotRunningError(`${location.endpoint} answers, but it is not a Haneul server (HTTP ${answer.status}).`, whereHint(location));
  }
  return health as Health;
}

/** One call of the control interface (`/_haneul/…`). */
export async function callControl(
  location: ServerLocation,
  terminal: Terminal,
  method: 'GET' | 'POST',
  path: string,
  { body = '' }: { readonly body?: string } = {},
): Promise<HttpAnswer> {
  const url = new URL(path, location.endpoint);
  // Signed, because a server that trusts no unknown keys lets only its administrator steer it.
  const signing = { method, url: url.href, service: 'haneul', region: defaultOptions.region, nowMs: terminal.clock.now(), body };
  const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  const headers = { ...signRequest(signing, callerKey(location, terminal)), ...length };
  try {
    return await sendHttp({ method, url, headers, idleMs: controlIdleMs, ...(body === '' ? {} : { body }) });
  } catch (error) {
    throw notRunning(location, error);
  }
}

/** Turns a refused connection into the sentence that helps. */
export function notRunning(location: ServerLocation, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH') {
    return new NotRunningError(`No server answers on ${location.endpoint}.`, whereHint(location));
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new NotRunningError(`${location.endpoint} could not be asked: ${reason}.`, whereHint(location));
}

/** The value of a JSON text, or undefined when it is none. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function whereHint({ source }: ServerLocation): string {
  if (source === 'environment') return 'That address comes from AWS_ENDPOINT_URL. Start a server: npx haneul start';
  return source === 'option' ? 'Look at --endpoint, or start a server: npx haneul start' : 'Start one: npx haneul start';
}

// Synchronous and local: server/serverFile.ts writes it; a damaged file is the same as none.
function readServerJson(dataFolder: string): { endpoint: string; pid: number } | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(join(dataFolder, 'server.json'), 'utf8'));
    if (typeof content !== 'object' || content === null || !('endpoint' in content) || !('pid' in content)) return undefined;
    const { endpoint, pid } = content;
    return typeof endpoint === 'string' && typeof pid === 'number' && isAlive(pid) ? { endpoint, pid } : undefined;
  } catch {
    return undefined;
  }
}

/** True while a process with this number exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

function requireUrl(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`${name} is not an http:// address: "${text}".`);
  return url.origin;
}

