// The CORS settings of a function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors. The URL answers
// preflights itself, and its fields take precedence over what the function answers.
import type { UrlCors } from './urlStore.ts';

export type Headers = Readonly<Record<string, string>>;

/** The answer's fields to a preflight; undefined for a request that is none, or a URL without settings: that one the function answers. */
export function preflightHeaders(cors: UrlCors | undefined, method: string, headers: Headers): Headers | undefined {
  const wantedMethod = headers['access-control-request-method'];
  if (cors === undefined || method !== 'OPTIONS' || headers['origin'] === undefined || wantedMethod === undefined) return undefined;
  const granted = crossOriginHeaders(cors, headers);
  const { allowMethods = [], allowHeaders = [], maxAgeSeconds } = cors;
  if (granted['access-control-allow-origin'] === undefined || !includes(allowMethods, wantedMethod)) return granted['vary'] === undefined ? {} : { vary: granted['vary'] };
  const { 'access-control-expose-headers': _exposed, ...rest } = granted;
  return {
    ...rest,
    'access-control-allow-methods': listed(allowMethods, wantedMethod, cors),
    ...(allowHeaders.length === 0 ? {} : { 'access-control-allow-headers': listed(allowHeaders, headers['access-control-request-headers'] ?? '', cors) }),
    ...(maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(maxAgeSeconds) }),
  };
}

/** The fields that every other answer gets; none where the URL has no settings or the request no origin. */
export function crossOriginHeaders(cors: UrlCors | undefined, headers: Headers): Headers {
  const { origin } = headers;
  if (cors === undefined || origin === undefined) return {};
  const { allowOrigins = [], exposeHeaders = [], allowCredentials = false } = cors;
  // For credentials browsers take no asterisk (Fetch standard, "CORS protocol and credentials").
  const isAny = allowOrigins.includes('*') && !allowCredentials;
  const vary = isAny ? {} : { vary: 'Origin' };
  if (!includes(allowOrigins, origin)) return vary;
  return {
    'access-control-allow-origin': isAny ? '*' : origin,
    ...vary,
    ...(allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
    ...(exposeHeaders.length === 0 ? {} : { 'access-control-expose-headers': exposeHeaders.join(',') }),
  };
}

const includes = (allowed: readonly string[], value: string): boolean => allowed.some((entry) => entry === '*' || entry.toLowerCase() === value.toLowerCase());

const listed = (allowed: readonly string[], wanted: string, { allowCredentials = false }: UrlCors): string =>
  allowed.includes('*') && allowCredentials && wanted !== '' ? wanted : allowed.join(',');
