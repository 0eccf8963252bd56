// The event of a request to a function URL: payload format 2.0,
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
import type { Caller } from '../../../ports/identity.ts';
import type { Headers } from './crossOrigin.ts';

export interface UrlRequest {
  readonly urlId: string;
  readonly region: string;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly isSecure: boolean;
  readonly sourceIp: string;
  readonly body: Uint8Array;
  readonly requestId: string;
  readonly traceId: string;
  readonly nowMs: number;
  /** Who signed it; undefined where nobody has to. */
  readonly signer?: { readonly caller: Caller; readonly accessKeyId: string | undefined } | undefined;
}

/** The event as JSON. */
export function urlEvent(request: UrlRequest): Buffer {
  const { urlId, region, method, path, query, headers, body, nowMs } = request;
  const { cookie, ...others } = headers;
  const isText = isTextual(headers);
  const authorizer = authorizerOf(request.signer);
  const parameters = queryParameters(query);
  const host = (headers['host'] ?? '').replace(/:\d*$/, '');
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/).filter((part) => part !== '') }),
    headers: {
      ...others,
      'x-amzn-trace-id': request.traceId,
      'x-forwarded-for': request.sourceIp,
      'x-forwarded-proto': request.isSecure ? 'https' : 'http',
      'x-forwarded-port': /:(\d+)$/.exec(headers['host'] ?? '')?.[1] ?? (request.isSecure ? '443' : '80'),
    },
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    requestContext: {
      accountId: authorizer?.iam.accountId ?? 'anonymous',
      apiId: urlId,
      ...(authorizer === undefined ? {} : { authorizer }),
      domainName: host.startsWith(urlId) ? host : `${urlId}.lambda-url.${region}.on.aws`,
      domainPrefix: urlId,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: request.sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: request.requestId,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
  return Buffer.from(JSON.stringify(event));
}

function authorizerOf(signer: UrlRequest['signer']) {
  if (signer === undefined || signer.caller.kind === 'anonymous') return undefined;
  const { account, arn, userId } = signer.caller;
  return {
    iam: { accessKey: signer.accessKeyId ?? null, accountId: account, callerId: userId, cognitoIdentity: null, principalOrgId: null, userArn: arn, userId },
  };
}

// What is not known to be text travels as base64; forms do, too.
function isTextual(headers: Headers): boolean {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return false;
  return /^(?:text\/|application\/(?:(?:[\w.-]+\+)?(?:json|xml)|javascript)\s*(?:;|$))/i.test(headers['content-type'] ?? '');
}

/** Decoded; the values of a name that comes several times are joined by commas. */
function queryParameters(query: string): Record<string, string> | undefined {
  if (query === '') return undefined;
  const found = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    const before = found.get(name);
    found.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(found);
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced; // Whoever sent it meant something else; it is passed on as it is.
  }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(8, 10)}/${months[Number(text.slice(5, 7)) - 1] ?? ''}/${text.slice(0, 4)}:${text.slice(11, 19)} +0000`;
}
