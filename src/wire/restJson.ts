import { errorShapeOf, errorStatus, jsonErrorBody } from './errorAnswers.ts';
import { eventStreamBody, eventStreamType } from './eventStream.ts';
import type { EventFormat } from './eventStream.ts';
import { inputBindingsOf, outputBindingsOf } from './httpBindings.ts';
import type { InputBindings } from './httpBindings.ts';
import { createJsonReaders, parseJson, restJsonWriters } from './json.ts';
import type { JsonReader, JsonWriter } from './json.ts';
import type { Member, OperationModel, ServiceModel, StructureShape } from './model.ts';
import type { Codec } from './codecs.ts';
import type { ResponseMeta, WireResponse } from './types.ts';

type BodyReader = (body: Uint8Array, input: Record<string, unknown>) => void;
type BodyWriter = (output: Readonly<Record<string, unknown>>, headers: Record<string, string>) => WireResponse['body'];

const readers = new WeakMap<ServiceModel, ReturnType<typeof createJsonReaders>>();
const bodyReaders = new WeakMap<OperationModel, BodyReader>();
const bodyWriters = new WeakMap<StructureShape, BodyWriter>();

/** REST with JSON bodies: Lambda, API Gateway, EventBridge Scheduler, … */
export const restJson1: Codec = {
  parseInput(operation, head, labels, body) {
    const input: Record<string, unknown> = {};
    const bindings = inputBindingsOf(operation, 'restJson1');
    bindings.read(input, head, labels);
    if (body !== undefined) bodyReaderOf(operation, bindings)(body, input);
    return input;
  },

  parseDocument(operation, head, labels, document) {
    const input: Record<string, unknown> = {};
    const bindings = inputBindingsOf(operation, 'restJson1');
    bindings.read(input, head, labels);
    return Object.assign(input, documentReader(operation, bindings)(document, 0));
  },

  formatOutput(operation, output, meta) {
    const headers: Record<string, string> = { 'x-amzn-RequestId': meta.requestId };
    if (!operation.output) return { status: operation.status, headers, body: '' };
    const status = outputBindingsOf(operation.output).write(output, headers);
    const body = bodyWriterOf(operation.output)(output, headers);
    return { status: status ?? operation.status, headers, body: operation.status === 204 && body === '{}' ? '' : body };
  },

  formatError: formatRestJsonError,
};

const jsonType = { 'Content-Type': 'application/json' };

function formatRestJsonError(
  service: ServiceModel | undefined,
  _operation: OperationModel | undefined,
  error: Parameters<Codec['formatError']>[2],
  meta: ResponseMeta,
): WireResponse {
  const shape = errorShapeOf(service, error);
  const headers: Record<string, string> = { 'x-amzn-RequestId': meta.requestId, 'x-amzn-ErrorType': error.code, ...jsonType };
  if (shape) outputBindingsOf(shape).write(error.members, headers);
  return { status: errorStatus(shape, error), headers, body: JSON.stringify(jsonErrorBody(shape, error, restJsonWriters)) };
}

function bodyReaderOf(operation: OperationModel, bindings: InputBindings): BodyReader {
  const known = bodyReaders.get(operation);
  if (known) return known;
  const compiled = compileBodyReader(operation, bindings);
  bodyReaders.set(operation, compiled);
  return compiled;
}

function readersOf(service: ServiceModel): ReturnType<typeof createJsonReaders> {
  const known = readers.get(service);
  if (known) return known;
  const created = createJsonReaders(service, 'restJson1');
  readers.set(service, created);
  return created;
}

function documentReader({ service, input }: OperationModel, { bodyMembers }: Pick<InputBindings, 'bodyMembers'>): JsonReader {
  return input ? readersOf(service).structure({ ...input, union: false }, bodyMembers) : () => ({});
}

function compileBodyReader(operation: OperationModel, { payload, bodyMembers }: InputBindings): BodyReader {
  if (payload) return payloadReader(payload, readersOf(operation.service).member(payload));
  if (bodyMembers.length === 0) return () => undefined;
  const read = documentReader(operation, { bodyMembers });
  return (body, input) => void Object.assign(input, read(parseJson(body, 'restJson1'), 0));
}

function payloadReader(payload: Member, read: JsonReader): BodyReader {
  const { name, target } = payload;
  if (target.kind === 'scalar' && target.type === 'blob') {
    return (body, input) => {
      if (body.byteLength > 0) input[name] = body;
    };
  }
  if (target.kind === 'scalar' && target.type === 'string') {
    return (body, input) => {
      if (body.byteLength > 0) input[name] = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
    };
  }
  return (body, input) => {
    if (body.byteLength === 0) return;
    const value = parseJson(body, 'restJson1');
    if (value !== null) input[name] = read(value, 0);
  };
}

function bodyWriterOf(shape: StructureShape): BodyWriter {
  const known = bodyWriters.get(shape);
  if (known) return known;
  const compiled = compileBodyWriter(shape);
  bodyWriters.set(shape, compiled);
  return compiled;
}

function compileBodyWriter(shape: StructureShape): BodyWriter {
  const { payload, bodyMembers } = outputBindingsOf(shape);
  if (payload) return payloadWriter(payload);
  const write = restJsonWriters.structure(bodyMembers);
  return (output, headers) => {
    headers['Content-Type'] = 'application/json';
    return JSON.stringify(write(output));
  };
}

const jsonEvents: EventFormat = {
  contentType: 'application/json',
  write: (members, value) => Buffer.from(JSON.stringify(restJsonWriters.structure(members)(value))),
};

function payloadWriter({ name, target, ...rest }: Member): BodyWriter {
  if (target.kind === 'scalar' && (target.type === 'blob' || target.type === 'string')) {
    const type = target.mediaType ?? (target.type === 'blob' ? 'application/octet-stream' : 'text/plain');
    return (output, headers) => {
      const value = output[name];
      if (value === undefined || value === null) return '';
      headers['Content-Type'] ??= type;
      return value as WireResponse['body'];
    };
  }
  if (target.kind === 'structure' && target.eventStream) {
    return (output, headers) => {
      headers['Content-Type'] = eventStreamType;
      return eventStreamBody(target, output[name] as AsyncIterable<unknown>, jsonEvents);
    };
  }
  const write: JsonWriter = restJsonWriters.member({ name, target, ...rest });
  return (output, headers) => {
    const value = output[name];
    headers['Content-Type'] = 'application/json';
    if (value === undefined || value === null) return '';
    return JSON.stringify(write(value));
  };
}

