// API destinations: an HTTP request for each event, signed with what the connection says, no faster than the destination may take.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html

import type { ApiDestinationAnswer, ApiDestinationCall, ApiDestinations } from '../../../ports/apiDestination.ts';
import type { Delivery, DeliveryResult } from '../../../ports/outbox.ts';
import { parseOwnArn } from '../domain/names.ts';
import { invocationRateDefault, retryAfterMsMax } from '../limits.ts';
import { apiDestinations, type ApiDestinationRow, connections } from '../store.ts';
import type { Errand, TargetDeps } from './createTarget.ts';
import { refuse, retryLater } from './outcome.ts';

/** "EventBridge retries requests associated with error codes 401, 407, 409, 429, and 5xx." */
const isRetried = (status: number): boolean => [401, 407, 409, 429].includes(status) || status >= 500;

/** What calling one needs. */
export type ApiCallDeps = Pick<TargetDeps, 'store' | 'clock' | 'roleAccess' | 'auth' | 'rates' | 'api'>;

/** The target of a rule is an API destination. */
export async function deliverToApi({ target: { row }, place }: Errand, input: string, delivery: Delivery, deps: TargetDeps): Promise<DeliveryResult> {
  const answer = await callApi({ arn: row.Arn, roleArn: row.RoleArn, region: place.region, input, parameters: row.HttpParameters ?? {}, signal: delivery.signal }, deps);
  return answer.kind === 'answered' ? { kind: 'delivered' } : answer;
}

/** Answers what the endpoint answered, or how the call ends. */
export async function callApi(
  { arn, roleArn, region, input, parameters, signal }: ApiDestinationCall,
  deps: ApiCallDeps,
): Promise<Extract<ApiDestinationAnswer, { kind: 'answered' }> | Exclude<DeliveryResult, { kind: 'delivered' }>> {
  const destination = await findApiDestination(arn, deps.store);
  if (!destination) return refuse('NO_RESOURCE', `API destination ${arn} does not exist.`);
  const allowed = roleArn === undefined || (await deps.roleAccess({ roleArn, action: 'events:InvokeApiDestination', resource: arn, nowMs: deps.clock.now(), region }));
  if (!allowed) return refuse('NO_PERMISSIONS', `The role ${roleArn} may not invoke ${arn}.`);
  const connectionName = parseOwnArn(destination.connectionArn, 'connection');
  const connection = connectionName && (await deps.store.read((tx) => connections.get(tx, connectionName, [connectionName.name])));
  if (!connection || connection.id !== connectionName.id) return refuse('NO_RESOURCE', 'The connection of the API destination does not exist.');
  if (connection.state === 'DEAUTHORIZED') return refuse('NO_PERMISSIONS', 'The connection of the API destination is not authorized.');
  const authorization = await deps.auth.authorizationOf(connection, signal);
  if ('problem' in authorization) return retryLater('CONNECTION_FAILURE', authorization.problem);
  await deps.rates.takeTurn(arn, destination.ratePerSecond ?? invocationRateDefault, signal);
  const url = urlOf(destination, parameters, authorization.query);
  if (!url) return refuse('INVALID_PARAMETER', 'The path parameters do not fit the endpoint.');
  const body = bodyOf(input, authorization.body);
  const answer = await deps.api.send({
    url,
    method: destination.method,
    headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'Amazon/EventBridge/ApiDestinations', ...lowerCased(parameters?.HeaderParameters ?? {}), ...lowerCased(authorization.headers) },
    body: destination.method === 'GET' || destination.method === 'HEAD' ? undefined : body,
    signal,
  });
  if (answer.kind === 'timeout') return retryLater('TIMEOUT', 'The endpoint did not answer within 5 seconds.');
  if (answer.kind === 'unreachable') return retryLater('CONNECTION_FAILURE', answer.reason);
  if (answer.status >= 200 && answer.status < 300) return { kind: 'answered', text: answer.text };
  const message = `The endpoint answered ${answer.status}.`;
  if (!isRetried(answer.status)) return refuse('ERROR_FROM_TARGET', message);
  if (answer.status === 401) deps.auth.forgetToken(connection);
  return retryLater(answer.status === 429 ? 'THROTTLING' : 'ERROR_FROM_TARGET', message, retryAfterMs(answer.headers['retry-after'], deps.clock.now()));
}

/** For other services that call them for their users. */
export function createApiDestinations(deps: ApiCallDeps): ApiDestinations {
  return {
    exists: async (arn) => (await findApiDestination(arn, deps.store)) !== undefined,
    call: (call) => callApi(call, deps),
  };
}

async function findApiDestination(arn: string, store: ApiCallDeps['store']): Promise<ApiDestinationRow | undefined> {
  const name = parseOwnArn(arn, 'api-destination');
  const row = name && (await store.read((tx) => apiDestinations.get(tx, name, [name.name])));
  return row?.id === name?.id ? row : undefined;
}

/** Seconds or a date; undefined for anything else. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(retryAfterMsMax, Math.max(0, ms)) : undefined;
}

/** Each `*` of the endpoint's path stands for the next path parameter. Undefined when there are too few, or the result is no URL. */
export function urlOf(
  { endpoint }: Pick<ApiDestinationRow, 'endpoint'>,
  parameters: { readonly PathParameterValues?: readonly string[]; readonly QueryStringParameters?: Readonly<Record<string, string>> } = {},
  query: Readonly<Record<string, string>> = {},
): URL | undefined {
  const values = [...(parameters.PathParameterValues ?? [])];
  let missing = false;
  const filled = endpoint.replaceAll('*', () => {
    const value = values.shift();
    if (value === undefined) missing = true;
    return encodeURIComponent(value ?? '');
  });
  if (missing || !URL.canParse(filled)) return undefined;
  const url = new URL(filled);
  for (const [key, value] of Object.entries({ ...parameters.QueryStringParameters, ...query })) url.searchParams.append(key, value);
  return url;
}

// "Body parameters of the connection are added to the event", where that is an object.
function bodyOf(input: string, parameters: Readonly<Record<string, string>>): string {
  if (Object.keys(parameters).length === 0) return input;
  try {
    const value: unknown = JSON.parse(input);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify({ ...value, ...parameters }) : input;
  } catch {
    return input; // A text template.
  }
}

const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
