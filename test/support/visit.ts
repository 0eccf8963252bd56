import { request } from 'node:http';

export interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Told of every piece as it comes. */
  readonly onPiece?: (piece: string) => void;
}

export interface VisitAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** False when the connection ended before the answer did. */
  readonly isComplete: boolean;
}

/** Asks a URL of this machine whatever its host is: no resolver has to know names below `localhost`. */
export function visit(url: string, { method = 'GET', headers = {}, body, onPiece }: Visit = {}): Promise<VisitAnswer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path: pathname + search, headers: { host, ...headers }, agent: false }, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => {
        pieces.push(piece);
        onPiece?.(piece.toString());
      });
      incoming.on('error', () => undefined);
      incoming.once('close', () => {
        const whole = Buffer.concat(pieces);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: whole, text: whole.toString(), isComplete: incoming.complete });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
