// Requests to the endpoints of users. Who may register one chooses where this goes, so everything is bounded: one answer, no redirects,
// five seconds, some kilobytes, and outside local mode no address of the machine itself or of what a cloud tells its machines.

import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as requestPlain, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as requestSecure } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { answerBytesMax, invocationMsMax } from '../limits.ts';

export interface ApiRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | undefined;
  /** Aborts when the server stops. */
  readonly signal: AbortSignal;
}

export type ApiAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: IncomingMessage['headers']; readonly text: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface ApiClient {
  send(request: ApiRequest): Promise<ApiAnswer>;
}

export interface ApiClientOptions {
  readonly wall: Clock;
  /** Local mode: endpoints on this machine, over plain HTTP too. */
  readonly allowsLoopback: boolean;
}

export function createApiClient({ wall, allowsLoopback }: ApiClientOptions): ApiClient {
  return {
    async send(request) {
      const { url, signal } = request;
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowsLoopback)) return { kind: 'unreachable', reason: 'Endpoints are called over HTTPS only.' };
      if (isForbidden(url.hostname, allowsLoopback)) return { kind: 'unreachable', reason: 'The address of the endpoint is not public.' };
      const ending = new AbortController();
      const stop = (): void => ending.abort();
      const cancel = wall.at(wall.now() + invocationMsMax, stop);
      signal.addEventListener('abort', stop, { once: true });
      try {
        return await exchange(request, ending.signal, allowsLoopback);
      } catch (error) {
        if (ending.signal.aborted) return { kind: 'timeout' };
        return { kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) };
      } finally {
        cancel();
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

function exchange({ url, method, headers, body }: ApiRequest, signal: AbortSignal, allowsLoopback: boolean): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) }, signal, agent: false, lookup: lookupWith(allowsLoopback) } as const;
    const request = (url.protocol === 'https:' ? requestSecure : requestPlain)(url, options, (answer) => void readAnswer(answer).then(resolve, reject));
    request.on('error', reject);
    request.end(body);
  });
}

async function readAnswer(answer: IncomingMessage): Promise<ApiAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    pieces.push(piece);
    // Nobody reads the rest: what counts is the status, and a token is never so long.
    if (bytes > answerBytesMax) break;
  }
  answer.destroy();
  return { kind: 'answered', status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(pieces).toString('utf8', 0, answerBytesMax) };
}

const metadata = new BlockList();
for (const [network, bits] of [['0.0.0.0', 8], ['169.254.0.0', 16]] as const) metadata.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [['fe80::', 10], ['fd00:ec2::', 32]] as const) metadata.addSubnet(network, bits, 'ipv6');
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addSubnet('::', 127, 'ipv6');

function isForbidden(host: string, allowsLoopback: boolean): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family === 0) return !allowsLoopback && host === 'localhost';
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  return metadata.check(address, kind) || (!allowsLoopback && loopback.check(address, kind));
}

// Looked up once, and the addresses that were looked at are the ones connected to: a name cannot point elsewhere in between.
const lookupWith = (allowsLoopback: boolean): LookupFunction => (host, options, answer) => {
  dnsLookup(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const allowed = error ? [] : addresses.filter(({ address }) => !isForbidden(address, allowsLoopback));
    const [first] = allowed;
    if (error || !first) answer(error ?? new Error('The address of the endpoint is not public.'), '', 0);
    else if (options.all) answer(null, allowed);
    else answer(null, first.address, first.family);
  });
};
