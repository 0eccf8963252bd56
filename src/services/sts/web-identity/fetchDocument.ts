// Fetches the two documents by which an issuer says with which keys it signs. Who may register an issuer chooses where this
// goes, so everything is bounded: one answer, no redirects, some seconds, some kilobytes, and outside local mode no address of
// the machine itself or of what a cloud tells its machines.

import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as requestPlain, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestSecure } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import type { Clock } from '../../../base/clock.ts';
import { systemErrorCode } from '../../../base/errors.ts';
import { documentBytesMax, documentMsMax } from '../limits.ts';

export interface DocumentSource {
  readonly url: URL;
  /** SHA-1 of certificates, lower-case hex. */
  readonly thumbprints: readonly string[];
  readonly wall: Clock;
  /** Local mode: issuers on this machine, over plain HTTP too. */
  readonly allowsLoopback: boolean;
}

/** The certificate is vouched for neither by a public authority nor by a thumbprint. */
export class UntrustedCertificateError extends Error {}

/** The JSON document at an address; throws whatever prevents it. */
export async function fetchDocument(source: DocumentSource): Promise<unknown> {
  const { url, thumbprints, wall, allowsLoopback } = source;
  const isPlain = url.protocol === 'http:' && allowsLoopback && isLoopbackName(url.hostname);
  if (url.protocol !== 'https:' && !isPlain) throw new Error('an issuer is asked over HTTPS only');
  if (!allowsLoopback && isForbidden(url.hostname)) throw new Error('the address of the issuer is not public');
  const ending = new AbortController();
  const cancel = wall.at(wall.now() + documentMsMax, () => ending.abort(new Error('the issuer did not answer in time')));
  try {
    return JSON.parse(await fetchTrusted(url, thumbprints, { signal: ending.signal, lookup: allowsLoopback ? dnsLookup : lookupPublic }));
  } finally {
    cancel();
  }
}

/** Whether a host is this machine by its very name. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

interface Limits {
  readonly signal: AbortSignal;
  readonly lookup: LookupFunction;
}

// User guide, "Obtain the thumbprint for an OpenID Connect identity provider": a public authority is enough; without one the
// thumbprint decides.
async function fetchTrusted(url: URL, thumbprints: readonly string[], limits: Limits): Promise<string> {
  try {
    return await fetchText(url, limits, {});
  } catch (error) {
    if (!isCertificateError(error)) throw error;
    const pinned = thumbprints.length === 0 ? undefined : await findPinned(url, thumbprints, limits);
    if (pinned === undefined) throw new UntrustedCertificateError('the certificate of the issuer is not trusted', { cause: error });
    return await fetchText(url, limits, { ca: pinned, allowPartialTrustChain: true });
  }
}

function isCertificateError(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|INVALID_CA/.test(systemErrorCode(error) ?? '');
}

function fetchText(url: URL, { signal, lookup }: Limits, trust: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { signal, lookup, agent: false, headers: { accept: 'application/json', 'user-agent': 'haneul' }, ...trust };
    const request = (url.protocol === 'https:' ? requestSecure : requestPlain)(url, options, (answer) => void readText(answer).then(resolve, reject));
    request.on('error', reject);
    request.end();
  });
}

async function readText(answer: IncomingMessage): Promise<string> {
  if (answer.statusCode !== 200) {
    answer.destroy();
    throw new Error(`the issuer answered ${answer.statusCode}`);
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > documentBytesMax) throw new Error('the document of the issuer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** The certificate that a thumbprint names, among those that the server shows. */
function findPinned(url: URL, thumbprints: readonly string[], { signal, lookup }: Limits): Promise<string | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    // Nothing is sent or believed here: the certificate found is what the real request is then verified against.
    const socket = connect({ host, port: Number(url.port || 443), lookup, rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) });
    const end = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
    socket.on('close', () => signal.removeEventListener('abort', end));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve(pinnedIn(socket.getPeerCertificate(true), thumbprints));
      socket.destroy();
    });
  });
}

function pinnedIn(leaf: DetailedPeerCertificate, thumbprints: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let certificate = leaf; certificate?.raw && !seen.has(certificate.fingerprint256); certificate = certificate.issuerCertificate) {
    seen.add(certificate.fingerprint256);
    if (!thumbprints.includes(certificate.fingerprint.replaceAll(':', '').toLowerCase())) continue;
    return `-----BEGIN CERTIFICATE-----\n${certificate.raw.toString('base64')}\n-----END CERTIFICATE-----\n`;
  }
  return undefined;
}

const ownAddresses = new BlockList();
for (const [network, bits] of [['0.0.0.0', 8], ['127.0.0.0', 8], ['169.254.0.0', 16]] as const) ownAddresses.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [['::', 127], ['fe80::', 10], ['fd00:ec2::', 32]] as const) ownAddresses.addSubnet(network, bits, 'ipv6');

function isForbidden(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return isLoopbackName(host) || (family !== 0 && ownAddresses.check(address, family === 6 ? 'ipv6' : 'ipv4'));
}

// Looked up once, and the addresses that were looked at are the ones connected to: a name cannot point elsewhere in between.
const lookupPublic: LookupFunction = (host, options, answer) => {
  dnsLookup(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const allowed = error ? [] : addresses.filter(({ address }) => !isForbidden(address));
    const [first] = allowed;
    if (error || !first) answer(error ?? new Error('the address of the issuer is not public'), '', 0);
    else if (options.all) answer(null, allowed);
    else answer(null, first.address, first.family);
  });
};
