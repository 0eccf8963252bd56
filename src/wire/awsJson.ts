import type { Codec } from './codecs.ts';
import { errorFault, errorShapeOf, errorStatus, jsonErrorBody, queryCodeOf } from './errorAnswers.ts';
import { eventStreamBody, eventStreamMember, eventStreamType } from './eventStream.ts';
import type { EventFormat } from './eventStream.ts';
import { awsJsonWriters, createJsonReaders, parseJson } from './json.ts';
import type { JsonReader } from './json.ts';
import type { OperationModel, ServiceModel, StructureShape } from './model.ts';
import type { ProtocolName } from './types.ts';

// Refusals of the framework under DynamoDB and SQS carry its own namespaces, not the service's.
const frameworkNamespaces: Readonly<Record<string, string>> = {
  ValidationException: 'com.amazon.coral.validate',
  SerializationException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
  UnrecognizedClientException: 'com.amazon.coral.service',
  MissingAuthenticationTokenException: 'com.amazon.coral.service',
  IncompleteSignatureException: 'com.amazon.coral.service',
  InvalidSignatureException: 'com.amazon.coral.service',
  AccessDeniedException: 'com.amazon.coral.service',
  InvalidParameterValueException: 'com.amazon.coral.service',
  MissingRequiredParameterException: 'com.amazon.coral.service',
  ExpiredTokenException: 'com.amazon.coral.service',
  InternalFailure: 'com.amazon.coral.service',
};

const writeEvent: EventFormat['write'] = (members, value) => Buffer.from(JSON.stringify(awsJsonWriters.structure(members)(value)));

/** JSON over one path, the operation in X-Amz-Target: DynamoDB, Logs, Step Functions, … */
export function createAwsJson(version: '1.0' | '1.1'): Codec {
  const protocol: ProtocolName = version === '1.0' ? 'awsJson1_0' : 'awsJson1_1';
  const contentType = `application/x-amz-json-${version}`;
  const readers = new WeakMap<ServiceModel, ReturnType<typeof createJsonReaders>>();
  const inputReaders = new WeakMap<OperationModel, JsonReader>();
  const outputWriters = new WeakMap<StructureShape, (value: unknown) => unknown>();

  function readersOf(service: ServiceModel): ReturnType<typeof createJsonReaders> {
    const known = readers.get(service) ?? createJsonReaders(service, protocol);
    readers.set(service, known);
    return known;
  }

  function inputReaderOf(operation: OperationModel, input: StructureShape): JsonReader {
    const known = inputReaders.get(operation) ?? readersOf(operation.service).structure({ ...input, union: false }, input.members);
    inputReaders.set(operation, known);
    return known;
  }

  function outputWriterOf(shape: StructureShape): (value: unknown) => unknown {
    const known = outputWriters.get(shape) ?? awsJsonWriters.structure(shape.members);
    outputWriters.set(shape, known);
    return known;
  }

  return {
    parseInput(operation, _head, _labels, body) {
      if (!operation.input || body === undefined) return {};
      return inputReaderOf(operation, operation.input)(parseJson(body, protocol) ?? {}, 0) as object;
    },

    parseDocument(operation, _head, _labels, document) {
      return operation.input ? (inputReaderOf(operation, operation.input)(document ?? {}, 0) as object) : {};
    },

    formatOutput(operation, output, meta) {
      const headers = { 'x-amzn-RequestId': meta.requestId, 'Content-Type': contentType };
      // AWS sends no body at all where the operation has no output shape (Logs CreateLogGroup, SQS DeleteMessage).
      if (!operation.output) return { status: 200, headers, body: '' };
      const stream = eventStreamMember(operation.output);
      if (stream) {
        const { [stream.name]: events, ...rest } = output;
        const format = { contentType, write: writeEvent };
        const first = Buffer.from(JSON.stringify(outputWriterOf(operation.output)(rest)));
        return { status: 200, headers: { ...headers, 'Content-Type': eventStreamType }, body: eventStreamBody(stream.target, events as AsyncIterable<unknown>, format, first) };
      }
      return { status: 200, headers, body: JSON.stringify(outputWriterOf(operation.output)(output)) };
    },

    formatError(service, _operation, error, meta) {
      const shape = errorShapeOf(service, error);
      const name = shape?.name ?? error.code;
      const headers: Record<string, string> = { 'x-amzn-RequestId': meta.requestId, 'Content-Type': contentType };
      if (service?.queryCompatible) headers['x-amzn-query-error'] = `${queryCodeOf(service, shape, error)};${errorFault(shape, error)}`;
      const namespace = service?.errorNamespace === undefined ? undefined : shape ? service.errorNamespace : frameworkNamespaces[error.code];
      const type = namespace === undefined ? name : `${namespace}#${name}`;
      return { status: errorStatus(shape, error), headers, body: JSON.stringify({ __type: type, ...jsonErrorBody(shape, error, awsJsonWriters) }) };
    },
  };
}
