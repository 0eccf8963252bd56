import type { Codec } from './codecs.ts';
import { CborError, decodeCbor, encodeCbor } from './cbor.ts';
import { errorFault, errorShapeOf, errorStatus, jsonErrorBody } from './errorAnswers.ts';
import { eventStreamBody, eventStreamMember, eventStreamType } from './eventStream.ts';
import type { EventFormat } from './eventStream.ts';
import { malformedRequest } from './faults.ts';
import { cborWriters, createJsonReaders } from './json.ts';
import type { JsonReader } from './json.ts';
import type { OperationModel, ServiceModel, StructureShape } from './model.ts';

const readers = new WeakMap<ServiceModel, ReturnType<typeof createJsonReaders>>();
const inputReaders = new WeakMap<OperationModel, JsonReader>();
const outputWriters = new WeakMap<StructureShape, (value: unknown) => unknown>();

/** Smithy RPC v2 with CBOR bodies: what new clients of CloudWatch speak. */
export const rpcv2Cbor: Codec = {
  parseInput(operation, _head, _labels, body) {
    if (!operation.input || body === undefined || body.byteLength === 0) return {};
    return inputReaderOf(operation, operation.input)(decode(body), 0) as object;
  },

  formatOutput(operation, output, meta) {
    const headers = { 'smithy-protocol': 'rpc-v2-cbor', 'x-amzn-RequestId': meta.requestId };
    if (!operation.output) return { status: 200, headers, body: '' };
    const stream = eventStreamMember(operation.output);
    if (stream) {
      const { [stream.name]: events, ...rest } = output;
      const first = encodeCbor(outputWriterOf(operation.output)(rest));
      const body = eventStreamBody(stream.target, events as AsyncIterable<unknown>, cborEvents, first);
      return { status: 200, headers: { ...headers, 'Content-Type': eventStreamType }, body };
    }
    return { status: 200, headers: { ...headers, 'Content-Type': 'application/cbor' }, body: encodeCbor(outputWriterOf(operation.output)(output)) };
  },

  formatError(service, _operation, error, meta) {
    const shape = errorShapeOf(service, error);
    const name = shape?.name ?? error.code;
    const headers: Record<string, string> = { 'smithy-protocol': 'rpc-v2-cbor', 'x-amzn-RequestId': meta.requestId, 'Content-Type': 'application/cbor' };
    if (service?.queryCompatible && shape) headers['x-amzn-query-error'] = `${shape.error?.queryCode ?? name};${errorFault(shape, error)}`;
    const type = service?.errorNamespace === undefined ? name : `${service.errorNamespace}#${name}`;
    return { status: errorStatus(shape, error), headers, body: encodeCbor({ __type: type, ...jsonErrorBody(shape, error, cborWriters) }) };
  },
};

const cborEvents: EventFormat = {
  contentType: 'application/cbor',
  write: (members, value) => encodeCbor(cborWriters.structure(members)(value)),
};

function decode(body: Uint8Array): unknown {
  try {
    return decodeCbor(body);
  } catch (error) {
    if (error instanceof CborError) throw malformedRequest('rpcv2Cbor', `The request body is not valid CBOR: ${error.message}`);
    throw error;
  }
}

function inputReaderOf(operation: OperationModel, input: StructureShape): JsonReader {
  const known = inputReaders.get(operation);
  if (known) return known;
  const serviceReaders = readers.get(operation.service) ?? createJsonReaders(operation.service, 'rpcv2Cbor');
  readers.set(operation.service, serviceReaders);
  const compiled = serviceReaders.structure({ ...input, union: false }, input.members);
  inputReaders.set(operation, compiled);
  return compiled;
}

function outputWriterOf(shape: StructureShape): (value: unknown) => unknown {
  const known = outputWriters.get(shape) ?? cborWriters.structure(shape.members);
  outputWriters.set(shape, known);
  return known;
}
