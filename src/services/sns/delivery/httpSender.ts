// Posts to HTTP endpoints, which may hang, redirect, lie about lengths or never stop talking: each attempt has its time and its bytes, nothing
// of an answer but its status counts, and no redirect is followed.
// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html

import { lookup as resolve } from 'node:dns';
import { request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { httpAnswerBytesMax, httpAnswerMs } from '../limits.ts';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export type PostResult = { readonly kind: 'answered'; readonly status: number } | { readonly kind: 'failed'; readonly reason: string };

export type HttpSender = (post: Post) => Promise<PostResult>;

export interface HttpSenderOptions {
  readonly wall: Clock;
  /** Whether endpoints may be on loopback and on the link, where this server's own things and a cloud's credentials are. */
  readonly mayReachLoopback: boolean;
}

/** Sends one request and answers how it went; never rejects. */
export function createHttpSender({ wall, mayReachLoopback }: HttpSenderOptions): HttpSender {
  const lookup: LookupFunction = (hostname, options, done) =>
    resolve(hostname, options, (error, address, family) => {
      const addresses = Array.isArray(address) ? address.map((one) => one.address) : [address];
      const forbidden = !mayReachLoopback && !error && addresses.some(isForbidden);
      done(forbidden ? new Error('the endpoint has an address that is not to be reached') : error, address as string, family);
    });

  return ({ url, headers, body, signal }) =>
    new Promise<PostResult>((settle) => {
      let target: URL;
      try {
        target = new URL(url);
      } catch {
        return settle({ kind: 'failed', reason: 'the endpoint is no URL' });
      }
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (!mayReachLoopback && isIP(host) !== 0 && isForbidden(host)) return settle({ kind: 'failed', reason: 'the endpoint has an address that is not to be reached' });
      const options: RequestOptions = { method: 'POST', headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }, agent: false, lookup, insecureHTTPParser: false };
      const request = (target.protocol === 'https:' ? requestHttps : requestHttp)(target, options);
      const onAbort = (): void => end({ kind: 'failed', reason: 'the server stops' });
      const cancel = wall.at(wall.now() + httpAnswerMs, () => end({ kind: 'failed', reason: `the endpoint has not answered within ${httpAnswerMs / 1_000} seconds` }));
      const end = (result: PostResult): void => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        request.destroy();
        settle(result);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      request.on('error', (error) => end({ kind: 'failed', reason: error.message }));
      request.on('response', (response) => {
        const result = { kind: 'answered', status: response.statusCode ?? 0 } as const;
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          // It has said what counts.
          if (bytes > httpAnswerBytesMax) end(result);
        });
        response.on('end', () => end(result));
        response.on('error', (error) => end({ kind: 'failed', reason: error.message }));
      });
      request.end(body);
    });
}

const forbidden = new BlockList();
for (const [network, prefix] of [['0.0.0.0', 8], ['127.0.0.0', 8], ['169.254.0.0', 16]] as const) forbidden.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [['::', 127], ['fe80::', 10], ['fd00:ec2::', 32]] as const) forbidden.addSubnet(network, prefix, 'ipv6');

/** Loopback, the link, and where clouds keep credentials. */
export function isForbidden(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isForbidden(mapped);
  return forbidden.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
