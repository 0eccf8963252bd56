// The parts of REST requests and responses outside the body: labels, headers, query parameters, the status.
// Shared by restJson1 and restXml. Compiled once per operation.

import { ServiceError } from '../base/errors.ts';
import { malformedRequest } from './faults.ts';
import { setOwn } from './json.ts';
import type { Member, OperationModel, StructureShape, TimestampFormat } from './model.ts';
import { decodeBase64, formatScalar, parseScalar, timestampFormatOf } from './scalars.ts';
import type { ProtocolName, RequestHead } from './types.ts';

export interface InputBindings {
  /** Fills `input` from everything but the body. */
  read(input: Record<string, unknown>, head: RequestHead, labels: Readonly<Record<string, string>>): void;
  readonly payload: Member | undefined;
  readonly bodyMembers: readonly Member[];
}

export interface OutputBindings {
  /** Fills `headers`; answers the status if a member carries it. */
  write(output: Readonly<Record<string, unknown>>, headers: Record<string, string>): number | undefined;
  readonly payload: Member | undefined;
  readonly bodyMembers: readonly Member[];
}

const inputBindings = new WeakMap<OperationModel, InputBindings>();
const outputBindings = new WeakMap<StructureShape, OutputBindings>();

type QueryParameters = ReadonlyMap<string, readonly string[]>;

export function inputBindingsOf(operation: OperationModel, protocol: ProtocolName): InputBindings {
  const known = inputBindings.get(operation);
  if (known) return known;
  const compiled = compileInput(operation, protocol);
  inputBindings.set(operation, compiled);
  return compiled;
}

function compileInput(operation: OperationModel, protocol: ProtocolName): InputBindings {
  const members = operation.input?.members ?? [];
  const at = (location: Member['location']): readonly Member[] => members.filter((member) => member.location === location);
  const labels = at('label').map((member) => ({ member, read: textReader(member, 'iso', protocol) }));
  const headers = at('header').map((member) => ({ member, name: member.httpName.toLowerCase(), read: headerReader(member, protocol) }));
  const prefixed = at('prefixHeaders').map((member) => ({ member, prefix: member.httpName === member.name ? '' : member.httpName.toLowerCase() }));
  const queries = at('query').map((member) => ({ member, read: queryReader(member, protocol) }));
  const queryMaps = at('queryMap');
  // Parameters of the pattern itself (`?list-type=2`) are not data.
  const literals = new Set((operation.uri.split('?')[1] ?? '').split('&').map((pair) => pair.split('=')[0] ?? ''));
  return {
    payload: at('payload')[0],
    bodyMembers: at(undefined),
    read(input, head, given) {
      for (const { member, read } of labels) {
        const text = given[member.name];
        if (text !== undefined) input[member.name] = read(decode(text, protocol));
      }
      for (const { member, name, read } of headers) {
        const text = head.headers[name];
        if (text !== undefined) input[member.name] = read(text);
      }
      for (const { member, prefix } of prefixed) input[member.name] = readPrefixed(head, prefix);
      if (queries.length === 0 && queryMaps.length === 0) return;
      const parameters = parseQuery(head.query, protocol);
      for (const { member, read } of queries) {
        const values = parameters.get(member.httpName);
        if (values !== undefined) input[member.name] = read(values);
      }
      for (const member of queryMaps) input[member.name] = readQueryMap(member, parameters, literals);
    },
  };
}

function decode(text: string, protocol: ProtocolName): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    if (protocol === 'restXml') throw new ServiceError('InvalidURI', "Couldn't parse the specified URI.", { status: 400 });
    throw malformedRequest(protocol, `Malformed percent-encoding in '${text.slice(0, 200)}'`);
  }
}

/** Query parameters in order, decoded; a name without "=" has the value ''. */
export function parseQuery(query: string, protocol: ProtocolName): QueryParameters {
  const found = new Map<string, string[]>();
  if (query === '') return found;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode((equals < 0 ? pair : pair.slice(0, equals)).replaceAll('+', ' '), protocol);
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1).replaceAll('+', ' '), protocol);
    const values = found.get(name);
    if (values) values.push(value);
    else found.set(name, [value]);
  }
  return found;
}

function readPrefixed(head: RequestHead, prefix: string): Record<string, string> | undefined {
  const result: Record<string, string> = {};
  let count = 0;
  for (const name in head.headers) {
    const value = head.headers[name];
    if (value === undefined || !name.startsWith(prefix)) continue;
    setOwn(result, name.slice(prefix.length), value);
    count += 1;
  }
  return count === 0 ? undefined : result;
}

function readQueryMap(member: Member, parameters: QueryParameters, literals: ReadonlySet<string>): Record<string, unknown> | undefined {
  const lists = member.target.kind === 'map' && member.target.value.target.kind === 'list';
  const result: Record<string, unknown> = {};
  let count = 0;
  for (const [name, values] of parameters) {
    if (literals.has(name)) continue;
    setOwn(result, name, lists ? [...values] : values[0]);
    count += 1;
  }
  return count === 0 ? undefined : result;
}

function textReader(member: Member, fallback: TimestampFormat, protocol: ProtocolName): (text: string) => unknown {
  const shape = member.target;
  if (shape.kind !== 'scalar') return (text) => text;
  const format = timestampFormatOf(member, fallback);
  return (text) => {
    const value = parseScalar(shape, text, format);
    if (value === undefined) throw malformedRequest(protocol, `STRING_VALUE can not be converted to ${typeName(shape.type)}`);
    return value;
  };
}

function typeName(type: string): string {
  const name = type.charAt(0).toUpperCase() + type.slice(1);
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

function queryReader(member: Member, protocol: ProtocolName): (values: readonly string[]) => unknown {
  if (member.target.kind === 'list') {
    const read = textReader(member.target.member, 'iso', protocol);
    return (values) => values.map(read);
  }
  const read = textReader(member, 'iso', protocol);
  return (values) => read(values[0] ?? '');
}

function headerReader(member: Member, protocol: ProtocolName): (text: string) => unknown {
  if (member.target.kind === 'list') {
    const item = member.target.member;
    const read = textReader(item, 'http', protocol);
    const isHttpDate = item.target.kind === 'scalar' && item.target.type === 'timestamp' && timestampFormatOf(item, 'http') === 'http';
    return (text) => splitHeader(text, isHttpDate).map(read);
  }
  if (member.base64Header) {
    return (text) => {
      const bytes = decodeBase64(text);
      if (!bytes) throw malformedRequest(protocol, 'Invalid base64 value');
      return Buffer.from(bytes).toString('utf8');
    };
  }
  return textReader(member, 'http', protocol);
}

// HTTP dates hold a comma of their own; strings may be quoted.
function splitHeader(text: string, isHttpDate: boolean): string[] {
  if (isHttpDate) {
    const parts = text.split(',');
    return parts.flatMap((part, index) => (index % 2 === 1 ? [`${(parts[index - 1] ?? '').trim()}, ${part.trim()}`] : []));
  }
  if (!text.includes('"')) return text.split(',').map((part) => part.trim());
  const parts: string[] = [];
  for (const match of text.matchAll(/\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)/g)) {
    if (match[0] === '' && match.index === text.length) break;
    parts.push(match[1] === undefined ? (match[2] ?? '').trim() : match[1].replace(/\\(.)/g, '$1'));
  }
  return parts;
}

/** The bindings of an output or error structure. */
export function outputBindingsOf(shape: StructureShape): OutputBindings {
  const known = outputBindings.get(shape);
  if (known) return known;
  const compiled = compileOutput(shape);
  outputBindings.set(shape, compiled);
  return compiled;
}

function compileOutput(shape: StructureShape): OutputBindings {
  const at = (location: Member['location']): readonly Member[] => shape.members.filter((member) => member.location === location);
  const headers = at('header').map((member) => ({ member, write: headerWriter(member) }));
  const prefixed = at('prefixHeaders').map((member) => ({ member, prefix: member.httpName === member.name ? '' : member.httpName }));
  const status = at('status')[0];
  return {
    payload: at('payload')[0],
    // What is bound to labels or the query in requests has no such place in an answer.
    bodyMembers: shape.members.filter((member) => member.location === undefined || ['label', 'query', 'queryMap'].includes(member.location)),
    write(output, into) {
      for (const { member, prefix } of prefixed) {
        // Names of metadata may have come in a form or a document, where nothing keeps them to what a header's name can hold.
        for (const [name, value] of Object.entries(output[member.name] ?? {})) if (fieldName.test(name)) into[prefix + name] = headerText(String(value));
      }
      for (const { member, write } of headers) {
        const value = output[member.name];
        if (value === undefined || value === null) continue;
        const text = write(value);
        if (text !== undefined) into[member.httpName] = text;
      }
      const carried = status === undefined ? undefined : output[status.name];
      return typeof carried === 'number' ? carried : undefined;
    },
  };
}

function headerWriter(member: Member): (value: unknown) => string | undefined {
  const shape = member.target;
  if (shape.kind === 'list') {
    const item = shape.member;
    const write = itemWriter(item);
    return (value) => (Array.isArray(value) ? value.filter((entry) => entry !== null && entry !== undefined).map(write).join(', ') : undefined);
  }
  if (shape.kind !== 'scalar') return () => undefined;
  if (member.base64Header) return (value) => Buffer.from(String(value)).toString('base64');
  const format = timestampFormatOf(member, 'http');
  return (value) => headerText(formatScalar(shape, value, format));
}

function itemWriter(item: Member): (value: unknown) => string {
  const shape = item.target;
  if (shape.kind !== 'scalar') return String;
  const format = timestampFormatOf(item, 'http');
  return (value) => {
    const text = headerText(formatScalar(shape, value, format));
    return shape.type === 'string' && /[",]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
  };
}

const fieldName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

// A line break in a value would end the header: stored user text must not be able to forge one. What else a header cannot hold would end
// the connection; text beyond Latin-1 goes out as clients send it, in the bytes of UTF-8.
function headerText(text: string): string {
  if (!/[^\t\x20-\x7e\x80-\xff]/.test(text)) return text;
  const bytes = /[^\0-\xff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
  return bytes.replace(/[\0-\x08\x0a-\x1f\x7f]+/g, ' ');
}
