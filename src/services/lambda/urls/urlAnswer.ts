// What a function answers, as an HTTP response: payload format 2.0, "Response payload format"
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads).

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Uint8Array | string;
}

export type HttpHead = Omit<HttpAnswer, 'body'>;

/** A buffered response; undefined when it is none that HTTP could carry. */
export function httpAnswer(payload: Uint8Array): HttpAnswer | undefined {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['statusCode'] === undefined) {
    // Inferred: a string is the body, everything else its JSON.
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: typeof value === 'string' ? value : text };
  }
  const head = httpHead(value);
  const body = bodyOf(value);
  return head && body !== undefined ? { ...head, body } : undefined;
}

/** Status, headers and cookies, of a buffered response or the prelude of a streamed one. */
export function httpHead(value: unknown, defaultType = 'application/json'): HttpHead | undefined {
  if (!isRecord(value)) return undefined;
  const { statusCode = 200, headers = {}, cookies = [] } = value;
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) return undefined;
  const fields = headers === null ? {} : fieldsOf(headers);
  if (fields === undefined || !Array.isArray(cookies) || !cookies.every(isFieldValue)) return undefined;
  const { 'set-cookie': own, ...others } = fields;
  return {
    status: statusCode,
    headers: others['content-type'] === undefined ? { 'content-type': defaultType, ...others } : others,
    cookies: own === undefined ? cookies : [own, ...cookies],
  };
}

// What belongs to the connection, and not to the function: told under another name, as on AWS.
const ofConnection = new Set(['connection', 'content-length', 'date', 'keep-alive', 'proxy-authenticate', 'server', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

function fieldsOf(headers: unknown): Record<string, string> | undefined {
  if (!isRecord(headers)) return undefined;
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === null || value === undefined) continue;
    const text = Array.isArray(value) ? value.join(',') : String(value);
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || !isFieldValue(text)) return undefined;
    const key = name.toLowerCase();
    fields.set(ofConnection.has(key) ? `x-amzn-remapped-${key}` : key, text);
  }
  return Object.fromEntries(fields);
}

function bodyOf({ body, isBase64Encoded }: Readonly<Record<string, unknown>>): Uint8Array | string | undefined {
  if (body === undefined || body === null) return '';
  if (typeof body !== 'string') return undefined;
  return isBase64Encoded === true ? Buffer.from(body, 'base64') : body;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isFieldValue = (value: unknown): value is string => typeof value === 'string' && !/[^\t\x20-\x7e\x80-\xff]/.test(value);

const separator = Buffer.alloc(8);

/** The prelude at the start of a streamed response, and where the body begins; undefined while it is not all there. */
export function readPrelude(bytes: Buffer): { readonly head: HttpHead | undefined; readonly bodyStart: number } | undefined {
  const end = bytes.indexOf(separator);
  if (end < 0) return undefined;
  try {
    return { head: httpHead(JSON.parse(bytes.toString('utf8', 0, end)), 'application/octet-stream'), bodyStart: end + separator.length };
  } catch {
    return { head: undefined, bodyStart: end + separator.length };
  }
}
