// What a request to subscribe must say: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html, and runtimes-logs-api.html for the older one.
import { telemetryBytesMax, telemetryBytesMin, telemetryItemsMax, telemetryItemsMin, telemetryMsDefault, telemetryMsMax, telemetryMsMin, telemetryItemsDefault } from '../limits.ts';

export type TelemetryType = 'platform' | 'function' | 'extension';
export type TelemetryApi = 'telemetry' | 'logs';

export interface Subscription {
  readonly api: TelemetryApi;
  readonly schemaVersion: string;
  readonly types: readonly TelemetryType[];
  readonly protocol: 'HTTP' | 'TCP';
  readonly port: number;
  readonly path: string;
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

const versions: Readonly<Record<TelemetryApi, readonly string[]>> = {
  telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  logs: ['2020-08-15', '2021-03-18'],
};
const typeNames: readonly string[] = ['platform', 'function', 'extension'] satisfies TelemetryType[];

/** The subscription, or everything that is wrong with the request, in one text. */
export function parseSubscription(api: TelemetryApi, text: string): Subscription | string {
  let body: Readonly<Record<string, unknown>>;
  try {
    body = membersOf(JSON.parse(text));
  } catch {
    return 'Request body is not a valid JSON object';
  }
  const problems: string[] = [];
  const schemaVersion = body['schemaVersion'] ?? (api === 'logs' ? '2020-08-15' : undefined);
  if (!versions[api].includes(String(schemaVersion))) problems.push(`schemaVersion should be one of ${versions[api].join(', ')}`);
  const { protocol, URI, port } = membersOf(body['destination']);
  const place = protocol === 'TCP' && typeof port === 'number' ? { port, path: '/' } : parseUri(URI);
  if (protocol !== 'HTTP' && protocol !== 'TCP') problems.push('destination protocol should be HTTP or TCP');
  if (typeof place === 'string') problems.push(place);
  const types: unknown = body['types'];
  if (!Array.isArray(types) || types.length === 0) problems.push('types should not be empty');
  else if (!types.every((type) => typeNames.includes(type as string))) problems.push('types should be platform, function or extension');
  const { maxItems = telemetryItemsDefault[api], maxBytes = telemetryBytesMin, timeoutMs = telemetryMsDefault } = membersOf(body['buffering']);
  problems.push(
    ...rangeProblem('maxItems', maxItems, telemetryItemsMin, telemetryItemsMax),
    ...rangeProblem('maxBytes', maxBytes, telemetryBytesMin, telemetryBytesMax),
    ...rangeProblem('timeoutMs', timeoutMs, telemetryMsMin, telemetryMsMax),
  );
  if (problems.length > 0 || typeof place === 'string') return problems.join('; ');
  return {
    ...{ api, schemaVersion: String(schemaVersion), types: [...new Set(types as TelemetryType[])], protocol: protocol === 'TCP' ? 'TCP' : 'HTTP' },
    ...{ port: place.port, path: place.path, maxItems: Number(maxItems), maxBytes: Number(maxBytes), timeoutMs: Number(timeoutMs) },
  };
}

/** Only the environment itself can be a destination. */
function parseUri(given: unknown): { readonly port: number; readonly path: string } | string {
  const [, host, port, path = '/'] = /^(?:https?|tcp):\/\/([^/:]+)(?::(\d{1,5}))?(\/.*)?$/i.exec(typeof given === 'string' ? given : '') ?? [];
  if (host === undefined) return 'destination URI is not valid';
  if (!['sandbox', 'sandbox.localdomain', 'sandbox.local', 'localhost', '127.0.0.1'].includes(host.toLowerCase())) return 'URI host should be sandbox.localdomain';
  if (port === undefined) return 'URI port is not provided';
  const number = Number(port);
  // The Runtime API's own.
  return number < 1 || number > 65_535 || number === 9001 ? 'URI port is not allowed' : { port: number, path };
}

function rangeProblem(name: string, value: unknown, minimum: number, maximum: number): string[] {
  return typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum ? [] : [`${name} should be between ${minimum} and ${maximum}`];
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {});
