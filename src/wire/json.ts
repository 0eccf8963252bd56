// JSON bodies. A reader and a writer are compiled per shape on first use; a reader checks every type, a writer trusts the handler.

import { isUtf8 } from 'node:buffer';
import { CborFloat } from './cbor.ts';
import { malformedRequest, typeMessages } from './faults.ts';
import type { TypeMessages } from './faults.ts';
import { nestingMax } from './limits.ts';
import type { Member, ScalarShape, ServiceModel, Shape, StructureShape } from './model.ts';
import { decodeBase64, encodeBase64, integerRanges, parseFloatText, parseTimestamp, timestampOfSeconds } from './scalars.ts';
import type { ProtocolName } from './types.ts';

export type JsonReader = (value: unknown, depth: number) => unknown;
export type JsonWriter = (value: unknown) => unknown;

interface JsonReaders {
  structure(shape: StructureShape, members: readonly Member[]): JsonReader;
  member(member: Member): JsonReader;
}

/** Parses body text strictly as UTF-8 JSON. An empty body is an empty object. */
export function parseJson(body: Uint8Array, protocol: ProtocolName): unknown {
  if (body.byteLength === 0) return {};
  if (!isUtf8(body)) throw malformedRequest(protocol, 'Invalid UTF-8 in the request body');
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    throw malformedRequest(protocol, 'Could not parse the request body as JSON');
  }
}

/** The readers of one service in one protocol. */
export function createJsonReaders(service: ServiceModel, protocol: ProtocolName): JsonReaders {
  const messages = typeMessages(service);
  const binary = protocol === 'rpcv2Cbor';
  const scalar = (of: ScalarShape): JsonReader => (binary ? cborScalarReader(of, messages, refuse) : undefined) ?? scalarReader(of, messages, refuse);
  const byShape = new Map<Shape, JsonReader>();
  const refuse = (message: string): never => {
    throw malformedRequest(protocol, message);
  };

  function member(of: Member): JsonReader {
    if (of.target.kind === 'scalar' && of.timestampFormat !== of.target.timestampFormat) {
      return scalar({ ...of.target, timestampFormat: of.timestampFormat });
    }
    return shape(of.target);
  }

  function shape(of: Shape): JsonReader {
    const known = byShape.get(of);
    if (known) return known;
    // Shapes may contain themselves: until this one is compiled, a detour stands in for it.
    let compiled: JsonReader | undefined;
    byShape.set(of, (value, depth) => (compiled ?? refuse('recursion'))(value, depth));
    compiled = compile(of);
    byShape.set(of, compiled);
    return compiled;
  }

  function compile(of: Shape): JsonReader {
    if (of.kind === 'scalar') return scalar(of);
    if (of.kind === 'structure') return structure(of, of.members);
    if (of.kind === 'list') {
      const read = member(of.member);
      return (value, depth) => {
        if (!Array.isArray(value)) return refuse(isObject(value) ? messages.structure : messages.notList);
        if (depth > nestingMax) return refuse('The request is nested too deeply');
        return of.sparse ? value.map((item) => (item === null ? null : read(item, depth + 1))) : readDense(value, read, depth);
      };
    }
    const readKey = member(of.key);
    const read = member(of.value);
    return (value, depth) => {
      if (!isObject(value)) return refuse(Array.isArray(value) ? messages.list : messages.notMap);
      if (depth > nestingMax) return refuse('The request is nested too deeply');
      const result: Record<string, unknown> = {};
      for (const key in value) {
        const item = value[key];
        if (item === null && !of.sparse) return refuse('Map values must not be null');
        setOwn(result, readKey(key, depth) as string, item === null ? null : read(item, depth + 1));
      }
      return result;
    };
  }

  function readDense(values: readonly unknown[], read: JsonReader, depth: number): unknown[] {
    const result: unknown[] = [];
    for (const item of values) {
      // A null in a list reaches the constraint check, which names its position ("Member must not be null").
      result.push(item === null ? null : read(item, depth + 1));
    }
    return result;
  }

  function structure(of: StructureShape, members: readonly Member[]): JsonReader {
    let readers: Map<string, { name: string; read: JsonReader }> | undefined;
    const strictUnion = of.union && !service.signingNames.includes('dynamodb');
    return (value, depth) => {
      if (!isObject(value)) return refuse(Array.isArray(value) ? messages.list : messages.notMap);
      if (depth > nestingMax) return refuse('The request is nested too deeply');
      readers ??= new Map(members.map((item) => [protocol === 'restJson1' ? item.jsonName : item.name, { name: item.name, read: member(item) }]));
      const result: Record<string, unknown> = {};
      let count = 0;
      for (const key in value) {
        const item = value[key];
        if (item === null) continue;
        const known = readers.get(key);
        if (known === undefined) {
          if (strictUnion && key !== '__type') refuse(`Unknown union member '${key}'`);
          continue;
        }
        result[known.name] = known.read(item, depth + 1);
        count += 1;
      }
      if (strictUnion && count !== 1) refuse('Unions must have exactly one non-null member');
      return result;
    };
  }

  return { structure, member };
}

function isObject(value: unknown): value is Record<string, unknown> {
  // CBOR also yields bytes and dates, which are no structures.
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array) && !(value instanceof Date);
}

/** Sets a key that came from outside: `__proto__` must become a plain entry. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

const javaNames: Readonly<Record<string, string>> = {
  string: 'String', character: 'String', boolean: 'Boolean', byte: 'Byte', short: 'Short', integer: 'Integer', long: 'Long', float: 'Float', double: 'Double',
  timestamp: 'Date', blob: 'ByteBuffer', document: 'Document',
};

function tokenName(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
}

function scalarReader(shape: ScalarShape, messages: TypeMessages, refuse: (message: string) => never): JsonReader {
  const wrong = (value: unknown): never => {
    if (Array.isArray(value)) return refuse(messages.list);
    if (typeof value === 'object') return refuse(messages.structure);
    return refuse(messages.scalar(tokenName(value), javaNames[shape.type] ?? shape.type));
  };
  switch (shape.type) {
    case 'string':
    case 'character':
      return (value) => (typeof value === 'string' ? value : wrong(value));
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : wrong(value));
    case 'byte':
    case 'short':
    case 'integer':
    case 'long': {
      const [least = 0, greatest = 0] = integerRanges[shape.type] ?? [];
      return (value) => (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= greatest ? value : wrong(value));
    }
    case 'float':
    case 'double':
      return (value) => {
        if (typeof value === 'number') return value;
        const word = value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? parseFloatText(value) : undefined;
        return word ?? wrong(value);
      };
    case 'blob':
      return (value) => {
        // Decoded already, while it came: see blobSieve.ts.
        if (value instanceof Uint8Array) return value;
        if (typeof value !== 'string') return typeof value === 'object' ? wrong(value) : refuse(messages.notBase64(value));
        return decodeBase64(value) ?? refuse(messages.notBase64(value));
      };
    case 'timestamp': {
      const format = shape.timestampFormat ?? 'epoch';
      return (value) => {
        if (format === 'epoch') return (typeof value === 'number' ? timestampOfSeconds(value) : undefined) ?? wrong(value);
        return (typeof value === 'string' ? parseTimestamp(value, format) : undefined) ?? wrong(value);
      };
    }
    default:
      return (value, depth) => checkedDocument(value, depth, refuse);
  }
}

// CBOR has bytes, dates and all floating-point values of its own.
function cborScalarReader(shape: ScalarShape, messages: TypeMessages, refuse: (message: string) => never): JsonReader | undefined {
  const wrong = (value: unknown, wanted: string): never => refuse(typeof value === 'object' ? messages.structure : messages.scalar(tokenName(value), wanted));
  if (shape.type === 'blob') return (value) => (value instanceof Uint8Array ? value : wrong(value, 'ByteBuffer'));
  if (shape.type === 'timestamp') return (value) => (value instanceof Date ? value : wrong(value, 'Date'));
  if (shape.type === 'float' || shape.type === 'double') return (value) => (typeof value === 'number' ? value : wrong(value, 'Double'));
  return undefined;
}

function checkedDocument(value: unknown, depth: number, refuse: (message: string) => never): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > nestingMax) return refuse('The request is nested too deeply');
  for (const item of Object.values(value)) checkedDocument(item, depth + 1, refuse);
  return value;
}

export interface JsonWriters {
  /** The key of a member in this family of protocols. */
  nameOf(member: Member): string;
  member(member: Member): JsonWriter;
  /** These members of a structure as one JSON object. */
  structure(members: readonly Member[]): (value: unknown) => Record<string, unknown>;
}

function createJsonWriters(nameOf: (member: Member) => string, scalarWriter: (shape: ScalarShape) => JsonWriter): JsonWriters {
  const byShape = new WeakMap<Shape, JsonWriter>();

  function member(of: Member): JsonWriter {
    if (of.target.kind === 'scalar' && of.timestampFormat !== of.target.timestampFormat) return scalarWriter({ ...of.target, timestampFormat: of.timestampFormat });
    return shape(of.target);
  }

  function shape(of: Shape): JsonWriter {
    const known = byShape.get(of);
    if (known) return known;
    let compiled: JsonWriter | undefined;
    byShape.set(of, (value) => compiled?.(value));
    compiled = compile(of);
    byShape.set(of, compiled);
    return compiled;
  }

  function compile(of: Shape): JsonWriter {
    if (of.kind === 'scalar') return scalarWriter(of);
    if (of.kind === 'structure') return structure(of.members);
    if (of.kind === 'list') {
      const write = member(of.member);
      return (value) => (Array.isArray(value) ? value.map((item) => (item === null || item === undefined ? null : write(item))) : undefined);
    }
    const write = member(of.value);
    return (value) => {
      const result: Record<string, unknown> = {};
      if (typeof value !== 'object' || value === null) return result;
      for (const [key, item] of Object.entries(value)) {
        if (item === undefined || (item === null && !of.sparse)) continue;
        setOwn(result, key, item === null ? null : write(item));
      }
      return result;
    };
  }

  function structure(members: readonly Member[]): (value: unknown) => Record<string, unknown> {
    let writers: readonly { readonly name: string; readonly wireName: string; readonly write: JsonWriter }[] | undefined;
    return (value) => {
      writers ??= members.map((item) => ({ name: item.name, wireName: nameOf(item), write: member(item) }));
      const result: Record<string, unknown> = {};
      const source = value as Readonly<Record<string, unknown>>;
      for (const { name, wireName, write } of writers) {
        const item = source[name];
        if (item !== undefined && item !== null) result[wireName] = write(item);
      }
      return result;
    };
  }

  return { nameOf, member, structure };
}

/** Writers for restJson1, where a member may have a JSON name of its own, and for awsJson, which does not know such names. */
export const restJsonWriters: JsonWriters = createJsonWriters((member) => member.jsonName, jsonScalarWriter);
export const awsJsonWriters: JsonWriters = createJsonWriters((member) => member.name, jsonScalarWriter);
/** Values for `encodeCbor`: bytes and dates stay what they are. */
export const cborWriters: JsonWriters = createJsonWriters((member) => member.name, cborScalarWriter);

function cborScalarWriter(shape: ScalarShape): JsonWriter {
  if (shape.type === 'float' || shape.type === 'double') return (value) => (typeof value === 'number' ? new CborFloat(value) : value);
  if (shape.type === 'blob') return (value) => (value instanceof Uint8Array ? value : Buffer.from(String(value)));
  if (shape.type === 'timestamp') return (value) => (typeof value === 'number' ? new Date(value * 1000) : value);
  return (value) => value;
}

function jsonScalarWriter(shape: ScalarShape): JsonWriter {
  switch (shape.type) {
    case 'blob':
      return (value) => (value instanceof Uint8Array ? encodeBase64(value) : Buffer.from(String(value)).toString('base64'));
    case 'float':
    case 'double':
      return (value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
    case 'long':
      return (value) => (typeof value === 'bigint' ? Number(value) : value);
    case 'timestamp':
      return timestampWriter(shape.timestampFormat ?? 'epoch');
    default:
      return (value) => value;
  }
}

function timestampWriter(format: 'epoch' | 'iso' | 'http'): JsonWriter {
  if (format === 'epoch') return (value) => (value instanceof Date ? value.getTime() / 1000 : value);
  if (format === 'iso') return (value) => (value instanceof Date ? value.toISOString().replace('.000Z', 'Z') : value);
  return (value) => (value instanceof Date ? value.toUTCString() : value);
}
