import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { wallClock } from '../base/clock.ts';
import { packageRoot } from '../base/packageRoot.ts';
import { cryptoRandom } from '../base/random.ts';
import { openSandbox } from '../sandbox/openSandbox.ts';
import type { Guarantee, Interpreter } from '../sandbox/types.ts';
import { answerArrival } from './api.ts';
import { BodyBudget } from './body.ts';
import type { Foundation } from './compose.ts';
import type { ControlTarget } from './control.ts';
import { listen } from './listen.ts';
import { isLoopbackHost, type ServerOptions } from './options.ts';
import { openPlatform, type Platform } from './platform.ts';
import { loadRootKey, loadSealKey, type RootKey } from './secrets.ts';
import { removeServerFile, writeServerFile } from './serverFile.ts';
import { openStorage } from './storage.ts';

export const version: string = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;

export interface RunningServer {
  readonly endpoint: string;
  /** Absolute; undefined when everything is in memory. */
  readonly dataFolder: string | undefined;
  readonly guarantees: readonly Guarantee[];
  readonly interpreters: readonly Interpreter[];
  /** The administrator's key, on a server that trusts no unknown keys. */
  readonly rootKey: RootKey | undefined;
  readonly clock: { now(): number; offsetMs(): number; advance(milliseconds: number): Promise<void> };
  /** Forgets everything that clients made; requests that arrive meanwhile wait. */
  reset(): Promise<void>;
  /** Finishes what is under way, then stops; safe to call twice. */
  stop(): Promise<void>;
  /** Resolves once stopped, also when a client asked for it. */
  readonly stopped: Promise<void>;
}

/** Starts everything and resolves when the first request can be served. Rejects with a `UserFacingError` for what the user can mend. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const dataFolder = options.dataFolder === undefined ? undefined : resolve(options.dataFolder);
  if (dataFolder !== undefined) await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const { log } = options;
    const storage = await openStorage({ dataFolder, log });
    closers.push(() => storage.close());
    const sandbox = await openSandbox({ folder: storage.runFolder, wall: wallClock, random: cryptoRandom, log, environment: process.env });
    closers.push(() => sandbox.close());
    const trusting = options.auth === 'local' && isLoopbackHost(options.host);
    const foundation: Foundation = {
      options: { ...options, dataFolder },
      storage,
      sandbox,
      sealKey: loadSealKey(dataFolder, cryptoRandom),
      rootKey: trusting ? undefined : loadRootKey(dataFolder, cryptoRandom),
      wall: wallClock,
      random: cryptoRandom,
      log,
    };
    return await serve(foundation, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function serve(foundation: Foundation, closers: (() => Promise<void>)[], closeAll: () => Promise<void>): Promise<RunningServer> {
  const { options, sandbox, log } = foundation;
  const { dataFolder } = options;
  const platform = await openPlatform(foundation);
  closers.push(() => platform.close());

  let markStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (markStopped = resolve));
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= closeAll().finally(markStopped);
    return stopping;
  };
  const clock: RunningServer['clock'] = {
    now: () => platform.current().composition.clock.now(),
    offsetMs: () => platform.current().composition.clock.offsetMs(),
    advance: (milliseconds) => platform.current().composition.advanceClock(milliseconds),
  };
  const listener = await listen(
    options,
    (arrival) => answerArrival(arrival, platform, control, budget),
    (error) => log.error('bug', { stack: error instanceof Error ? error.stack : String(error) }),
  );
  const endpoint = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${listener.port}`;
  const budget = new BodyBudget();
  const control: ControlTarget = {
    health: () => ({
      status: 'running',
      version,
      endpoint,
      pid: process.pid,
      dataFolder: dataFolder ?? null,
      auth: options.auth,
      iam: options.iam,
      guarantees: sandbox.guarantees,
      interpreters: sandbox.interpreters,
      services: serviceStates(platform),
    }),
    clock,
    reset: () => platform.reset(),
    requestStop: () => void setImmediate(() => void stop()),
    serviceStates: () => serviceStates(platform),
  };
  closers.push(() => listener.close());
  closers.push(async () => platform.current().composition.endLongAnswers());
  if (dataFolder !== undefined) {
    await writeServerFile(dataFolder, { pid: process.pid, endpoint, startedAt: new Date().toISOString() });
    closers.push(() => removeServerFile(dataFolder));
  }
  const { guarantees, interpreters } = sandbox;
  return { endpoint, dataFolder, guarantees, interpreters, rootKey: foundation.rootKey, clock, reset: () => platform.reset(), stop, stopped };
}

function serviceStates(platform: Platform): Readonly<Record<string, string>> {
  return Object.fromEntries([...platform.current().composition.services.keys()].map((id) => [id, 'available']));
}
