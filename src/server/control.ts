import { ServiceError } from '../base/errors.ts';
import type { WireResponse } from '../wire/types.ts';

/** What the control endpoints can see and do. */
export interface ControlTarget {
  health(): object;
  clock: { now(): number; offsetMs(): number; advance(milliseconds: number): Promise<void> };
  reset(): Promise<void>;
  /** Answers first, then stops. */
  requestStop(): void;
  serviceStates(): Readonly<Record<string, string>>;
}

type ControlRoute = (target: ControlTarget, body: unknown) => Promise<object> | object;

const routes: Readonly<Record<string, ControlRoute>> = {
  'GET /_haneul/health': (target) => target.health(),
  'GET /_haneul/clock': ({ clock }) => describeClock(clock),
  'POST /_haneul/clock': async ({ clock }, body) => {
    await clock.advance(requireAdvance(body));
    return describeClock(clock);
  },
  'POST /_haneul/reset': async (target) => {
    await target.reset();
    return { status: 'reset' };
  },
  'POST /_haneul/stop': (target) => {
    target.requestStop();
    return { status: 'stopping' };
  },
  // LocalStack's own path and shape, so that existing wait strategies (Testcontainers, CI scripts) go on working.
  'GET /_localstack/health': (target) => ({ services: target.serviceStates(), edition: 'haneul', version: '0' }),
};

/** The largest body that a control endpoint reads. */
export const controlBodyBytesMax = 64 * 1024;

/** True for paths that belong to Haneul itself and to no service. */
export function isControlPath(path: string): boolean {
  return path.startsWith('/_haneul/') || path === '/_localstack/health';
}

/** Serves one control request; the caller has checked that it may be made. */
export async function serveControl(target: ControlTarget, request: { method: string; path: string; body: Uint8Array }): Promise<WireResponse> {
  const serve = routes[`${request.method} ${request.path}`];
  if (!serve) {
    const known = Object.keys(routes).filter((route) => route.endsWith(` ${request.path}`));
    return known.length > 0
      ? controlAnswer(405, { message: `${request.path} takes ${known.map((route) => route.split(' ')[0]).join(' or ')}.` })
      : controlAnswer(404, { message: `There is no ${request.path}. Known: ${Object.keys(routes).join(', ')}.` });
  }
  try {
    return controlAnswer(200, await serve(target, parseBody(request.body)));
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
