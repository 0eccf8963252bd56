// The same as the platform's log, for extensions that subscribe to it. https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
import type { TelemetryEvent } from '../../../sandbox/extensions/types.ts';
import { reportRecord, roundMs, statusOf, tracingOf } from './platformLog.ts';
import type { PlatformLog, PlatformLogSubject } from './platformLog.ts';

/** `tell` makes the event only if somebody wants it. */
export function createPlatformTelemetry(tell: (make: () => TelemetryEvent) => void, { functionName, version, initializationType }: PlatformLogSubject, wallNow: () => number): PlatformLog {
  const send = (type: string, makeRecord: () => unknown): void => {
    const atMs = wallNow();
    tell(() => ({ type: `platform.${type}`, atMs, record: makeRecord() }));
  };
  return {
    initStarted: ({ label, arn }) =>
      send('initStart', () => ({ initializationType, phase: 'init', runtimeVersion: label, runtimeVersionArn: arn, functionName, functionVersion: version })),
    initEnded(durationMs, phase, failure) {
      send('initRuntimeDone', () => ({ initializationType, phase, ...statusOf(failure) }));
      send('initReport', () => ({ initializationType, phase, ...statusOf(failure), metrics: { durationMs: roundMs(durationMs) } }));
    },
    snapshotTaken: (durationMs) => send('initReport', () => ({ initializationType, phase: 'init', status: 'success', metrics: { durationMs: roundMs(durationMs) } })),
    restoreStarted: ({ label, arn }) => send('restoreStart', () => ({ runtimeVersion: label, runtimeVersionArn: arn, functionName, functionVersion: version })),
    restoreEnded(durationMs, failure) {
      send('restoreRuntimeDone', () => statusOf(failure));
      send('restoreReport', () => ({ ...statusOf(failure), metrics: { durationMs: roundMs(durationMs) } }));
    },
    started: (requestId, trace) => send('start', () => ({ requestId, version, ...tracingOf(trace) })),
    ended({ requestId, durationMs, producedBytes, failure, crash }) {
      if (crash !== undefined) send('fault', () => `RequestId: ${requestId} Error: ${crash.text}\n${crash.errorType}`);
      send('runtimeDone', () => ({ requestId, ...statusOf(failure), metrics: { durationMs: roundMs(durationMs), producedBytes } }));
    },
    reported(figures) {
      if (figures instanceof Promise) void figures.then((known) => send('report', () => reportRecord(known)));
      else send('report', () => reportRecord(figures));
    },
    // What extensions do themselves they are told where it happens.
    extension: () => undefined,
  };
}

/** Tells both. */
export const tellingBoth = (first: PlatformLog, second: PlatformLog): PlatformLog => ({
  initStarted(runtime) {
    first.initStarted(runtime);
    second.initStarted(runtime);
  },
  initEnded(durationMs, phase, failure) {
    first.initEnded(durationMs, phase, failure);
    second.initEnded(durationMs, phase, failure);
  },
  snapshotTaken(durationMs) {
    first.snapshotTaken(durationMs);
    second.snapshotTaken(durationMs);
  },
  restoreStarted(runtime) {
    first.restoreStarted(runtime);
    second.restoreStarted(runtime);
  },
  restoreEnded(durationMs, failure) {
    first.restoreEnded(durationMs, failure);
    second.restoreEnded(durationMs, failure);
  },
  started(requestId, trace) {
    first.started(requestId, trace);
    second.started(requestId, trace);
  },
  ended(end) {
    first.ended(end);
    second.ended(end);
  },
  reported(figures) {
    first.reported(figures);
    second.reported(figures);
  },
  extension(event) {
    first.extension(event);
    second.extension(event);
  },
});
