import { parseAuthorization } from '../wire/authorization.ts';
import type { RequestHead, WireResponse } from '../wire/types.ts';
import { isControlPath } from './control.ts';
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

/**
 * Why a page that came out of a bucket must be refused: at the name of a website nothing but the website is served, else its pages, which
 * anybody may have uploaded, could drive the server from its own origin.
 */
export function refuseWebsiteScript(head: RequestHead): string | undefined {
  const { method, path, headers } = head;
  if (!isWebsiteHost(hostName(headers['host'] ?? '') ?? '')) return undefined;
  const isVisit = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  const speaksApi = headers['x-amz-target'] !== undefined || headers['smithy-protocol'] !== undefined || parseAuthorization(head) !== undefined;
  return isVisit && !speaksApi && !isControlPath(path) ? undefined : 'At the address of a website only its pages are served.';
}

/** Whether a made-up key may stand for the administrator in what this page asks: only if whoever wrote it has a server on this machine. */
export function isLocalPage({ headers }: RequestHead): boolean {
  const { origin, host = '' } = headers;
  // What a page only shows comes without an Origin. At a loopback name nothing is of the same site but what this machine serves; pages out
  // of buckets are sandboxed, or of a site of their own.
  if (origin === undefined) return headers['sec-fetch-site'] === 'same-site' && isLoopbackHost(hostName(host) ?? '');
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  // Pages out of buckets and of functions have such names too, whoever wrote them.
  return isLoopbackHost(hostname) && !isWebsiteHost(hostname) && !/\.s3(?:[.-]|$)/.test(hostname) && !hostname.includes('.lambda-url.');
}

const isWebsiteHost = (host: string): boolean => /\.s3-website[.-]/.test(host);

// What a browser does not run as a page.
const inertTypes = /^(?:image\/(?!svg)|audio\/|video\/|font\/|text\/(?:plain|css|csv|javascript)|application\/(?:pdf|zip|json|javascript|octet-stream|x-amz-json|cbor)|binary\/octet-stream)/i;

/**
 * Takes its origin from an object that a browser would show as a page: one that is opened at the server's own address could otherwise
 * send what only the user of this machine may.
 */
export function sandboxPage({ method, headers }: RequestHead, response: WireResponse): WireResponse {
  if (method !== 'GET' || isWebsiteHost(hostName(headers['host'] ?? '') ?? '')) return response;
  const type = response.headers['Content-Type'] ?? response.headers['content-type'] ?? '';
  if (inertTypes.test(type)) return response;
  return { ...response, headers: { ...response.headers, 'Content-Security-Policy': 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts' } };
}

// Clients that are pointed here by a proxy or hosts entry keep AWS's own names; no public page can be served under them.
function isServiceHost(host: string): boolean {
  return host.endsWith('.amazonaws.com') || host.endsWith('.on.aws') || host === 'host.haneul.internal' || host.endsWith('.localhost.localstack.cloud');
}

function isOwnOrigin(origin: string, hostHeader: string): boolean {
  return origin === `http://${hostHeader}` || origin === `https://${hostHeader}`;
}

function hostName(hostHeader: string): string | undefined {
  if (hostHeader === '') return undefined;
  const bracketed = /^\[([^\]]*)\]/.exec(hostHeader);
  return bracketed ? bracketed[1] : hostHeader.replace(/:\d*$/, '').toLowerCase();
}
