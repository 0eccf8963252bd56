import { connect } from 'node:net';

export interface LoadPlan {
  readonly port: number;
  /** One whole request, as it goes over the wire, sent again and again; or what makes the next one. */
  readonly request: Buffer | (() => Buffer);
  /** Sees each whole answer. */
  readonly onAnswer?: (answer: Buffer) => void;
  readonly connections: number;
  readonly requests: number;
  /** Ends the run early; what was answered until then counts. */
  readonly millisecondsMax: number;
}

export interface LoadResult {
  readonly answered: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
}

/**
 * A closed loop over keep-alive connections: each sends its next request when the last answer is complete. Our own, because
 * the measured path and its yardstick must meet the same client, and no tool has to be installed. Reads only what Haneul and
 * the yardstick send: `content-length` bodies.
 */
export async function loadHttp(plan: LoadPlan): Promise<LoadResult> {
  const latencies: number[] = [];
  let failed = 0;
  let left = plan.requests;
  const startedAt = performance.now();
  const deadline = startedAt + plan.millisecondsMax;
  const mayGoOn = (): boolean => left > 0 && performance.now() < deadline;
  await Promise.all(
    Array.from({ length: plan.connections }, () =>
      useConnection(plan, mayGoOn, () => (left -= 1), (milliseconds, ok) => {
        latencies.push(milliseconds);
        if (!ok) failed += 1;
      }),
    ),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number => Math.round((latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0) * 1_000);
  return {
    answered: latencies.length,
    failed,
    perSecond: Math.round(latencies.length / seconds),
    p50Microseconds: quantile(0.5),
    p99Microseconds: quantile(0.99),
  };
}

function useConnection(
  plan: LoadPlan,
  mayGoOn: () => boolean,
  take: () => void,
  record: (milliseconds: number, ok: boolean) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: plan.port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let received: Buffer = Buffer.alloc(0);
    const next = (): void => {
      if (!mayGoOn()) {
        socket.destroy();
        return resolve();
      }
      take();
      sentAt = performance.now();
      socket.write(typeof plan.request === 'function' ? plan.request() : plan.request);
    };
    socket.once('connect', next);
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const length = wholeLength(received);
      if (length === undefined || received.length < length) return;
      const ok = received[9] === 0x32 && !/\r\nx-amz-function-error:/i.test(received.toString('latin1', 0, Math.min(length, 2_048)));
      plan.onAnswer?.(received.subarray(0, length));
      received = received.subarray(length);
      record(performance.now() - sentAt, ok);
      next();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}

/** How many bytes the first answer in the buffer has, once its head is complete. */
function wholeLength(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const declared = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (declared === undefined) throw new Error(`an answer without content-length cannot be measured:\n${head}`);
  return headEnd + 4 + Number(declared);
}

/** Header fields as an SDK sends them, with a signature of a key that Haneul did not issue. */
export function signedHeaders(service: string): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  return {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=test/${date.slice(0, 8)}/us-east-1/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  };
}

/** One whole HTTP/1.1 request. */
export function wholeRequest(line: string, headers: Readonly<Record<string, string>>, body = ''): Buffer {
  const lines = [`${line} HTTP/1.1`, 'host: 127.0.0.1', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), `content-length: ${Buffer.byteLength(body)}`];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

export function postRequest(path: string, body: string, service: string): Buffer {
  return wholeRequest(`POST ${path}`, { 'content-type': 'application/json', ...signedHeaders(service) }, body);
}

/** A request of the JSON protocols: `target` as in `AmazonSQS.SendMessage`. */
export function jsonRequest(service: string, target: string, input: object, version: '1.0' | '1.1' = '1.1'): Buffer {
  return wholeRequest('POST /', { 'x-amz-target': target, 'content-type': `application/x-amz-json-${version}`, ...signedHeaders(service) }, JSON.stringify(input));
}

/** A request of the query protocols. */
export function formRequest(service: string, parameters: Readonly<Record<string, string>>): Buffer {
  return wholeRequest('POST /', { 'content-type': 'application/x-www-form-urlencoded', ...signedHeaders(service) }, new URLSearchParams(parameters).toString());
}
