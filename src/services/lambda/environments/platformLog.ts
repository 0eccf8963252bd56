// What the platform itself says in a function's log: lines of text, or records of the Telemetry API's form, of which the system
// log level decides which are kept. https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
import type { ExtensionEvent } from '../../../sandbox/extensions/environmentApi.ts';
import {
  billedMs, crashLine, endLine, extensionLine, initReportLine, initStartLine, reportLine, restoreReportLine, restoreStartLine, snapshotReportLine, startLine, timeoutLine, usedMegabytes,
} from '../domain/report.ts';
import type { ReportFigures, RunFailure } from '../domain/report.ts';
import type { SampledTrace } from '../domain/trace.ts';
import { isKept } from '../domain/logging.ts';
import type { JsonLogging, SystemLogLevel } from '../domain/logging.ts';
import type { InitializationType } from './deployment.ts';
import type { EnvironmentLog } from './environmentLog.ts';

export interface PlatformLog {
  initStarted(runtime: RuntimeVersion): void;
  /** `phase` is `invoke` when the init was repeated with an invocation. */
  initEnded(durationMs: number, phase: InitPhase, failure: RunFailure | undefined): void;
  /** A version was initialised for its snapshot. */
  snapshotTaken(durationMs: number): void;
  restoreStarted(runtime: RuntimeVersion): void;
  restoreEnded(durationMs: number, failure: RunFailure | undefined): void;
  started(requestId: string, trace?: SampledTrace): void;
  ended(end: InvocationEnd): void;
  /** The figures may be complete a moment later; what is written meanwhile comes after them. */
  reported(figures: ReportFigures | Promise<ReportFigures>): void;
  /** An extension is ready, has failed, or subscribes to something. */
  extension(event: ExtensionEvent): void;
}

export type InitPhase = 'init' | 'invoke';

export interface RuntimeVersion {
  readonly label: string;
  readonly arn: string;
}

export interface InvocationEnd {
  readonly requestId: string;
  readonly durationMs: number;
  readonly producedBytes: number;
  readonly failure: RunFailure | undefined;
  readonly crash: { readonly text: string; readonly errorType: string } | undefined;
}

/** What the records name besides figures. */
export interface PlatformLogSubject {
  readonly functionName: string;
  readonly functionArn: string;
  readonly version: string;
  readonly timeoutSeconds: number;
  readonly initializationType: InitializationType;
}

/** The platform's lines as text. `wallNow` is for the one line that carries a time. */
export function createTextPlatformLog(log: EnvironmentLog, { version, timeoutSeconds }: PlatformLogSubject, wallNow: () => number): PlatformLog {
  return {
    initStarted: (runtime) => log.write(initStartLine(runtime)),
    initEnded(durationMs, phase, failure) {
      if (failure !== undefined) log.write(initReportLine(durationMs, phase, failure));
    },
    snapshotTaken: (durationMs) => log.write(snapshotReportLine(durationMs)),
    restoreStarted: (runtime) => log.write(restoreStartLine(runtime)),
    restoreEnded: (durationMs, failure) => log.write(restoreReportLine(durationMs, failure)),
    started: (requestId) => log.write(startLine(requestId, version)),
    ended({ requestId, failure, crash }) {
      if (failure?.kind === 'timeout') log.write(timeoutLine(requestId, wallNow(), timeoutSeconds));
      if (crash !== undefined) log.write(crashLine(requestId, crash.text, crash.errorType));
      log.write(endLine(requestId));
    },
    reported(figures) {
      if (figures instanceof Promise) log.writeLater(figures.then(reportLine));
      else log.write(reportLine(figures));
    },
    extension: (event) => log.write(extensionLine(event)),
  };
}

/** The platform's records as JSON. `now` is product time, as for all logs. */
export function createJsonPlatformLog(log: EnvironmentLog, subject: PlatformLogSubject, { systemLevel }: JsonLogging, now: () => number): PlatformLog {
  const initType = { initializationType: subject.initializationType };
  const format = (atMs: number, type: string, record: object): string =>
    `${JSON.stringify({ time: new Date(atMs).toISOString(), type: `platform.${type}`, record })}\n`;

  // The guide, "System log level event mapping".
  function write(level: SystemLogLevel, type: string, record: object): void {
    if (isKept(level, systemLevel)) log.write(format(now(), type, record));
  }

  return {
    initStarted({ label, arn }) {
      const { functionName, version } = subject;
      write('INFO', 'initStart', { ...initType, phase: 'init', runtimeVersion: label, runtimeVersionArn: arn, functionName, functionVersion: version });
    },
    initEnded(durationMs, phase, failure) {
      const level = failure === undefined ? 'DEBUG' : 'WARN';
      write(level, 'initRuntimeDone', { ...initType, phase, ...statusOf(failure) });
      write(level, 'initReport', { ...initType, phase, ...statusOf(failure), metrics: { durationMs: roundMs(durationMs) } });
    },
    snapshotTaken: (durationMs) => write('INFO', 'initReport', { ...initType, phase: 'init', status: 'success', metrics: { durationMs: roundMs(durationMs) } }),
    restoreStarted({ label, arn }) {
      const { functionName, version } = subject;
      write('INFO', 'restoreStart', { runtimeVersion: label, runtimeVersionArn: arn, functionName, functionVersion: version });
    },
    restoreEnded(durationMs, failure) {
      const level = failure === undefined ? 'DEBUG' : 'WARN';
      write(level, 'restoreRuntimeDone', statusOf(failure));
      write(level, 'restoreReport', { ...statusOf(failure), metrics: { durationMs: roundMs(durationMs) } });
    },
    started: (requestId, trace) => write('INFO', 'start', { requestId, functionArn: subject.functionArn, version: subject.version, ...tracingOf(trace) }),
    ended({ requestId, durationMs, producedBytes, failure }) {
      const level = failure === undefined ? 'DEBUG' : 'WARN';
      write(level, 'runtimeDone', { requestId, ...statusOf(failure), metrics: { durationMs: roundMs(durationMs), producedBytes } });
    },
    reported(figures) {
      const atMs = now();
      // A failure is a warning and nothing is higher, so only success can be unwanted.
      const lineOf = (known: ReportFigures): string | undefined =>
        known.failure !== undefined || isKept('INFO', systemLevel) ? format(atMs, 'report', reportRecord(known)) : undefined;
      if (figures instanceof Promise) return log.writeLater(figures.then(lineOf));
      const line = lineOf(figures);
      if (line !== undefined) log.write(line);
    },
    extension({ kind, name, state, about, errorType }) {
      const type = kind === 'extension' ? 'extension' : `${kind}Subscription`;
      write('INFO', type, { name, state, ...(kind === 'extension' ? { events: about } : { types: about }), ...(errorType === undefined ? {} : { errorType }) });
    },
  };
}

/** The schema reference, "TraceContext". */
export const tracingOf = (trace: SampledTrace | undefined): object =>
  trace?.segment === undefined ? {} : { tracing: { spanId: trace.segment.segmentId, type: 'X-Amzn-Trace-Id', value: trace.header } };

export function reportRecord(figures: ReportFigures): object {
  const { requestId, durationMs, initDurationMs, memoryMegabytes, failure } = figures;
  const metrics = {
    durationMs: roundMs(durationMs),
    billedDurationMs: billedMs(durationMs, figures.restoreDurationMs ?? (figures.initAhead === true ? 0 : initDurationMs)),
    memorySizeMB: memoryMegabytes,
    maxMemoryUsedMB: usedMegabytes(figures),
    ...(initDurationMs === undefined ? {} : { initDurationMs: roundMs(initDurationMs) }),
    ...(figures.restoreDurationMs === undefined ? {} : { restoreDurationMs: roundMs(figures.restoreDurationMs), billedRestoreDurationMs: billedMs(figures.restoreDurationMs) }),
  };
  return { requestId, metrics, ...statusOf(failure) };
}

export function statusOf(failure: RunFailure | undefined): object {
  if (failure === undefined) return { status: 'success' };
  return failure.kind === 'timeout' ? { status: 'timeout' } : { status: 'error', errorType: failure.errorType };
}

export const roundMs = (durationMs: number): number => Math.round(durationMs * 1_000) / 1_000;
