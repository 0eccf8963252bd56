// What a connection adds to each request. Its secrets are read from Secrets Manager; tokens of an authorization server are kept in memory
// until they expire, the endpoint refuses one, or the connection changes.

import { BoundedMap } from '../../../base/boundedMap.ts';
import type { Clock } from '../../../base/clock.ts';
import type { SecretKeeper } from '../../../ports/secretKeeper.ts';
import { connectionsMax, tokenBytesMax, tokenMsDefault } from '../limits.ts';
import type { ConnectionParameters, ConnectionRow, HttpParameter } from '../store.ts';
import type { ApiClient } from './apiClient.ts';

/** What the secret of a connection holds. */
export interface ConnectionSecret {
  /** The value of the key, the password or the client's secret. */
  readonly secret: string;
  /** Values of the secret parameters, by where they belong: `invocation/headers/NAME`. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

export interface ConnectionAuth {
  authorizationOf(connection: ConnectionRow, signal: AbortSignal): Promise<Authorization | { readonly problem: string }>;
  /** The endpoint refused it. */
  forgetToken(connection: ConnectionRow): void;
  /** Asks the authorization server for a token, to see whether it gives one. */
  authorize(connection: ConnectionRow, secret: ConnectionSecret, signal: AbortSignal): Promise<{ readonly problem: string } | undefined>;
}

interface Token {
  readonly text: string;
  readonly untilMs: number;
}

export interface ConnectionAuthDeps {
  readonly secrets: SecretKeeper;
  readonly api: ApiClient;
  readonly clock: Clock;
}

export function createConnectionAuth({ secrets, api, clock }: ConnectionAuthDeps): ConnectionAuth {
  const tokens = new BoundedMap<string, Promise<Token | { readonly problem: string }>>(connectionsMax);
  const keyOf = ({ id, version }: ConnectionRow): string => `${id}/${version}`;

  async function tokenOf(connection: ConnectionRow, secret: ConnectionSecret, signal: AbortSignal): Promise<Token | { readonly problem: string }> {
    const key = keyOf(connection);
    const known = await tokens.get(key);
    if (known && 'text' in known && known.untilMs > clock.now()) return known;
    // One request for all who wait.
    const asked = fetchToken(connection, secret, api, clock, signal);
    tokens.set(key, asked);
    const token = await asked;
    if ('problem' in token) tokens.delete(key);
    return token;
  }

  return {
    async authorizationOf(connection, signal) {
      const text = connection.secretArn === undefined ? undefined : await secrets.read(connection.secretArn);
      if (text === undefined) return { problem: 'The secret of the connection does not exist.' };
      const secret = JSON.parse(text) as ConnectionSecret;
      const parameters = openParameters(connection.invocationParameters, secret, 'invocation');
      if (connection.type === 'API_KEY') return { ...parameters, headers: { ...parameters.headers, [connection.name]: secret.secret } };
      if (connection.type === 'BASIC') {
        const basic = Buffer.from(`${connection.name}:${secret.secret}`).toString('base64');
        return { ...parameters, headers: { ...parameters.headers, authorization: `Basic ${basic}` } };
      }
      const token = await tokenOf(connection, secret, signal);
      return 'problem' in token ? token : { ...parameters, headers: { ...parameters.headers, authorization: `Bearer ${token.text}` } };
    },
    forgetToken: (connection) => tokens.delete(keyOf(connection)),
    async authorize(connection, secret, signal) {
      const token = await tokenOf(connection, secret, signal);
      return 'problem' in token ? token : undefined;
    },
  };
}

async function fetchToken(connection: ConnectionRow, secret: ConnectionSecret, api: ApiClient, clock: Clock, signal: AbortSignal): Promise<Token | { readonly problem: string }> {
  const { authorizationEndpoint = '', authorizationMethod = 'POST' } = connection;
  if (!URL.canParse(authorizationEndpoint)) return { problem: 'The authorization endpoint is no URL.' };
  const parameters = openParameters(connection.authorizationParameters, secret, 'authorization');
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: connection.name, client_secret: secret.secret, ...parameters.body });
  const url = new URL(authorizationEndpoint);
  for (const [key, value] of Object.entries(parameters.query)) url.searchParams.append(key, value);
  if (authorizationMethod === 'GET') for (const [key, value] of form) url.searchParams.append(key, value);
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'Amazon/EventBridge/ApiDestinations', ...parameters.headers };
  const answer = await api.send({ url, method: authorizationMethod, headers, body: authorizationMethod === 'GET' ? undefined : form.toString(), signal });
  if (answer.kind !== 'answered') return { problem: answer.kind === 'timeout' ? 'The authorization endpoint did not answer within 5 seconds.' : answer.reason };
  if (answer.status < 200 || answer.status >= 300) return { problem: `The authorization endpoint answered ${answer.status}.` };
  return readToken(answer.text, clock.now());
}

// RFC 6749, section 5.1.
function readToken(text: string, nowMs: number): Token | { readonly problem: string } {
  try {
    const { access_token: token, expires_in: seconds } = JSON.parse(text) as { readonly access_token?: unknown; readonly expires_in?: unknown };
    if (typeof token !== 'string' || token === '' || token.length > tokenBytesMax || !/^[\x21-\x7e]+$/.test(token)) return { problem: 'The authorization endpoint answered no token.' };
    const lifeMs = Number(seconds) > 0 ? Math.min(Number(seconds), 86_400) * 1_000 : tokenMsDefault;
    return { text: token, untilMs: nowMs + lifeMs };
  } catch {
    return { problem: 'The authorization endpoint answered no token.' };
  }
}

function openParameters(parameters: ConnectionParameters | undefined, secret: ConnectionSecret, purpose: 'invocation' | 'authorization'): Authorization {
  const open = (kind: keyof ConnectionParameters): Record<string, string> =>
    Object.fromEntries((parameters?.[kind] ?? []).map(({ key, value }: HttpParameter) => [key, value ?? secret.parameters[`${purpose}/${kind}/${key}`] ?? '']));
  return { headers: open('headers'), query: open('query'), body: open('body') };
}
