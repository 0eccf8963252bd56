import type { RequestHead } from '../wire/types.ts';
import { isLoopbackHost } from './options.ts';

const foreignPage = 'Requests from a web page of another origin are refused.';

/**
 * Why a request must be refused before anything looks at it, or undefined. A page in the user's browser may not drive a
 * server on loopback: neither by a cross-origin request nor by a name that was rebound to 127.0.0.1 (design.md §6).
 */
export function refuseForeignRequest(head: RequestHead, listener: { readonly loopback: boolean }): string | undefined {
  return refuseForeignHost(head, listener) ?? (isForeignPage(head) ? foreignPage : undefined);
}

/** The part of it that nothing lets pass: a name that is not this server's. */
export function refuseForeignHost(head: RequestHead, listener: { readonly loopback: boolean }): string | undefined {
  const host = hostName(head.headers['host'] ?? '');
  if (!listener.loopback || host === undefined || isLoopbackHost(host) || isServiceHost(host)) return undefined;
  return `The Host header names "${host}", which is not an address of this server.`;
}

/** Whether a page of another origin is behind a request. */
export function isForeignPage(head: RequestHead): boolean {
  const origin = head.headers['origin'];
  if (origin !== undefined && !isOwnOrigin(origin, head.headers['host'] ?? '')) return true;
  // An image or a link on a foreign page sends no Origin, yet may carry a whole presigned request in its address.
  const site = head.headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

// Clients that are pointed here by a proxy or hosts entry keep AWS's own names; no public page can be served under them.
function isServiceHost(host: string): boolean {
  return host.endsWith('.amazonaws.com') || host === 'host.haneul.internal' || host.endsWith('.localhost.localstack.cloud');
}

function isOwnOrigin(origin: string, hostHeader: string): boolean {
  return origin === `http://${hostHeader}` || origin === `https://${hostHeader}`;
}

function hostName(hostHeader: string): string | undefined {
  if (hostHeader === '') return undefined;
  const bracketed = /^\[([^\]]*)\]/.exec(hostHeader);
  return bracketed ? bracketed[1] : hostHeader.replace(/:\d*$/, '').toLowerCase();
}
