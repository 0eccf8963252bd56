// The lines that the platform itself writes into a function's log. Their form is what log parsers everywhere expect:
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html and lambda-runtime-environment.html.

export interface ReportFigures {
  readonly requestId: string;
  readonly durationMs: number;
  /** Only for the invocation that a successful init preceded. */
  readonly initDurationMs?: number | undefined;
  /** The init was over before the invocation came (provisioned concurrency): it is told, but not billed with it. */
  readonly initAhead?: boolean;
  /** The same for a restore from a snapshot. */
  readonly restoreDurationMs?: number | undefined;
  readonly memoryMegabytes: number;
  readonly memoryPeakBytes: number;
  readonly failure?: RunFailure | undefined;
  /** When the request is traced. */
  readonly segment?: Segment | undefined;
}

export interface Segment {
  readonly traceId: string;
  readonly segmentId: string;
}

/** Failures of the environment; what a handler throws is none. */
export type RunFailure = { readonly kind: 'timeout' } | { readonly kind: 'error'; readonly errorType: string };

export const startLine = (requestId: string, version: string): string => `START RequestId: ${requestId} Version: ${version}\n`;

export const endLine = (requestId: string): string => `END RequestId: ${requestId}\n`;

export const initStartLine = (runtime: { readonly label: string; readonly arn: string }): string =>
  `INIT_START Runtime Version: ${runtime.label}\tRuntime Version ARN: ${runtime.arn}\n`;

export const initReportLine = (durationMs: number, phase: 'init' | 'invoke', failure: RunFailure): string =>
  `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: ${phase}\t${statusFields(failure)}\n`;

/** The guide, "Monitoring for Lambda SnapStart": the init of a version is told whether it fails or not. */
export const snapshotReportLine = (durationMs: number): string => `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\n`;

export const restoreStartLine = (runtime: { readonly label: string; readonly arn: string }): string =>
  `RESTORE_START Runtime Version: ${runtime.label}\tRuntime Version ARN: ${runtime.arn}\n`;

export const restoreReportLine = (durationMs: number, failure: RunFailure | undefined): string =>
  `RESTORE_REPORT Restore Duration: ${durationMs.toFixed(2)} ms${failure === undefined ? '' : `\t${statusFields(failure)}`}\n`;

export const timeoutLine = (requestId: string, wallMs: number, timeoutSeconds: number): string =>
  `${new Date(wallMs).toISOString()} ${requestId} ${timeoutText(timeoutSeconds)}\n\n`;

export const timeoutText = (timeoutSeconds: number): string => `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;

export const crashLine = (requestId: string, text: string, errorType: string): string => `RequestId: ${requestId} Error: ${text}\n${errorType}\n`;

/** What the text log says of extensions: `EXTENSION`, `TELEMETRY` and `LOGS` lines. */
export function extensionLine({ kind, name, state, about, errorType }: ExtensionFacts): string {
  const fields = [kind.toUpperCase(), `Name: ${name}`, `State: ${state}`, `${kind === 'extension' ? 'Events' : 'Types'}: [${about.join(',')}]`];
  return `${[...fields, ...(errorType === undefined ? [] : [`Error Type: ${errorType}`])].join('\t')}\n`;
}

interface ExtensionFacts {
  readonly kind: 'extension' | 'telemetry' | 'logs';
  readonly name: string;
  readonly state: string;
  readonly about: readonly string[];
  readonly errorType?: string;
}

/** Since August 2025 the init before an invocation is billed with it (facts: Lambda billing). */
export const billedMs = (durationMs: number, initDurationMs = 0): number => Math.max(1, Math.ceil(durationMs + initDurationMs));

/** Never more than the function may use: what the sandbox itself takes is not the function's. */
export const usedMegabytes = ({ memoryMegabytes, memoryPeakBytes }: Pick<ReportFigures, 'memoryMegabytes' | 'memoryPeakBytes'>): number =>
  Math.min(memoryMegabytes, Math.max(1, Math.ceil(memoryPeakBytes / 2 ** 20)));

export function reportLine(figures: ReportFigures): string {
  const { requestId, durationMs, initDurationMs, failure } = figures;
  const fields = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${billedMs(durationMs, figures.restoreDurationMs ?? (figures.initAhead === true ? 0 : initDurationMs))} ms`,
    `Memory Size: ${figures.memoryMegabytes} MB`,
    `Max Memory Used: ${usedMegabytes(figures)} MB`,
  ];
  if (initDurationMs !== undefined) fields.push(`Init Duration: ${initDurationMs.toFixed(2)} ms`);
  if (figures.restoreDurationMs !== undefined) fields.push(`Restore Duration: ${figures.restoreDurationMs.toFixed(2)} ms`, `Billed Restore Duration: ${billedMs(figures.restoreDurationMs)} ms`);
  // AWS ends the line with a tab unless a status follows.
  const traced = figures.segment === undefined ? '' : `XRAY TraceId: ${figures.segment.traceId}\tSegmentId: ${figures.segment.segmentId}\tSampled: true\t\n`;
  return `${fields.join('\t')}\t${failure === undefined ? '' : statusFields(failure)}\n${traced}`;
}

const statusFields = (failure: RunFailure): string =>
  failure.kind === 'timeout' ? 'Status: timeout' : `Status: error\tError Type: ${failure.errorType}`;
