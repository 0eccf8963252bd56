// One execution environment: a log stream, credentials, and a process tree that is started again when it was lost. The
// phases and their log lines follow https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html.
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import { hexId } from '../../../base/ids.ts';
import type { Logger } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import type { FunctionGate } from '../../../ports/functionGate.ts';
import type { RoleDirectory } from '../../../ports/identity.ts';
import type { LogSink } from '../../../ports/logSink.ts';
import { streamedBytesMax } from '../../../sandbox/limits.ts';
import type { Environment, InitOutcome, InvocationOutcome, InvocationRequest, ResponseReceiver, Sandbox, Snapshot, SnapshotOutcome } from '../../../sandbox/types.ts';
import { functionArn } from '../domain/functionName.ts';
import { describeForeignCode } from '../domain/foreignCode.ts';
import { describeExit, exitErrorType } from '../domain/processExit.ts';
import { timeoutText } from '../domain/report.ts';
import type { ReportFigures, RunFailure } from '../domain/report.ts';
import { runtimeVersionOf } from '../domain/runtimes.ts';
import { errors } from '../errors.ts';
import { requireAssumableRole } from '../executionRole.ts';
import { decideSampling } from '../domain/trace.ts';
import { credentialMarginMs, credentialSeconds, initMs, provisionedInitMsMin, responsePayloadBytesMax, restoreMs, roleCheckMs, snapshotCredentialMs, untoldMax } from '../limits.ts';
import type { LayerFolders } from '../layers/layerFolders.ts';
import type { PackageStore } from '../packages/packageStore.ts';
import type { VariableVault } from '../variableVault.ts';
import type { Deployment, InitializationType } from './deployment.ts';
import { openEnvironmentLog } from './environmentLog.ts';
import type { EnvironmentLog } from './environmentLog.ts';
import { createJsonPlatformLog, createTextPlatformLog } from './platformLog.ts';
import type { PlatformLog, PlatformLogSubject } from './platformLog.ts';
import { createPlatformTelemetry, tellingBoth } from './platformTelemetry.ts';
import type { TelemetryEvent } from '../../../sandbox/extensions/types.ts';
import { createSpecSource } from './specSource.ts';

export interface ExecutionDeps {
  readonly sandbox: Sandbox;
  readonly roles: RoleDirectory;
  readonly logs: LogSink;
  readonly packages: PackageStore;
  readonly layers: LayerFolders;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly variables: VariableVault;
  readonly localMode: boolean;
  /** False where IAM is switched off or only watched: then a role that is gone keeps nothing from running. */
  readonly enforcesRoles: boolean;
  readonly log: Logger;
  readonly functionGate?: FunctionGate;
  /** `x86_64` or `arm64`: what programs this host can run. */
  readonly hostArchitecture: string;
  /** Whether a request to a function that traces is recorded, where its caller has not decided. */
  readonly sample: (functionArn: string) => boolean;
  /** Milliseconds with fractions, from any start: for durations only. */
  readonly monotonicMs: () => number;
}

export interface InvocationInput {
  readonly requestId: string;
  readonly event: Uint8Array;
  readonly invokedFunctionArn: string;
  readonly clientContext: string | undefined;
  readonly traceId: string;
  readonly wantsTail: boolean;
  /** Of a function that isolates its tenants. */
  readonly tenantId?: string | undefined;
  /** Takes the response while it is made. */
  readonly receiver?: ResponseReceiver | undefined;
}

export interface InvocationResult {
  readonly payload: Uint8Array;
  readonly failed: boolean;
  /** It failed when part of the response had gone out. */
  readonly isMidStream: boolean;
  readonly outcome: (InvocationOutcome | InitOutcome)['kind'];
  /** It had to wait until the environment was there. */
  readonly cold: boolean;
  readonly durationMs: number;
  /** What the log and CloudWatch are told: without the init. */
  readonly ranMs: number;
  /** Base64, when it was asked for. */
  readonly logTail: (() => Promise<string>) | undefined;
}

export interface ExecutionEnvironment {
  readonly deployment: Deployment;
  /** Runs the init phase before anybody asks for it. False when it failed: then it is to be ended. */
  initialise(): Promise<boolean>;
  /** Initialises the version once, for others to be restored from; ends with this environment, which runs nothing itself. */
  takeSnapshot(): Promise<SnapshotTaken>;
  /** One at a time. */
  run(input: InvocationInput): Promise<InvocationResult>;
  /** Whether it may serve another invocation that starts now. */
  isUsable(): boolean;
  /** Whether its credentials are in their first half. */
  isFresh(): boolean;
  /** Whether it has a process that waits for an invocation. */
  isReady(): boolean;
  /** True until its first process is ready, or has failed to be. */
  isStarting(): boolean;
  /** Called when the process ends while nothing runs. */
  onLost(callback: () => void): void;
  /** Ends the process and lets go of everything. */
  dispose(): Promise<void>;
}

export type SnapshotTaken = Exclude<SnapshotOutcome, { kind: 'failed' }> | { readonly kind: 'failed'; readonly failure: RunFailure };

/** `findSnapshot` answers what it is restored from, each time that it needs a process. */
export function createExecutionEnvironment(
  deps: ExecutionDeps,
  deployment: Deployment,
  initializationType: InitializationType = 'on-demand',
  findSnapshot?: () => Promise<Snapshot | undefined>,
): ExecutionEnvironment {
  const { wall, clock, monotonicMs } = deps;
  const { row, place } = deployment;
  const timeoutMs = row.timeoutSeconds * 1_000;
  const logStreamName = streamName(clock.now(), row.version, deps.random);
  const subject = { functionName: deployment.name, functionArn: functionArn(place, deployment.name), version: row.version, timeoutSeconds: row.timeoutSeconds, initializationType };
  const { log, platform } = openLogs(deps, deployment, { subject, logStreamName, tell });
  const source = createSpecSource(deps, deployment, { logStreamName, initializationType, onOutput: (chunk) => log.writeOutput(chunk), onExtension: (event) => platform.extension(event) });
  /** What happened before there was a process to tell of it. */
  const untold: (() => TelemetryEvent)[] = [];
  let process: Environment | undefined;
  let starting: Environment | undefined;
  let disposed = false;
  let initialised = false;
  let running = false;
  let starts = true;
  /** Told with the first invocation, as AWS does, and not billed with it: it took nothing of its time. */
  let aheadMs: number | undefined;
  /** Told, and billed, with the first invocation. */
  let restoredMs: number | undefined;
  let snapshot: Snapshot | undefined;
  let roleCheckedMs = Number.NEGATIVE_INFINITY;
  let notifyLost = (): void => undefined;

  function tell(make: () => TelemetryEvent): void {
    const hearer = process ?? starting;
    if (hearer !== undefined) return hearer.tell(make);
    if (untold.length < untoldMax) untold.push(make);
  }

  /** Starts a process and waits for its init; it is kept only when that succeeded. */
  async function start(initTimeoutMs: number, from?: Snapshot): Promise<InitOutcome> {
    const foreign = describeForeignCode(row, { architecture: deps.hostArchitecture, interpreters: deps.sandbox.interpreters });
    if (foreign !== undefined) return { kind: 'init-error', payload: errorDocument('Runtime.InvalidEntrypoint', foreign).payload, durationMs: 0 };
    const spec = await source.make(initTimeoutMs);
    const started = await (from?.restore(spec) ?? deps.sandbox.start(spec)).catch((error: unknown) => {
      throw error instanceof ServiceError ? errors.invalidRuntime(error.message) : error;
    });
    starting = started;
    for (const make of untold.splice(0)) started.tell(make);
    if (disposed) await started.kill();
    const outcome = await started.init;
    starting = undefined;
    if (disposed) throw errors.stopping();
    if (outcome.kind !== 'ready') {
      await started.kill();
      return outcome;
    }
    process = started;
    void started.exited.then(() => {
      if (process !== started) return;
      process = undefined;
      if (!running) notifyLost();
    });
    return outcome;
  }

  /** The init phase of a new environment. What fails here is tried again with the invocation, in its time. */
  async function initPhase(limitMs = initMs): Promise<number | undefined> {
    initialised = true;
    const from = await findSnapshot?.();
    if (from !== undefined) return restorePhase(from);
    platform.initStarted(runtimeVersionOf(row.runtime, place.region));
    const outcome = await start(limitMs);
    platform.initEnded(outcome.durationMs, 'init', initFailure(outcome));
    return outcome.kind === 'ready' ? outcome.durationMs : undefined;
  }

  /** In the place of the init phase; nothing is tried again with the invocation. */
  async function restorePhase(from: Snapshot): Promise<undefined> {
    platform.restoreStarted(runtimeVersionOf(row.runtime, place.region));
    const outcome = await start(restoreMs, from);
    platform.restoreEnded(outcome.durationMs, initFailure(outcome));
    if (outcome.kind === 'timeout') throw errors.snapStartTimeout();
    if (outcome.kind !== 'ready') throw errors.snapStartFailed();
    restoredMs = outcome.durationMs;
    return undefined;
  }

  async function takeSnapshot(): Promise<SnapshotTaken> {
    await requireAssumableRole(row, deps);
    platform.initStarted(runtimeVersionOf(row.runtime, place.region));
    const outcome = await deps.sandbox.takeSnapshot(await source.make(Math.max(provisionedInitMsMin, timeoutMs), snapshotCredentialMs));
    if (outcome.kind === 'failed') {
      platform.initEnded(outcome.init.durationMs, 'init', initFailure(outcome.init));
      return { kind: 'failed', failure: initFailure(outcome.init) ?? { kind: 'timeout' } };
    }
    platform.snapshotTaken(outcome.durationMs);
    if (outcome.kind === 'taken') snapshot = outcome.snapshot;
    return outcome;
  }

  async function checkRole(nowMs: number): Promise<void> {
    if (!deps.enforcesRoles || nowMs - roleCheckedMs < roleCheckMs) return;
    await requireAssumableRole(row, deps);
    roleCheckedMs = nowMs;
  }

  async function run(input: InvocationInput): Promise<InvocationResult> {
    const arrivedMs = monotonicMs();
    await checkRole(arrivedMs);
    const tail = input.wantsTail ? log.startTail() : undefined;
    const isCold = !initialised;
    const initDurationMs = isCold ? await initPhase().finally(() => (starts = false)) : undefined;
    const startedMs = monotonicMs();
    const deadlineMs = wall.now() + timeoutMs;
    const retried = process === undefined ? await start(timeoutMs, await findSnapshot?.()) : undefined;
    if (retried !== undefined) platform.initEnded(retried.durationMs, 'invoke', initFailure(retried));
    const trace = decideSampling(input.traceId, row.tracing, () => deps.sample(subject.functionArn), deps.random);
    platform.started(input.requestId, trace);
    const served = process;
    const counted = input.receiver && countParts(input.receiver);
    const outcome = served === undefined ? retried : await served.invoke(requestOf(input, deadlineMs, trace.header, counted?.receiver));
    if (outcome?.kind === 'exited' && outcome.exit.isLost === true) {
      log.endTail();
      throw errors.serviceFailure();
    }
    const result = conclude(input, outcome, row.timeoutSeconds);
    // A lost process is replaced when the next invocation comes.
    if (result.lost && process === served) process = undefined;
    const { requestId } = input;
    const { failure, crash } = result;
    const endedMs = monotonicMs();
    // Nobody is billed for more time than the function has: what ends it takes a moment.
    const durationMs = failure?.kind === 'timeout' ? timeoutMs : Math.min(timeoutMs, endedMs - startedMs);
    platform.ended({ requestId, durationMs, producedBytes: result.payload.length + (counted?.bytes() ?? 0), failure, crash });
    // Reading the peak may take a moment; neither the caller nor the next invocation waits for it.
    const peak = served?.memoryPeakBytes() ?? 0;
    const told = { requestId, durationMs, initDurationMs: initDurationMs ?? aheadMs, initAhead: aheadMs !== undefined, restoreDurationMs: restoredMs, memoryMegabytes: row.memoryMegabytes, failure, segment: trace.segment };
    aheadMs = restoredMs = undefined;
    const report = (memoryPeakBytes: number): ReportFigures => ({ ...told, memoryPeakBytes });
    platform.reported(typeof peak === 'number' ? report(peak) : peak.then(report));
    log.endTail();
    return {
      payload: result.payload,
      failed: result.failed,
      isMidStream: result.failed && (counted?.hasBegun() ?? false),
      outcome: outcome?.kind ?? 'exited',
      cold: isCold,
      durationMs: endedMs - arrivedMs,
      ranMs: durationMs,
      logTail: tail === undefined ? undefined : () => tail.read(),
    };
  }

  return {
    deployment,
    async initialise() {
      try {
        await checkRole(monotonicMs());
        aheadMs = await initPhase(Math.max(provisionedInitMsMin, timeoutMs));
        return process !== undefined;
      } finally {
        starts = false;
      }
    },
    takeSnapshot,
    async run(input) {
      running = true;
      try {
        return await run(input);
      } finally {
        running = false;
      }
    },
    isUsable: () => source.credentialsEndMs() - wall.now() > timeoutMs + credentialMarginMs,
    isFresh: () => source.credentialsEndMs() - wall.now() > (credentialSeconds * 1_000) / 2,
    isReady: () => process !== undefined,
    isStarting: () => starts,
    onLost(callback) {
      notifyLost = callback;
    },
    async dispose() {
      disposed = true;
      const last = process ?? starting;
      process = undefined;
      await last?.kill();
      await snapshot?.close();
      source.release();
    },
  };
}

interface LogParts {
  readonly subject: PlatformLogSubject;
  readonly logStreamName: string;
  readonly tell: (make: () => TelemetryEvent) => void;
}

/** The log stream, and what the platform says in it and to extensions. */
function openLogs({ logs: sink, clock, wall }: ExecutionDeps, { place, row }: Deployment, { subject, logStreamName, tell }: LogParts): { readonly log: EnvironmentLog; readonly platform: PlatformLog } {
  const log = openEnvironmentLog(
    { sink, clock, wall, ...(row.logging === undefined ? {} : { applicationLevel: row.logging.applicationLevel }) },
    { account: place.account, region: place.region, logGroupName: row.logGroupName, logStreamName },
  );
  const written =
    row.logging === undefined ? createTextPlatformLog(log, subject, () => wall.now()) : createJsonPlatformLog(log, subject, row.logging, () => clock.now());
  return { log, platform: tellingBoth(written, createPlatformTelemetry(tell, subject, () => wall.now())) };
}

// Written out, here and wherever every invocation passes: a spread costs several times as much.
const requestOf = ({ requestId, event, invokedFunctionArn, clientContext, tenantId }: InvocationInput, deadlineMs: number, traceId: string, receiver: ResponseReceiver | undefined): InvocationRequest => ({
  requestId,
  event,
  deadlineMs,
  invokedFunctionArn,
  clientContext,
  traceId,
  tenantId,
  receiver,
});

function countParts(receiver: ResponseReceiver): { readonly receiver: ResponseReceiver; bytes(): number; hasBegun(): boolean } {
  let bytes = 0;
  let hasBegun = false;
  const onPart: ResponseReceiver['onPart'] = (part, contentType, taken) => {
    hasBegun = true;
    bytes += part.length;
    receiver.onPart(part, contentType, taken);
  };
  return { receiver: { onPart }, bytes: () => bytes, hasBegun: () => hasBegun };
}

interface Conclusion {
  readonly payload: Uint8Array;
  readonly failed: boolean;
  readonly lost: boolean;
  readonly failure?: RunFailure;
  readonly crash?: { readonly text: string; readonly errorType: string };
}

/** What the caller and the log are told about an outcome. */
function conclude({ requestId, receiver }: InvocationInput, outcome: InvocationOutcome | InitOutcome | undefined, timeoutSeconds: number): Conclusion {
  switch (outcome?.kind) {
    case 'response':
      return outcome.payload.length > responsePayloadBytesMax ? tooLarge(responsePayloadBytesMax, false) : { payload: outcome.payload, failed: false, lost: false };
    case 'function-error':
      return { payload: outcome.payload, failed: true, lost: false };
    case 'init-error':
      return { payload: outcome.payload, failed: true, lost: true, failure: { kind: 'error', errorType: errorTypeOf(outcome.payload) } };
    case 'timeout':
      return { ...errorDocument('Sandbox.Timedout', `RequestId: ${requestId} Error: ${timeoutText(timeoutSeconds)}`), lost: true, failure: { kind: 'timeout' } };
    case 'exited': {
      const text = describeExit(outcome.exit);
      const errorType = exitErrorType(outcome.exit);
      // Callers are always told ExitError, as on AWS; the log names the out-of-memory kill.
      return {
        ...errorDocument('Runtime.ExitError', `RequestId: ${requestId} Error: ${text}`),
        lost: true,
        failure: { kind: 'error', errorType },
        crash: { text, errorType: 'Runtime.ExitError' },
      };
    }
    case 'extension-failed': {
      const { errorType, text } = outcome;
      return { ...errorDocument(errorType, `RequestId: ${requestId} Error: ${text}`), lost: true, failure: { kind: 'error', errorType }, crash: { text, errorType } };
    }
    case 'response-too-large':
      return tooLarge(receiver ? streamedBytesMax : responsePayloadBytesMax, true);
    default:
      throw new Error('an environment without a process reported itself ready');
  }
}

function tooLarge(bytesMax: number, lost: boolean): Conclusion {
  const message = `Response payload size exceeded maximum allowed payload size (${bytesMax} bytes).`;
  return { ...errorDocument('Function.ResponseSizeTooLarge', message), lost };
}

const errorDocument = (errorType: string, errorMessage: string): { payload: Uint8Array; failed: true } => ({
  payload: Buffer.from(JSON.stringify({ errorType, errorMessage })),
  failed: true,
});

function initFailure(outcome: InitOutcome): RunFailure | undefined {
  if (outcome.kind === 'ready') return undefined;
  if (outcome.kind === 'extension-failed') return { kind: 'error', errorType: outcome.errorType };
  if (outcome.kind === 'timeout') return { kind: 'timeout' };
  return { kind: 'error', errorType: outcome.kind === 'exited' ? exitErrorType(outcome.exit) : errorTypeOf(outcome.payload) };
}

/** The `errorType` of a runtime's error document, which a custom runtime may have left out or written wrongly. */
function errorTypeOf(payload: Uint8Array): string {
  try {
    const document: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (typeof document === 'object' && document !== null && 'errorType' in document && typeof document.errorType === 'string') {
      return document.errorType.replace(/[^\w.:-]/g, '').slice(0, 128) || 'Runtime.Unknown';
    }
  } catch {
    // Not JSON: a custom runtime may post anything.
  }
  return 'Runtime.Unknown';
}

function streamName(nowMs: number, version: string, random: Random): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/');
  return `${day}/[${version}]${hexId(random, 32)}`;
}
