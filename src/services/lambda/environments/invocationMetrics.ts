// What Lambda tells CloudWatch of every invocation: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
import { BoundedMap } from '../../../base/boundedMap.ts';
import type { Clock } from '../../../base/clock.ts';
import type { MetricRecorder, MetricSeries } from '../../../ports/metrics.ts';
import { parseFunctionArn } from '../domain/functionName.ts';
import type { Deployment } from './deployment.ts';
import type { ProvisionedStatus } from './provisioned.ts';

export interface InvocationFigures {
  readonly deployment: Deployment;
  readonly invokedFunctionArn: string;
}

export interface Concurrency {
  /** Of the account and region. */
  readonly account: number;
  /** Of functions that have reserved nothing. */
  readonly unreserved: number;
  readonly function: number;
}

export interface ProvisionedFigures extends Pick<ProvisionedStatus, 'allocated' | 'busy'> {
  /** False when an invocation found all of them busy. */
  readonly served: boolean;
}

export interface InvocationMetrics {
  started(figures: InvocationFigures, running: Concurrency): void;
  ended(figures: InvocationFigures, durationMs: number, failed: boolean): void;
  throttled(figures: InvocationFigures): void;
  /** Of a version or alias for which environments are provisioned, at each invocation. */
  provisioned(figures: InvocationFigures, status: ProvisionedFigures): void;
}

/** Functions, versions and aliases whose series are kept; the others' are asked for again. */
const keptMax = 2_000;

type Recorder = (name: string, unit: string, value: number, atMs: number) => void;

export function createInvocationMetrics(recorder: MetricRecorder, clock: Clock): InvocationMetrics {
  const kept = new BoundedMap<string, Recorder>(keptMax);

  function cached(key: string, make: () => Recorder): Recorder {
    const known = kept.get(key) ?? make();
    kept.set(key, known);
    return known;
  }

  function recorderOf({ account, region }: Deployment['place'], sets: readonly Readonly<Record<string, string>>[]): Recorder {
    const series = new Map<string, readonly MetricSeries[]>();
    return (name, unit, value, atMs) => {
      let all = series.get(name);
      if (all === undefined) {
        all = sets.map((dimensions) => recorder.series({ account, region, namespace: 'AWS/Lambda', name, dimensions, unit }));
        series.set(name, all);
      }
      for (const one of all) one.record(value, atMs);
    };
  }

  // "Dimensions" of the page: the function; with the version or alias that was named; with what an alias led to; and none.
  function ofInvocation({ deployment: { place, name, row }, invokedFunctionArn }: InvocationFigures): Recorder {
    return cached(`${invokedFunctionArn}/${row.version}`, () => {
      const qualifier = parseFunctionArn(invokedFunctionArn)?.qualifier;
      const resource = qualifier === undefined ? name : `${name}:${qualifier}`;
      const executed = qualifier === undefined || qualifier === row.version ? [] : [{ FunctionName: name, Resource: resource, ExecutedVersion: row.version }];
      return recorderOf(place, [{}, { FunctionName: name }, { FunctionName: name, Resource: resource }, ...executed]);
    });
  }

  const ofFunction = ({ deployment: { place, name } }: InvocationFigures): Recorder =>
    cached(`${place.account}/${place.region}/${name}`, () => recorderOf(place, [{ FunctionName: name }]));

  const ofPlace = ({ deployment: { place } }: InvocationFigures): Recorder => cached(`${place.account}/${place.region}`, () => recorderOf(place, [{}]));

  return {
    started(figures, running) {
      const atMs = clock.now();
      ofFunction(figures)('ConcurrentExecutions', 'Count', running.function, atMs);
      ofPlace(figures)('ConcurrentExecutions', 'Count', running.account, atMs);
      ofPlace(figures)('UnreservedConcurrentExecutions', 'Count', running.unreserved, atMs);
    },
    ended(figures, durationMs, failed) {
      const atMs = clock.now();
      const record = ofInvocation(figures);
      record('Invocations', 'Count', 1, atMs);
      record('Errors', 'Count', failed ? 1 : 0, atMs);
      record('Throttles', 'Count', 0, atMs);
      record('Duration', 'Milliseconds', durationMs, atMs);
    },
    throttled: (figures) => ofInvocation(figures)('Throttles', 'Count', 1, clock.now()),
    provisioned(figures, { allocated, busy, served }) {
      const atMs = clock.now();
      const record = ofInvocation(figures);
      record('ProvisionedConcurrentExecutions', 'Count', busy, atMs);
      record('ProvisionedConcurrencyUtilization', 'Count', allocated === 0 ? 0 : busy / allocated, atMs);
      record('ProvisionedConcurrencyInvocations', 'Count', served ? 1 : 0, atMs);
      record('ProvisionedConcurrencySpilloverInvocations', 'Count', served ? 0 : 1, atMs);
    },
  };
}

/** An invocation was stopped because it would have been one too many of a loop. */
export function recordDropped(recorder: MetricRecorder, functionArn: string, at: number): void {
  const found = parseFunctionArn(functionArn);
  if (!found) return;
  const { account, region, name: FunctionName } = found;
  recorder.record({ account, region, namespace: 'AWS/Lambda', name: 'RecursiveInvocationsDropped', dimensions: { FunctionName }, unit: 'Count', value: 1, at });
}
