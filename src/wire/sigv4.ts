// Signature version 4, both ways: our server verifies it, our command line makes it.
// The steps follow the IAM user guide, "Create a signed AWS API request".

import { createHash, createHmac } from 'node:crypto';
import { equalText } from '../base/equalText.ts';
import { BoundedMap } from '../base/boundedMap.ts';
import { type AuthenticationFailure, headersNotSigned, timestampMs, type V4Credential } from './authorization.ts';
import { clockSkewMsMax, presignSecondsMax, signingKeysMax } from './limits.ts';
import type { RequestHead } from './types.ts';

export const unsignedPayload = 'UNSIGNED-PAYLOAD';
export const emptyBodyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const algorithm = 'AWS4-HMAC-SHA256';

export interface Verification {
  readonly head: RequestHead;
  readonly credential: V4Credential;
  readonly secretAccessKey: string;
  /** The session token that belongs to the key; undefined for long-term keys. */
  readonly sessionToken?: string | undefined;
  /** Lower-case hex SHA-256 of the body, or what stands for it: see `payloadHash` in body.ts. */
  readonly payloadHash: string;
  /** Wall time, never product time. */
  readonly nowMs: number;
  /** Signing names that the addressed service accepts; unchecked when absent. */
  readonly signingNames?: readonly string[];
}

export interface SignatureVerifier {
  /** Undefined when the signature is good, else why it is refused. */
  verify(verification: Verification): AuthenticationFailure | undefined;
  /** Signs the chunks that follow a request whose own signature has been found good. */
  continueFrom(credential: V4Credential, secretAccessKey: string): ChunkSigner;
}

/** The chain of signatures of an `aws-chunked` body; each signature covers the one before it. */
export interface ChunkSigner {
  signChunk(dataHash: string): string;
  signTrailers(trailersHash: string): string;
}

/** A verifier with its own bounded cache of signing keys. */
export function createSignatureVerifier(): SignatureVerifier {
  const keys = new BoundedMap<string, Buffer>(signingKeysMax);

  function signingKey(secret: string, { date, region, service }: Pick<V4Credential, 'date' | 'region' | 'service'>): Buffer {
    const name = `${secret}/${date}/${region}/${service}`;
    const known = keys.get(name);
    if (known) return known;
    const key = deriveKey(secret, date, region, service);
    keys.set(name, key);
    return key;
  }

  return {
    verify(verification) {
      const { credential, secretAccessKey } = verification;
      const problem = scopeProblem(verification) ?? timeProblem(credential, verification.nowMs) ?? tokenProblem(verification);
      if (problem) return problem;
      const key = signingKey(secretAccessKey, credential);
      let first: { canonical: string; stringToSign: string } | undefined;
      for (const canonical of canonicalRequests(verification)) {
        const stringToSign = stringToSignOf(canonical, credential.timestamp, scopeOf(credential));
        if (equalText(hmac(key, stringToSign).toString('hex'), credential.signature)) return unsignedHeaderProblem(verification);
        first ??= { canonical, stringToSign };
      }
      return mismatch(credential, first?.canonical ?? '', first?.stringToSign ?? '');
    },
    continueFrom(credential, secretAccessKey) {
      const key = signingKey(secretAccessKey, credential);
      const place = `${credential.timestamp}\n${scopeOf(credential)}`;
      let previous = credential.signature;
      const sign = (kind: string, rest: string): string => (previous = hmac(key, `${kind}\n${place}\n${previous}\n${rest}`).toString('hex'));
      return {
        signChunk: (dataHash) => sign(`${algorithm}-PAYLOAD`, `${emptyBodyHash}\n${dataHash}`),
        signTrailers: (trailersHash) => sign(`${algorithm}-TRAILER`, trailersHash),
      };
    },
  };
}

function scopeProblem({ credential, signingNames }: Verification): AuthenticationFailure | undefined {
  if (signingNames && !signingNames.includes(credential.service)) {
    return { kind: 'failure', problem: 'wrong-scope', message: `Credential should be scoped to correct service: '${signingNames[0] ?? ''}'. ` };
  }
  if (!credential.timestamp.startsWith(credential.date)) {
    const message = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${credential.date}' != '${credential.timestamp.slice(0, 8)}', from '${credential.timestamp}'.`;
    return { kind: 'failure', problem: 'wrong-scope', message };
  }
  return undefined;
}

function timeProblem(credential: V4Credential, nowMs: number): AuthenticationFailure | undefined {
  // First, because the sentences below compute with it, and there is no such date as a huge number of seconds from now.
  if (credential.expiresSeconds !== undefined && credential.expiresSeconds > presignSecondsMax) {
    return { kind: 'failure', problem: 'incomplete', message: 'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds' };
  }
  const signedMs = timestampMs(credential.timestamp);
  const skewed = (message: string): AuthenticationFailure => ({
    kind: 'failure',
    problem: credential.expiresSeconds === undefined ? 'skewed' : 'expired',
    message,
    members: {
      RequestTime: credential.timestamp,
      ServerTime: new Date(nowMs).toISOString(),
      ...(credential.expiresSeconds === undefined
        ? { MaxAllowedSkewMilliseconds: String(clockSkewMsMax) }
        : { Expires: new Date(signedMs + credential.expiresSeconds * 1000).toISOString(), 'X-Amz-Expires': String(credential.expiresSeconds) }),
    },
  });
  if (signedMs > nowMs + clockSkewMsMax) {
    return skewed(`Signature not yet current: ${credential.timestamp} is still later than ${basic(nowMs + clockSkewMsMax)} (${basic(nowMs)} + 15 min.)`);
  }
  if (credential.expiresSeconds === undefined) {
    if (signedMs >= nowMs - clockSkewMsMax) return undefined;
    return skewed(`Signature expired: ${credential.timestamp} is now earlier than ${basic(nowMs - clockSkewMsMax)} (${basic(nowMs)} - 15 min.)`);
  }
  if (signedMs + credential.expiresSeconds * 1000 >= nowMs) return undefined;
  return skewed(`Signature expired: ${basic(signedMs + credential.expiresSeconds * 1000)} is now earlier than ${basic(nowMs)}`);
}

function tokenProblem({ credential, sessionToken }: Verification): AuthenticationFailure | undefined {
  if (sessionToken === undefined ? credential.sessionToken === undefined : equalText(sessionToken, credential.sessionToken ?? '')) return undefined;
  // A token beside a long-term key is ignored by most services; a wrong or missing one beside a temporary key never is.
  if (sessionToken === undefined) return undefined;
  return { kind: 'failure', problem: 'bad-token', message: 'The security token included in the request is invalid.' };
}

// S3 refuses every such header (S3 API reference, "Create a canonical request": host, Content-MD5 and x-amz-* must be among
// the signed ones). Elsewhere a presigned request is in the hands of others, who must not be able to ask for something else with it.
function unsignedHeaderProblem({ head, credential }: Verification): AuthenticationFailure | undefined {
  const isPresigned = credential.place === 'query';
  const isS3 = credential.service === 's3';
  if (!isS3 && !isPresigned) return undefined;
  const counts = (name: string): boolean => {
    // Browsers' clients add it to presigned requests, which are signed without their body: S3 lets it pass there.
    if (name === 'x-amz-content-sha256') return !isPresigned;
    return name.startsWith('x-amz-') || (name === 'content-md5' && isS3 && !isPresigned);
  };
  const unsigned = Object.keys(head.headers).filter((name) => counts(name) && !credential.signedHeaders.includes(name));
  return unsigned.length === 0 ? undefined : headersNotSigned(unsigned);
}

function mismatch(credential: V4Credential, canonical: string, stringToSign: string): AuthenticationFailure {
  return {
    kind: 'failure',
    problem: 'bad-signature',
    message:
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.' +
      `\n\nThe Canonical String for this request should have been\n'${canonical}'\n\nThe String-to-Sign should have been\n'${stringToSign}'\n`,
    members: {
      AWSAccessKeyId: credential.accessKeyId,
      StringToSign: stringToSign,
      SignatureProvided: credential.signature,
      StringToSignBytes: spacedHex(stringToSign),
      CanonicalRequest: canonical,
      CanonicalRequestBytes: spacedHex(canonical),
    },
  };
}

// The first form is what the guide prescribes. The others are what clients in use produce: unnormalised paths, paths signed from
// their decoded form, and repeated headers joined without a space. They are tried only after the first has failed.
function* canonicalRequests({ head, credential, payloadHash }: Verification): Generator<string> {
  const query = canonicalQuery(head.query, credential.place === 'query');
  const names = credential.signedHeaders.join(';');
  const paths = canonicalPaths(head.path, credential.service);
  for (const joinTightly of [false, true]) {
    const headers = canonicalHeaders(head, credential.signedHeaders, joinTightly);
    for (const path of paths) yield `${head.method}\n${path}\n${query}\n${headers}\n${names}\n${payloadHash}`;
  }
}

const rootOnly: ReadonlySet<string> = new Set(['/']);

function canonicalPaths(path: string, service: string): ReadonlySet<string> {
  const sent = path === '' ? '/' : path;
  if (sent === '/') return rootOnly;
  const single = sent.split('/').map((segment) => encode(decodeQuietly(segment))).join('/');
  // S3 keys may hold `..` and `//`: only there is the path encoded once and never normalised.
  if (service === 's3') return new Set([single, sent]);
  const encodeAgain = (text: string): string => text.split('/').map(encode).join('/');
  return new Set([encodeAgain(normalize(sent)), encodeAgain(normalize(single)), encodeAgain(sent), single]);
}

function normalize(path: string): string {
  if (!path.includes('//') && !path.includes('/.')) return path;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  const slash = path.endsWith('/') && kept.length > 0 ? '/' : '';
  return `/${kept.join('/')}${slash}`;
}

function canonicalQuery(query: string, presigned: boolean): string {
  if (query === '') return '';
  const pairs: [string, string][] = [];
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = encode(decodeQuietly((equals < 0 ? pair : pair.slice(0, equals)).replaceAll('+', ' ')));
    if (presigned && name === 'X-Amz-Signature') continue;
    pairs.push([name, equals < 0 ? '' : encode(decodeQuietly(pair.slice(equals + 1).replaceAll('+', ' ')))]);
  }
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalHeaders(head: RequestHead, names: readonly string[], joinTightly: boolean): string {
  let text = '';
  for (const name of names) {
    const value = head.headers[name] ?? (name === ':authority' ? (head.headers['host'] ?? '') : '');
    const collapsed = value.trim().replace(/ {2,}/g, ' ');
    // node:http hands out header bytes as Latin-1; clients sign UTF-8.
    const trimmed = /[\u0080-\u00ff]/.test(collapsed) ? Buffer.from(collapsed, 'latin1').toString('utf8') : collapsed;
    text += `${name}:${joinTightly ? trimmed.replace(/, /g, ',') : trimmed}\n`;
  }
  return text;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodeQuietly(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function stringToSignOf(canonical: string, timestamp: string, scope: string): string {
  return `${algorithm}\n${timestamp}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
}

function scopeOf({ date, region, service }: Pick<V4Credential, 'date' | 'region' | 'service'>): string {
  return `${date}/${region}/${service}/aws4_request`;
}

function deriveKey(secret: string, date: string, region: string, service: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function spacedHex(text: string): string {
  return Buffer.from(text).toString('hex').replace(/..(?=.)/g, '$& ');
}

/** `YYYYMMDDTHHMMSSZ` of a time. */
function basic(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface RequestToSign {
  readonly method: string;
  /** With scheme, host and query, as it will be sent. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** What stands for the body where the signature does not cover it, for example `STREAMING-UNSIGNED-PAYLOAD-TRAILER`. */
  readonly payloadHash?: string;
  readonly service: string;
  readonly region: string;
  readonly nowMs: number;
}

/** The headers to send with a request: those given, and the signature's. */
export function signRequest(request: RequestToSign, credentials: SigningCredentials): Record<string, string> {
  const url = new URL(request.url);
  const timestamp = basic(request.nowMs);
  const payloadHash = request.payloadHash ?? createHash('sha256').update(request.body ?? '').digest('hex');
  const headers: Record<string, string> = { host: url.host, 'x-amz-date': timestamp };
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  if (request.service === 's3' || request.payloadHash !== undefined) headers['x-amz-content-sha256'] = payloadHash;
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  const signedHeaders = Object.keys(headers).sort();
  const credential = { date: timestamp.slice(0, 8), region: request.region, service: request.service };
  const head: RequestHead = { method: request.method, path: url.pathname, query: url.search.slice(1), headers };
  const signature = signatureOf(head, credential, signedHeaders, payloadHash, timestamp, credentials.secretAccessKey, 'header');
  headers['authorization'] = `${algorithm} Credential=${credentials.accessKeyId}/${scopeOf(credential)}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return headers;
}

/** A URL that anyone may use for `expiresSeconds`. */
export function presignUrl(request: RequestToSign & { readonly expiresSeconds: number }, credentials: SigningCredentials): string {
  const url = new URL(request.url);
  const timestamp = basic(request.nowMs);
  const credential = { date: timestamp.slice(0, 8), region: request.region, service: request.service };
  const headers: Record<string, string> = { host: url.host };
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  const signedHeaders = Object.keys(headers).sort();
  const parameters: Record<string, string> = {
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scopeOf(credential)}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(request.expiresSeconds),
    'X-Amz-SignedHeaders': signedHeaders.join(';'),
    ...(credentials.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': credentials.sessionToken }),
  };
  const added = Object.entries(parameters).map(([name, value]) => `${name}=${encode(value)}`).join('&');
  const query = url.search === '' ? added : `${url.search.slice(1)}&${added}`;
  const head: RequestHead = { method: request.method, path: url.pathname, query, headers };
  const payloadHash = request.service === 's3' ? unsignedPayload : createHash('sha256').update(request.body ?? '').digest('hex');
  const signature = signatureOf(head, credential, signedHeaders, payloadHash, timestamp, credentials.secretAccessKey, 'query');
  return `${url.origin}${url.pathname}?${query}&X-Amz-Signature=${signature}`;
}

function signatureOf(
  head: RequestHead,
  scope: Pick<V4Credential, 'date' | 'region' | 'service'>,
  signedHeaders: readonly string[],
  payloadHash: string,
  timestamp: string,
  secret: string,
  place: 'header' | 'query',
): string {
  const [path = '/'] = canonicalPaths(head.path, scope.service);
  const headers = canonicalHeaders(head, signedHeaders, false);
  const canonical = `${head.method}\n${path}\n${canonicalQuery(head.query, place === 'query')}\n${headers}\n${signedHeaders.join(';')}\n${payloadHash}`;
  return hmac(deriveKey(secret, scope.date, scope.region, scope.service), stringToSignOf(canonical, timestamp, scopeOf(scope))).toString('hex');
}
