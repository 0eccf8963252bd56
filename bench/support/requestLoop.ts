import { Agent, request } from 'node:http';

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface LoopPlan {
  readonly port: number;
  /** Makes the next request; undefined when there is none left. */
  readonly next: () => SentRequest | undefined;
  readonly onAnswer?: (body: Buffer) => void;
  readonly connections: number;
  readonly milliseconds: number;
}

export interface LoopResult {
  readonly perSecond: number;
  readonly p50Milliseconds: number;
  readonly failed: number;
  readonly bytesPerSecond: number;
}

/** The same closed loop for every server, over node:http, which reads whatever they answer: slower than loadHttp.ts, and fair. */
export async function loopRequests({ port, next, onAnswer, connections, milliseconds }: LoopPlan): Promise<LoopResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let failed = 0;
  let received = 0;
  const startedAt = performance.now();
  const deadline = startedAt + milliseconds;
  const work = async (): Promise<void> => {
    while (performance.now() < deadline) {
      const sent = next();
      if (!sent) return;
      const sentAt = performance.now();
      try {
        const { status, body, bytes } = await sendOne(agent, port, sent, onAnswer !== undefined);
        received += bytes;
        if (status >= 300) failed += 1;
        else onAnswer?.(body);
      } catch {
        failed += 1;
      }
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  return {
    perSecond: Math.round((latencies.length - failed) / seconds),
    p50Milliseconds: Number((latencies[Math.floor(latencies.length / 2)] ?? 0).toFixed(2)),
    failed,
    bytesPerSecond: Math.round(received / seconds),
  };
}

/** One request and its whole answer. */
export function sendOne(agent: Agent | undefined, port: number, { method, path, headers, body = '' }: SentRequest, isKept = true): Promise<{ readonly status: number; readonly body: Buffer; readonly bytes: number }> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body as string);
    const sent = request({ ...(agent ? { agent } : {}), host: '127.0.0.1', port, method, path, headers: { ...headers, 'content-length': bytes.length }, timeout: 20_000 }, (answer) => {
      const chunks: Buffer[] = [];
      let received = 0;
      answer.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (isKept) chunks.push(chunk);
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks), bytes: received })).on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer'))).on('error', reject);
    sent.end(bytes);
  });
}

/** The header fields of a request that is signed with a key that nobody verifies; s3rver knows only this one. */
export function signedHeaders(service: string): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const authorization = `AWS4-HMAC-SHA256 Credential=S3RVER/${date.slice(0, 8)}/us-east-1/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
  return { 'x-amz-date': date, authorization, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
}
