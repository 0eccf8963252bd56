import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** 0 when the server closed without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export interface RawOptions {
  /** Resolve with what has arrived after this time, even though the connection is still open. */
  readonly waitMs?: number;
  /** Half-close after sending, as a client that was cut off. */
  readonly end?: boolean;
}

/** Sends bytes as they are and answers every response that comes back, in order. For requests that no client would make. */
export function sendRaw(port: number, bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer[]> {
  const { waitMs = 5_000, end = false } = options;
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(parseAnswers(Buffer.concat(chunks)));
    };
    const timer = setTimeout(done, waitMs);
    socket.on('connect', () => (end ? socket.end(bytes) : socket.write(bytes)));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', done);
    // The server may close while we still write: what counts is what it had answered by then.
    socket.on('error', (error) => ('code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE') ? done() : reject(error)));
  });
}

/** One request, one answer. */
export async function sendOne(port: number, bytes: string | Buffer, options?: RawOptions): Promise<RawAnswer> {
  const [first] = await sendRaw(port, bytes, options);
  return first ?? { status: 0, head: '', body: '' };
}

/** What tells the local root user: unknown keys need no valid signature on loopback. */
export function rootAuthorization(service: string): Readonly<Record<'Authorization' | 'X-Amz-Date', string>> {
  return {
    Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    'X-Amz-Date': new Date().toISOString().replace(/[-:]|\.\d{3}/g, ''),
  };
}

/** A request head that the local root user could have sent. */
export function requestHead(line: string, service: string, headers: Readonly<Record<string, string | number>> = {}): string {
  const all: Record<string, string | number> = {
    Host: '127.0.0.1',
    ...rootAuthorization(service),
    Connection: 'close',
    ...headers,
  };
  return `${line} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** Opens a connection and leaves it alone. */
export function openIdle(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => undefined);
  });
}

function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return answers;
    const head = rest.subarray(0, headEnd).toString('latin1');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
    const length = /^content-length: (\d+)/im.exec(head)?.[1];
    const bodyEnd = status === 100 || status === 204 ? headEnd + 4 : length === undefined ? rest.length : headEnd + 4 + Number(length);
    answers.push({ status, head, body: rest.subarray(headEnd + 4, bodyEnd).toString('utf8') });
    rest = rest.subarray(bodyEnd);
  }
}
