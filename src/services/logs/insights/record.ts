import type { Value } from './syntax.ts';
import { truth } from './values.ts';

/** An event as the query's thread gets it. */
export interface QueryEvent {
  readonly ptr: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
  readonly logStream: string;
  /** `account:group`. */
  readonly log: string;
}

/** What a command reads fields from and writes fields to. */
export interface QueryRecord {
  get(name: string): Value;
  set(name: string, value: Value): void;
}

/** A row that commands have made: no message stands behind it. */
export function recordOfRow(row: Readonly<Record<string, Value>>): QueryRecord {
  return createRecord(row, () => undefined);
}

/** Fields of an event: the service's own, those of Lambda's lines, and the properties of a JSON message, looked up when they are asked for. */
export function recordOfEvent(event: QueryEvent): QueryRecord {
  const own: Record<string, Value> = {
    '@ptr': event.ptr,
    '@timestamp': event.timestamp,
    '@ingestionTime': event.ingestionTime,
    '@message': event.message,
    '@logStream': event.logStream,
    '@log': event.log,
  };
  let lambda: Readonly<Record<string, Value>> | undefined;
  let document: object | undefined | null = null;
  return createRecord(own, (name) => {
    if (name.startsWith('@')) return (lambda ??= lambdaFields(event))[name];
    if (document === null) document = documentIn(event.message);
    return document && pick(document, name);
  });
}

function createRecord(values: Readonly<Record<string, Value>>, discover: (name: string) => Value): QueryRecord {
  const made = new Map<string, Value>(Object.entries(values));
  return {
    get(name) {
      if (made.has(name)) return made.get(name);
      // What jsonParse has made is walked into by name.
      for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
        const base = made.get(name.slice(0, dot));
        if (typeof base === 'object') return pick(base, name.slice(dot + 1));
      }
      return discover(name);
    },
    set: (name, value) => void made.set(name, value),
  };
}

/** `a.b.0`; a property whose name has dots itself is found as well. */
function pick(value: unknown, path: string): Value {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return plain((value as Record<string, unknown>)[path]);
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot);
    if (!Object.hasOwn(value, head)) continue;
    const found = pick((value as Record<string, unknown>)[head], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

const plain = (value: unknown): Value => (typeof value === 'boolean' ? truth(value) : value === null ? undefined : (value as Value));

/** The JSON object that a message is, or the first that it holds: Lambda's runtimes put a head before what is logged. */
export function documentIn(message: string): object | undefined {
  const start = message.indexOf('{');
  if (start === -1) return undefined;
  const end = message.lastIndexOf('}');
  if (end < start) return undefined;
  try {
    const parsed: unknown = JSON.parse(message.slice(start, end + 1));
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const platformLine = new RegExp(`^(START|END|REPORT) RequestId: (${uuid})`);
const outputLine = new RegExp(`^(?:\\[[A-Z]+\\]\\t)?[0-9TZ:.-]+\\t(${uuid})\\t`);
const report: readonly (readonly [string, RegExp, number])[] = [
  ['@duration', /\tDuration: ([0-9.]+) ms/, 1],
  ['@billedDuration', /\tBilled Duration: ([0-9.]+) ms/, 1],
  ['@initDuration', /\tInit Duration: ([0-9.]+) ms/, 1],
  // Memory is in bytes here, with a megabyte of a million (User Guide, "Queries for Lambda logs": @memorySize / 1000 / 1000).
  ['@memorySize', /\tMemory Size: ([0-9.]+) MB/, 1_000_000],
  ['@maxMemoryUsed', /\tMax Memory Used: ([0-9.]+) MB/, 1_000_000],
];

function lambdaFields({ message, log }: QueryEvent): Readonly<Record<string, Value>> {
  if (!log.includes(':/aws/lambda/')) return {};
  const platform = platformLine.exec(message);
  if (!platform) {
    const output = outputLine.exec(message.slice(0, 200));
    return output ? { '@requestId': output[1] } : {};
  }
  const fields: Record<string, Value> = { '@type': platform[1], '@requestId': platform[2] };
  if (platform[1] !== 'REPORT') return fields;
  for (const [name, form, factor] of report) {
    const found = form.exec(message);
    if (found) fields[name] = Number(found[1]) * factor;
  }
  const trace = /\tXRAY TraceId: (\S+)\tSegmentId: (\S+)/.exec(message);
  return trace ? { ...fields, '@xrayTraceId': trace[1], '@xraySegmentId': trace[2] } : fields;
}

/** The names of all fields that are found in an event, for GetLogGroupFields. */
export function fieldNames(event: QueryEvent, namesMax: number): string[] {
  const names = ['@ingestionTime', '@log', '@logStream', '@message', '@timestamp', ...Object.keys(lambdaFields(event))];
  const visit = (value: unknown, path: string): void => {
    if (names.length >= namesMax) return;
    if (typeof value !== 'object' || value === null) names.push(path);
    else for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}.${key}`);
  };
  const document = documentIn(event.message);
  if (document) visit(document, '');
  return names;
}
