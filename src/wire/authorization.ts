// Reads who a request claims to be from. Nothing is verified here: see sigv4.ts.

import type { RequestHead } from './types.ts';

export interface V4Credential {
  readonly kind: 'v4';
  readonly place: 'header' | 'query';
  readonly accessKeyId: string;
  /** `YYYYMMDD` of the credential scope. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`, from X-Amz-Date (or Date, converted). */
  readonly timestamp: string;
  /** Presigned requests only. */
  readonly expiresSeconds: number | undefined;
  readonly sessionToken: string | undefined;
}

/** Signature version 2 in the query, which old and new boto3 still use to presign S3. */
export interface V2Credential {
  readonly kind: 'v2';
  readonly accessKeyId: string;
  readonly signature: string;
  /** Seconds since 1970. */
  readonly expiresAtSeconds: number;
  readonly sessionToken: string | undefined;
}

export type AuthenticationProblem =
  | 'missing'
  | 'incomplete'
  | 'unknown-key'
  | 'inactive-key'
  | 'bad-token'
  | 'expired-token'
  | 'bad-signature'
  | 'expired'
  | 'skewed'
  | 'wrong-scope'
  | 'unsigned-headers'
  | 'body-hash';

export interface AuthenticationFailure {
  readonly kind: 'failure';
  readonly problem: AuthenticationProblem;
  readonly message: string;
  /** Further facts S3 puts into its answer (CanonicalRequest, StringToSign, …). */
  readonly members?: Readonly<Record<string, string>>;
}

export type Authorization = V4Credential | V2Credential | AuthenticationFailure;

const algorithm = 'AWS4-HMAC-SHA256';

/** What the request says about its signer: a credential, a malformed attempt, or undefined when it is unsigned. */
export function parseAuthorization(head: RequestHead): Authorization | undefined {
  const header = head.headers['authorization'];
  if (header !== undefined) {
    if (header.startsWith(algorithm)) return parseHeader(header, head);
    if (header.startsWith('AWS ')) return parseV2Header(header, head);
    // Bearer tokens and Basic credentials belong to the services that take them.
    return undefined;
  }
  if (head.query.length === 0) return undefined;
  if (head.query.includes('X-Amz-Credential=') || head.query.includes('X-Amz-Signature=')) return parseQuery(head);
  if (head.query.includes('AWSAccessKeyId=') && head.query.includes('Signature=')) return parseV2Query(head);
  return undefined;
}

// As AWS's clients write it; whatever looks different is taken apart piece by piece.
const usualHeader = /^AWS4-HMAC-SHA256 Credential=([^\s,=]+), ?SignedHeaders=([^\s,=]+), ?Signature=([^\s,=]+)$/;

function parseHeader(header: string, head: RequestHead): Authorization {
  const usual = usualHeader.exec(header);
  const date = head.headers['x-amz-date'];
  if (usual && date !== undefined) {
    return credential('header', { Credential: usual[1] ?? '', SignedHeaders: usual[2] ?? '', Signature: usual[3] ?? '' }, date, head.headers['x-amz-security-token'], undefined);
  }
  const fields: Record<string, string> = {};
  for (const part of header.slice(algorithm.length).split(',')) {
    const text = part.trim();
    if (text === '') continue;
    const equals = text.indexOf('=');
    if (equals < 0) return incomplete(`'${text}' not a valid key=value pair (missing equal-sign) in Authorization header: '${header}'.`);
    fields[text.slice(0, equals)] = text.slice(equals + 1);
  }
  const timestamp = head.headers['x-amz-date'] ?? basicTimestamp(head.headers['date']);
  const problems = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields[name])
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (timestamp === undefined) problems.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (problems.length > 0) return incomplete(`${problems.join(' ')} Authorization=${header.slice(0, algorithm.length)}`);
  return credential('header', fields, timestamp ?? '', head.headers['x-amz-security-token'], undefined);
}

function parseQuery(head: RequestHead): Authorization {
  const query = new URLSearchParams(head.query);
  const fields: Record<string, string> = {};
  for (const name of ['Algorithm', 'Credential', 'Signature', 'SignedHeaders', 'Date', 'Expires']) {
    const value = query.get(`X-Amz-${name}`);
    if (value !== null) fields[name] = value;
  }
  const missing = ['Algorithm', 'Credential', 'Signature', 'SignedHeaders', 'Date'].filter((name) => !fields[name]);
  if (missing.length > 0) return incomplete(missing.map((name) => `AWS query-string parameters must include 'X-Amz-${name}'.`).join(' '));
  if (fields['Algorithm'] !== algorithm) return incomplete(`Unsupported AWS 'algorithm': '${fields['Algorithm']}'.`);
  const expires = fields['Expires'] === undefined ? undefined : Number(fields['Expires']);
  if (expires !== undefined && !(Number.isInteger(expires) && expires >= 0)) return incomplete('X-Amz-Expires should be a number');
  return credential('query', fields, fields['Date'] ?? '', query.get('X-Amz-Security-Token') ?? head.headers['x-amz-security-token'], expires);
}

function credential(
  place: 'header' | 'query',
  fields: Readonly<Record<string, string>>,
  timestamp: string,
  sessionToken: string | undefined,
  expiresSeconds: number | undefined,
): Authorization {
  const scope = fields['Credential'] ?? '';
  const parts = scope.split('/');
  // An access key may not hold a slash, but the scope is read from its end, as AWS does.
  const terminator = parts.at(-1);
  const [date, region, service] = parts.slice(-4, -1);
  const accessKeyId = parts.slice(0, -4).join('/');
  if (parts.length < 5 || !accessKeyId || date === undefined || region === undefined || service === undefined) {
    return incomplete(`Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${scope}'`);
  }
  if (terminator !== 'aws4_request') {
    return { kind: 'failure', problem: 'wrong-scope', message: `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'.` };
  }
  if (Number.isNaN(timestampMs(timestamp))) {
    return incomplete(`Date must be in ISO-8601 'basic format'. Got '${timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601`);
  }
  const signedHeaders = (fields['SignedHeaders'] ?? '').split(';');
  if (!signedHeaders.includes('host') && !signedHeaders.includes(':authority')) {
    return headersNotSigned(['host']);
  }
  return { kind: 'v4', place, accessKeyId, date, region, service, signedHeaders, signature: fields['Signature'] ?? '', timestamp, expiresSeconds, sessionToken };
}

function parseV2Query(head: RequestHead): Authorization | undefined {
  const query = new URLSearchParams(head.query);
  const accessKeyId = query.get('AWSAccessKeyId');
  const signature = query.get('Signature');
  const expires = query.get('Expires');
  if (!accessKeyId || !signature || expires === null) return undefined;
  if (!/^\d{1,12}$/.test(expires)) return incomplete('Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters');
  return { kind: 'v2', accessKeyId, signature, expiresAtSeconds: Number(expires), sessionToken: query.get('x-amz-security-token') ?? undefined };
}

function parseV2Header(header: string, head: RequestHead): Authorization {
  const match = /^AWS ([^:\s]+):(\S+)$/.exec(header);
  if (!match) return incomplete('AWS authorization header is invalid.  Expected AwsAccessKeyId:signature');
  const [, accessKeyId = '', signature = ''] = match;
  return { kind: 'v2', accessKeyId, signature, expiresAtSeconds: Number.POSITIVE_INFINITY, sessionToken: head.headers['x-amz-security-token'] };
}

/** Milliseconds since 1970 of a `YYYYMMDDTHHMMSSZ`; NaN for any other text, and for a day or hour that no calendar has. */
export function timestampMs(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  return parts ? Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`) : NaN;
}

function basicTimestamp(date: string | undefined): string | undefined {
  if (date === undefined) return undefined;
  if (/^\d{8}T\d{6}Z$/.test(date)) return date;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** Refuses headers that would count although their sender need not be the signer. */
export function headersNotSigned(names: readonly string[]): AuthenticationFailure {
  const which = names.includes('host') ? "'Host' or ':authority'" : `'${names[0] ?? ''}'`;
  return {
    kind: 'failure',
    problem: 'unsigned-headers',
    message: `${which} must be a 'SignedHeader' in the AWS Authorization.`,
    members: { HeadersNotSigned: names.join(', ') },
  };
}

function incomplete(message: string): AuthenticationFailure {
  return { kind: 'failure', problem: 'incomplete', message };
}
