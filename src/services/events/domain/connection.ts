// The settings of a connection, taken apart: what may be shown, and what only its secret holds.

import type { ConnectionSecret } from '../delivery/connectionAuth.ts';
import { errors } from '../errors.ts';
import type { ConnectionParameters, ConnectionRow, HttpParameter } from '../store.ts';

interface GivenParameter {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
  readonly IsValueSecret?: boolean | undefined;
}

interface GivenHttpParameters {
  readonly HeaderParameters?: readonly GivenParameter[] | undefined;
  readonly QueryStringParameters?: readonly GivenParameter[] | undefined;
  readonly BodyParameters?: readonly GivenParameter[] | undefined;
}

export interface GivenAuth {
  readonly BasicAuthParameters?: { readonly Username?: string | undefined; readonly Password?: string | undefined } | undefined;
  readonly OAuthParameters?:
    | {
        readonly ClientParameters?: { readonly ClientID?: string | undefined; readonly ClientSecret?: string | undefined } | undefined;
        readonly AuthorizationEndpoint?: string | undefined;
        readonly HttpMethod?: string | undefined;
        readonly OAuthHttpParameters?: GivenHttpParameters | undefined;
      }
    | undefined;
  readonly ApiKeyAuthParameters?: { readonly ApiKeyName?: string | undefined; readonly ApiKeyValue?: string | undefined } | undefined;
  readonly InvocationHttpParameters?: GivenHttpParameters | undefined;
  readonly ConnectivityParameters?: object | undefined;
}

type Settings = Pick<ConnectionRow, 'type' | 'name' | 'authorizationEndpoint' | 'authorizationMethod' | 'authorizationParameters' | 'invocationParameters'>;

interface Made {
  readonly row: Settings;
  readonly secret: ConnectionSecret;
}

/** What a request makes of a connection; of one that there is already, what the request does not name stays. */
export function makeConnection(type: string, given: GivenAuth, before: { readonly row: ConnectionRow; readonly secret: ConnectionSecret } | undefined): Made {
  const parameters: Record<string, string> = { ...before?.secret.parameters };
  const invocationParameters = readHttp('invocation', given.InvocationHttpParameters, before?.row.invocationParameters, parameters);
  const shared = invocationParameters ? { invocationParameters } : {};
  const need = (value: string | undefined, old: string | undefined, name: string): string => {
    const found = value ?? old;
    if (found === undefined) throw errors.validation(`Parameter ${name} must be specified for the authorization type ${type}.`);
    return found;
  };
  const old = { name: before?.row.name, secret: before?.secret.secret };
  if (type === 'API_KEY') {
    const { ApiKeyName, ApiKeyValue } = given.ApiKeyAuthParameters ?? {};
    const name = need(ApiKeyName, old.name, 'ApiKeyName');
    return { row: { type, name, ...shared }, secret: { secret: need(ApiKeyValue, old.secret, 'ApiKeyValue'), parameters } };
  }
  if (type === 'BASIC') {
    const { Username, Password } = given.BasicAuthParameters ?? {};
    const name = need(Username, old.name, 'Username');
    return { row: { type, name, ...shared }, secret: { secret: need(Password, old.secret, 'Password'), parameters } };
  }
  const { ClientParameters, AuthorizationEndpoint, HttpMethod, OAuthHttpParameters } = given.OAuthParameters ?? {};
  const authorizationParameters = readHttp('authorization', OAuthHttpParameters, before?.row.authorizationParameters, parameters);
  const authorizationEndpoint = need(AuthorizationEndpoint, before?.row.authorizationEndpoint, 'AuthorizationEndpoint');
  if (!URL.canParse(authorizationEndpoint)) throw errors.invalidParameter('AuthorizationEndpoint', 'It is not a URL.');
  const row: Settings = {
    type: 'OAUTH_CLIENT_CREDENTIALS',
    name: need(ClientParameters?.ClientID, old.name, 'ClientID'),
    authorizationEndpoint,
    authorizationMethod: need(HttpMethod, before?.row.authorizationMethod, 'HttpMethod'),
    ...(authorizationParameters ? { authorizationParameters } : {}),
    ...shared,
  };
  return { row, secret: { secret: need(ClientParameters?.ClientSecret, old.secret, 'ClientSecret'), parameters } };
}

function readHttp(purpose: 'invocation' | 'authorization', given: GivenHttpParameters | undefined, before: ConnectionParameters | undefined, secrets: Record<string, string>): ConnectionParameters | undefined {
  if (!given) return before;
  for (const name of Object.keys(secrets)) if (name.startsWith(`${purpose}/`)) delete secrets[name];
  const read = (kind: keyof ConnectionParameters, list: readonly GivenParameter[] = []): HttpParameter[] =>
    list.map(({ Key: key = '', Value: value = '', IsValueSecret: secret = true }) => {
      if (secret) secrets[`${purpose}/${kind}/${key}`] = value;
      return secret ? { key, secret } : { key, value, secret };
    });
  return { headers: read('headers', given.HeaderParameters), query: read('query', given.QueryStringParameters), body: read('body', given.BodyParameters) };
}

/** The settings without what is secret. */
export function shownAuth(row: ConnectionRow) {
  const invocation = row.invocationParameters && { InvocationHttpParameters: shownHttp(row.invocationParameters) };
  if (row.type === 'API_KEY') return { ApiKeyAuthParameters: { ApiKeyName: row.name }, ...invocation };
  if (row.type === 'BASIC') return { BasicAuthParameters: { Username: row.name }, ...invocation };
  return {
    OAuthParameters: {
      ClientParameters: { ClientID: row.name },
      AuthorizationEndpoint: row.authorizationEndpoint,
      HttpMethod: row.authorizationMethod as 'POST',
      ...(row.authorizationParameters && { OAuthHttpParameters: shownHttp(row.authorizationParameters) }),
    },
    ...invocation,
  };
}

function shownHttp({ headers, query, body }: ConnectionParameters) {
  const show = (list: readonly HttpParameter[]) => list.map(({ key, value, secret }) => ({ Key: key, ...(value === undefined ? {} : { Value: value }), IsValueSecret: secret }));
  return {
    ...(headers.length > 0 ? { HeaderParameters: show(headers) } : {}),
    ...(query.length > 0 ? { QueryStringParameters: show(query) } : {}),
    ...(body.length > 0 ? { BodyParameters: show(body) } : {}),
  };
}
