// A parser of the two kinds of head that the fast path serves: invocations, and whatever names its operation in a field or in a form
// instead of the path, which is every operation of most services. It is strict where HTTP is lenient: whatever two parsers could
// read differently (folded lines, bare line feeds, repeated or odd lengths, transfer codings) is "foreign" and goes to node:http.

import type { RequestHead } from '../../wire/types.ts';
import { fastDocumentBytesMax, fastHeadersMax } from './limits.ts';

export interface FastRequest {
  readonly kind: 'request';
  readonly head: RequestHead;
  /** Bytes of the head, including the empty line. */
  readonly headBytes: number;
  readonly bodyBytes: number;
}

export type HeadReading = FastRequest | { readonly kind: 'partial' } | { readonly kind: 'foreign' };

const partial: HeadReading = { kind: 'partial' };
const foreign: HeadReading = { kind: 'foreign' };

const openings = ['POST / HTTP/1.1\r\n', 'POST /2015-03-31/functions/'];
// The whole head but its last line end. One expression over everything is several times faster than one for each line.
const wellFormed = /^[\x20-\x7e]+(?:\r\n[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
// Invoke (Lambda API reference): a name or ARN, percent-encoded or not, and a query.
const invocationLine = /^POST (\/2015-03-31\/functions\/[A-Za-z0-9_.:$%-]{1,1024}\/invocations)(?:\?([A-Za-z0-9_.:$%~&=+*-]{0,2048}))? HTTP\/1\.1$/;
// No blanks but the usual one: parsers disagree about the others.
const contentLength = /^ ?\d{1,15}$/;

/** Reads the head at the start of `bytes`. */
export function readHead(bytes: Buffer): HeadReading {
  if (!openings.some((opening) => bytes.toString('latin1', 0, Math.min(opening.length, bytes.length)) === opening.slice(0, bytes.length))) return foreign;
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return partial;
  const text = bytes.toString('latin1', 0, end);
  if (!wellFormed.test(text)) return foreign;
  let lineEnd = text.indexOf('\r\n');
  const target = text.startsWith('POST / ') ? root : targetOf(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (!target) return foreign;
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let count = 0; lineEnd >= 0; count += 1) {
    const start = lineEnd + 2;
    const colon = text.indexOf(':', start);
    lineEnd = text.indexOf('\r\n', colon);
    const value = text.slice(colon + 1, lineEnd < 0 ? text.length : lineEnd);
    if (count === fastHeadersMax || !addField(text.slice(start, colon).toLowerCase(), value, headers)) return foreign;
  }
  const length = headers['content-length'];
  if (length === undefined) return foreign;
  const bodyBytes = Number(length);
  if (target === root && !isSmallDocument(headers, bodyBytes)) return foreign;
  return { kind: 'request', head: { method: 'POST', path: target.path, query: target.query, headers }, headBytes: end + 4, bodyBytes };
}

interface Target {
  readonly path: string;
  readonly query: string;
}

const root: Target = { path: '/', query: '' };

function targetOf(line: string): Target | undefined {
  const found = invocationLine.exec(line);
  return found ? { path: found[1] ?? '', query: found[2] ?? '' } : undefined;
}

// JSON protocols name the operation in a field, query protocols in a form. What else is posted to the root, to a bucket by its host name
// for example, is a stream to node:http; so is a document that is taken apart while it comes.
function isSmallDocument(headers: Readonly<Record<string, string>>, bodyBytes: number): boolean {
  return bodyBytes < fastDocumentBytesMax && (headers['x-amz-target'] !== undefined || headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true);
}

/** Adds one header; false when the request is not for the fast path. */
function addField(key: string, rest: string, headers: Record<string, string>): boolean {
  const value = trimBlanks(rest);
  switch (key) {
    case 'transfer-encoding':
    case 'expect':
    case 'upgrade':
    case 'trailer':
    case 'proxy-connection':
      return false;
    case 'host':
      // A function URL may have any path, also that of Invoke; its answer may be a stream.
      if (value.toLowerCase().includes('.lambda-url.')) return false;
      break;
    case 'connection':
      if (value.toLowerCase() !== 'keep-alive') return false;
      break;
    case 'content-length':
      if (headers[key] !== undefined || !contentLength.test(rest)) return false;
      break;
  }
  const known = headers[key];
  headers[key] = known === undefined ? value : `${known}, ${value}`;
  return true;
}

// Not trim(): that would also take away characters which HTTP does not call white space, such as 0xA0.
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
