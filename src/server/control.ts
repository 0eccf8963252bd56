import { ServiceError } from '../base/errors.ts';
import { metricsContentType } from '../base/metrics.ts';
import type { WireResponse } from '../wire/types.ts';
import type { Snapshots } from './snapshots.ts';

/** What the control endpoints can see and do. */
export interface ControlTarget {
  health(): object;
  /** In Prometheus' text form. */
  metrics(): string;
  /** The certificate of the server's own authority; undefined when the operator brought one. */
  authorityPem(): string | undefined;
  clock: { now(): number; offsetMs(): number; advance(milliseconds: number): Promise<void> };
  reset(): Promise<void>;
  snapshots: Snapshots;
  /** Answers first, then stops. */
  requestStop(): void;
  serviceStates(): Readonly<Record<string, string>>;
  version: string;
  /** What a user or role may do and what of it it has done; undefined when there is none. Takes an ARN, or the name of a role. */
  accessReport(name: string): Promise<object | undefined>;
  /** What services have sent by e-mail and text message. */
  mailbox: { list(query: URLSearchParams): Promise<object>; clear(query: URLSearchParams): Promise<number> };
  /** Service control policies, for lack of an Organizations service. */
  organization: { current(): object; replace(given: unknown): Promise<object> };
  /** What was denied of late: of one request, or the latest. */
  denials(requestId: string | undefined): readonly object[];
}

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Uint8Array;
  /** The body of a path that takes one of any length. */
  readonly upload?: AsyncIterable<Uint8Array>;
}

type ControlRoute = (target: ControlTarget, request: ControlRequest) => Promise<WireResponse> | WireResponse;

/** The one path whose body is not read before it is served. */
const uploadRoute = 'PUT /_haneul/snapshot';

const routes: Readonly<Record<string, ControlRoute>> = {
  'GET /_haneul/health': (target) => controlAnswer(200, target.health()),
  'GET /_haneul/metrics': (target) => ({ status: 200, headers: { 'content-type': metricsContentType }, body: target.metrics() }),
  'GET /_haneul/authority.pem': ({ authorityPem }) => describeAuthority(authorityPem()),
  'GET /_haneul/clock': ({ clock }) => controlAnswer(200, describeClock(clock)),
  'POST /_haneul/clock': async ({ clock }, { body }) => {
    await clock.advance(requireAdvance(parseBody(body)));
    return controlAnswer(200, describeClock(clock));
  },
  'POST /_haneul/reset': async (target) => {
    await target.reset();
    return controlAnswer(200, { status: 'reset' });
  },
  'POST /_haneul/snapshot': async ({ snapshots }) => {
    const { content, bytes } = await snapshots.save();
    return { status: 200, headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes) }, body: content };
  },
  [uploadRoute]: async ({ snapshots }, { upload }) => {
    if (!upload) throw new ServiceError('BadRequest', 'Send the snapshot as the body.', { status: 400 });
    return controlAnswer(200, { status: 'loaded', ...(await snapshots.load(upload)) });
  },
  'GET /_haneul/denials': (target, { query }) => controlAnswer(200, { denials: target.denials(new URLSearchParams(query).get('requestId') ?? undefined) }),
  'GET /_haneul/access-report': async (target, { query }) => {
    const name = new URLSearchParams(query).get('principal') ?? '';
    const report = await target.accessReport(name);
    return report ? controlAnswer(200, report) : controlAnswer(404, { message: `There is no user or role ${name}.` });
  },
  'GET /_haneul/service-control-policies': ({ organization }) => controlAnswer(200, organization.current()),
  'POST /_haneul/service-control-policies': async ({ organization }, { body }) => controlAnswer(200, await organization.replace(parseBody(body))),
  'GET /_haneul/mailbox': async ({ mailbox }, { query }) => controlAnswer(200, await mailbox.list(new URLSearchParams(query))),
  'DELETE /_haneul/mailbox': async ({ mailbox }, { query }) => controlAnswer(200, { deleted: await mailbox.clear(new URLSearchParams(query)) }),
  'POST /_haneul/stop': (target) => {
    target.requestStop();
    return controlAnswer(200, { status: 'stopping' });
  },
  'GET /_localstack/health': describeForLocalStack,
  'HEAD /_localstack/health': describeForLocalStack,
};

// LocalStack's own path and shape, so that existing wait strategies (Testcontainers, CI scripts) go on working.
function describeForLocalStack({ serviceStates, version }: ControlTarget): WireResponse {
  return controlAnswer(200, { services: serviceStates(), edition: 'haneul', version });
}

function describeAuthority(pem: string | undefined): WireResponse {
  if (pem === undefined) return controlAnswer(404, { message: 'The certificate of this server was brought by its operator (--tls-cert).' });
  return { status: 200, headers: { 'content-type': 'application/x-pem-file' }, body: pem };
}

/** The largest body that a control endpoint reads. */
export const controlBodyBytesMax = 64 * 1024;

/** True for paths that belong to Haneul itself and to no service. */
export function isControlPath(path: string): boolean {
  return path.startsWith('/_haneul/') || isPublicControlPath(path);
}

/** True for what is answered to anyone: wait strategies and container health checks sign nothing, and learn no more than that it runs. */
export function isPublicControlPath(path: string): boolean {
  return path === '/_localstack/health' || path === '/_haneul/authority.pem';
}

/** True for a request whose body is to be handed on as it comes. */
export function isUpload({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return `${method} ${path}` === uploadRoute;
}

/** Serves one control request; the caller has checked that it may be made. */
export async function serveControl(target: ControlTarget, request: ControlRequest): Promise<WireResponse> {
  const serve = routes[`${request.method} ${request.path}`];
  if (!serve) {
    const known = Object.keys(routes).filter((route) => route.endsWith(` ${request.path}`));
    return known.length > 0
      ? controlAnswer(405, { message: `${request.path} takes ${known.map((route) => route.split(' ')[0]).join(' or ')}.` })
      : controlAnswer(404, { message: `There is no ${request.path}. Known: ${Object.keys(routes).join(', ')}.` });
  }
  try {
    return await serve(target, request);
  } catch (error) {
    if (error instanceof ServiceError) return controlAnswer(error.status ?? 400, { message: error.message });
    throw error;
  }
}

export function controlAnswer(status: number, content: object): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(content)}\n` };
}

function parseBody(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new ServiceError('BadRequest', 'The body is not JSON.', { status: 400 });
  }
}

// Ten years at once is more than any schedule needs and keeps dates in range.
const advanceMsMax = 10 * 366 * 86_400_000;

function requireAdvance(body: unknown): number {
  const advanceMs = typeof body === 'object' && body !== null && 'advanceMs' in body ? body.advanceMs : undefined;
  if (typeof advanceMs === 'number' && Number.isFinite(advanceMs) && advanceMs >= 0 && advanceMs <= advanceMsMax) return advanceMs;
  throw new ServiceError('BadRequest', `Send {"advanceMs": N} with 0 <= N <= ${advanceMsMax}: product time only moves forward.`, { status: 400 });
}

function describeClock(clock: ControlTarget['clock']): object {
  return { now: new Date(clock.now()).toISOString(), nowMs: clock.now(), offsetMs: clock.offsetMs() };
}
