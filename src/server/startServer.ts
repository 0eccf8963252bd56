import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { wallClock } from '../base/clock.ts';
import { createMetrics, type MetricsRegistry } from '../base/metrics.ts';
import { packageRoot } from '../base/packageRoot.ts';
import { cryptoRandom } from '../base/random.ts';
import { openSandbox } from '../sandbox/openSandbox.ts';
import type { Guarantee, Interpreter } from '../sandbox/types.ts';
import { answerArrival } from './api.ts';
import { BodyBudget } from './body.ts';
import type { Foundation } from './composition.ts';
import type { ControlTarget } from './control.ts';
import { latestDenials } from './limits.ts';
import { createFolder } from './createFolder.ts';
import { createFunctionGate, type ServerGate } from './functionGate.ts';
import { listen } from './listen.ts';
import { registerProcessMetrics } from './metrics/processMetrics.ts';
import { registerSandboxMetrics } from './metrics/sandboxMetrics.ts';
import { isLocalMode, type ServerOptions } from './options.ts';
import { openPlatform, type Platform } from './platform.ts';
import { loadRootKey, loadSealKey, type RootKey } from './secrets.ts';
import { removeServerFile, writeServerFile } from './serverFile.ts';
import { createSnapshots } from './snapshots.ts';
import { openStorage } from './storage.ts';
import { createAuthority, loadCertificates } from './tls/authority.ts';

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
  if (dataFolder !== undefined) await createFolder(dataFolder);
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const { log } = options;
    const metrics = createMetrics();
    const processMetrics = registerProcessMetrics(metrics);
    closers.push(async () => processMetrics.close());
    const storage = await openStorage({ dataFolder, log, metrics });
    closers.push(() => storage.close());
    const sandbox = await openSandbox({
      folder: storage.runFolder,
      cacheFolder: cacheFolderOf(process.env),
      offline: options.offline,
      // Not this server itself: who comes from this machine may be its administrator.
      allowHost: options.allowHost ? { closedPorts: () => [gate.port()] } : undefined,
      wall: wallClock,
      random: cryptoRandom,
      log,
      environment: process.env,
    });
    closers.push(() => sandbox.close());
    const budget = new BodyBudget();
    const gate = createFunctionGate(budget);
    const trusting = isLocalMode(options);
    const foundation: Foundation = {
      options: { ...options, dataFolder },
      storage,
      sandbox,
      functionGate: gate,
      sealKey: loadSealKey(dataFolder, cryptoRandom, options.sealKeyFile),
      rootKey: trusting ? undefined : loadRootKey(dataFolder, cryptoRandom),
      wall: wallClock,
      random: cryptoRandom,
      log,
      metrics,
    };
    return await serve(foundation, { gate, budget, metrics }, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function serve(
  foundation: Foundation,
  { gate, budget, metrics }: { readonly gate: ServerGate; readonly budget: BodyBudget; readonly metrics: MetricsRegistry },
  closers: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<RunningServer> {
  const { options, sandbox, log } = foundation;
  const { dataFolder } = options;
  const certificates = options.tls ? loadCertificates(options.tls.certificateFile, options.tls.keyFile) : createAuthority({ dataFolder, host: options.host, wall: wallClock, random: cryptoRandom });
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
  registerSandboxMetrics(metrics, sandbox);
  metrics.gauge('haneul_request_body_bytes', 'Bytes of request bodies in memory.', () => budget.inFlightBytes());
  const onBug = (error: unknown): void => log.error('bug', { stack: error instanceof Error ? error.stack : String(error) });
  const listener = await listen(options, (arrival) => answerArrival(arrival, platform, control), onBug, budget, certificates);
  const endpoint = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${listener.port}`;
  const control: ControlTarget = {
    health: () => ({
      status: platform.isUsable() ? 'running' : 'unusable',
      version,
      endpoint,
      pid: process.pid,
      dataFolder: dataFolder ?? null,
      auth: options.auth,
      iam: options.iam,
      guarantees: sandbox.guarantees,
      interpreters: sandbox.interpreters,
      pools: sandbox.pools(),
      services: serviceStates(platform),
    }),
    metrics: () => metrics.format(),
    authorityPem: () => certificates.authorityPem(),
    clock,
    reset: () => platform.reset(),
    snapshots: createSnapshots(foundation, platform, { version, endpoint }),
    requestStop: () => void setImmediate(() => void stop()),
    serviceStates: () => serviceStates(platform),
    version,
    mailbox: {
      list: (query) => platform.use(({ composition }) => composition.mailbox.list(query)),
      clear: (query) => platform.use(({ composition }) => composition.mailbox.clear(query)),
    },
    organization: {
      current: () => platform.current().composition.organization.current(),
      replace: (given) => platform.use(({ composition }) => composition.organization.replace(given)),
    },
    accessReport: (name) => platform.use(({ composition }) => composition.accessReport(name.startsWith('arn:') ? name : `arn:aws:iam::${options.account}:role/${name}`)),
    denials: (requestId) => {
      const { denials } = platform.current();
      return requestId === undefined ? denials.latest(latestDenials) : denials.ofRequest(requestId);
    },
  };
  gate.open({ port: listener.port, respond: (arrival, via) => answerArrival(arrival, platform, control, via), onBug });
  closers.push(() => listener.close());
  closers.push(async () => platform.current().composition.endLongAnswers());
  if (dataFolder !== undefined) {
    await writeServerFile(dataFolder, { pid: process.pid, endpoint, startedAt: new Date().toISOString() });
    closers.push(() => removeServerFile(dataFolder));
  }
  const { guarantees, interpreters } = sandbox;
  return { endpoint, dataFolder, guarantees, interpreters, rootKey: foundation.rootKey, clock, reset: () => platform.reset(), stop, stopped };
}

/** Shared by every server of this user; root's is where functions with other user ids can read. */
function cacheFolderOf(environment: NodeJS.ProcessEnv): string | undefined {
  if (process.getuid?.() === 0) return '/var/cache/haneul';
  const { XDG_CACHE_HOME: caches, HOME: home } = environment;
  if (caches?.startsWith('/')) return join(caches, 'haneul');
  return home === undefined ? undefined : join(home, '.cache', 'haneul');
}

function serviceStates(platform: Platform): Readonly<Record<string, string>> {
  return Object.fromEntries([...platform.current().composition.services.keys()].map((id) => [id, 'available']));
}
