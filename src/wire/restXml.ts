import { isUtf8 } from 'node:buffer';
import type { Codec } from './codecs.ts';
import { errorFault, errorShapeOf, errorStatus } from './errorAnswers.ts';
import { eventStreamBody, eventStreamType } from './eventStream.ts';
import type { EventFormat } from './eventStream.ts';
import { inputBindingsOf, outputBindingsOf } from './httpBindings.ts';
import type { InputBindings } from './httpBindings.ts';
import type { Member, OperationModel, ServiceModel, StructureShape } from './model.ts';
import type { WireResponse } from './types.ts';
import { escapeXml, xmlAttributes, xmlMemberWriter, xmlMembersWriter, xmlNamespaceAttribute } from './xml.ts';
import { malformedXml, xmlShapeReader, xmlStructureReader } from './xmlReader.ts';
import { parseXml } from './xmlTree.ts';

type BodyReader = (body: Uint8Array, input: Record<string, unknown>) => void;
type BodyWriter = (output: Readonly<Record<string, unknown>>, headers: Record<string, string>) => WireResponse['body'];

const bodyReaders = new WeakMap<OperationModel, BodyReader>();
const bodyWriters = new WeakMap<OperationModel, BodyWriter>();

/** REST with XML bodies: S3, CloudFront, Route 53. */
export const restXml: Codec = {
  parseInput(operation, head, labels, body) {
    const input: Record<string, unknown> = {};
    const bindings = inputBindingsOf(operation, 'restXml');
    bindings.read(input, head, labels);
    if (body !== undefined) bodyReaderOf(operation, bindings)(body, input);
    return input;
  },

  formatOutput(operation, output, meta) {
    const headers = requestIdHeaders(operation.service, meta.requestId);
    if (!operation.output) return { status: operation.status, headers, body: '' };
    const status = outputBindingsOf(operation.output).write(output, headers);
    const body = bodyWriterOf(operation, operation.output)(output, headers);
    return { status: status ?? operation.status, headers, body };
  },

  formatError(service, _operation, error, meta) {
    const shape = errorShapeOf(service, error);
    const headers: Record<string, string> = { ...requestIdHeaders(service, meta.requestId), 'Content-Type': 'application/xml' };
    if (shape) outputBindingsOf(shape).write(error.members, headers);
    const code = `<Code>${escapeXml(shape?.error?.queryCode ?? error.code)}</Code>${error.message === '' ? '' : `<Message>${escapeXml(error.message)}</Message>`}`;
    const members = errorElements(shape, error.members);
    const body = service?.noErrorWrapping
      ? `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${code}${members}<RequestId>${meta.requestId}</RequestId><HostId>${hostId(meta.requestId)}</HostId></Error>`
      : `<ErrorResponse${xmlNamespaceAttribute(service?.xmlNamespace)}><Error><Type>${errorFault(shape, error)}</Type>${code}${members}</Error><RequestId>${meta.requestId}</RequestId></ErrorResponse>`;
    return { status: errorStatus(shape, error), headers, body };
  },
};

function requestIdHeaders(service: ServiceModel | undefined, requestId: string): Record<string, string> {
  if (service?.noErrorWrapping) return { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId(requestId) };
  return { 'x-amzn-RequestId': requestId };
}

// S3 names the host that answered; ours is always the same, so the request id says it all.
function hostId(requestId: string): string {
  return Buffer.from(requestId).toString('base64');
}

// S3's errors carry facts that no shape lists (BucketName, Key, Resource, StringToSign): they follow as they are.
function errorElements(shape: StructureShape | undefined, given: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || name.toLowerCase() === 'message') continue;
    const member = shape?.members.find((candidate) => candidate.name === name);
    if (member) text += member.location === undefined ? xmlMemberWriter(member)(value) : '';
    else text += `<${name}>${escapeXml(String(value))}</${name}>`;
  }
  return text;
}

function bodyReaderOf(operation: OperationModel, bindings: InputBindings): BodyReader {
  const known = bodyReaders.get(operation);
  if (known) return known;
  const compiled = compileBodyReader(bindings);
  bodyReaders.set(operation, compiled);
  return compiled;
}

function compileBodyReader({ payload, bodyMembers }: InputBindings): BodyReader {
  if (payload) return payloadReader(payload);
  if (bodyMembers.length === 0) return () => undefined;
  const read = xmlStructureReader(bodyMembers);
  return (body, input) => {
    if (body.byteLength > 0) Object.assign(input, read(parseBody(body)));
  };
}

function payloadReader({ name, target }: Member): BodyReader {
  if (target.kind === 'structure') {
    return (body, input) => {
      if (body.byteLength > 0) input[name] = xmlShapeReader(target)(parseBody(body));
    };
  }
  const isText = target.kind === 'scalar' && target.type === 'string';
  return (body, input) => {
    if (body.byteLength > 0) input[name] = isText ? textOf(body) : body;
  };
}

function parseBody(body: Uint8Array): NonNullable<ReturnType<typeof parseXml>> {
  const root = isUtf8(body) ? parseXml(textOf(body)) : undefined;
  if (!root) throw malformedXml();
  return root;
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

function bodyWriterOf(operation: OperationModel, output: StructureShape): BodyWriter {
  const known = bodyWriters.get(operation);
  if (known) return known;
  const compiled = compileBodyWriter(operation, output);
  bodyWriters.set(operation, compiled);
  return compiled;
}

function compileBodyWriter(operation: OperationModel, output: StructureShape): BodyWriter {
  const { payload, bodyMembers } = outputBindingsOf(output);
  if (payload) return payloadWriter(payload, operation.service);
  if (bodyMembers.length === 0) return () => '';
  const write = xmlMembersWriter(bodyMembers);
  if (operation.unwrappedOutput) return unwrappedWriter(operation, bodyMembers);
  const root = operation.outputRoot ?? output.xmlName ?? output.name;
  const attributes = xmlNamespaceAttribute(output.xmlNamespace ?? operation.service.xmlNamespace, output.xmlPrefix);
  const own = xmlAttributes({ ...output, members: bodyMembers });
  return (value, headers) => document(`<${root}${attributes}${own(value)}>${write(value)}</${root}>`, headers, operation.service);
}

// S3's GetBucketLocation: the one member is the root element itself.
function unwrappedWriter(operation: OperationModel, members: readonly Member[]): BodyWriter {
  const [only] = members;
  const attributes = xmlNamespaceAttribute(operation.service.xmlNamespace);
  return (value, headers) => {
    const text = only === undefined ? '' : escapeXml(String(value[only.name] ?? ''));
    const name = only?.xmlName ?? 'Result';
    return document(`<${name}${attributes}>${text}</${name}>`, headers, operation.service);
  };
}

const xmlEvents: EventFormat = { contentType: 'text/xml', write: (members, value) => Buffer.from(xmlMembersWriter(members)(value)) };

function payloadWriter(payload: Member, service: ServiceModel): BodyWriter {
  const { name, target } = payload;
  if (target.kind !== 'structure') {
    const type = (target.kind === 'scalar' ? target.mediaType : undefined) ?? (target.kind === 'scalar' && target.type === 'string' ? 'text/plain' : 'application/octet-stream');
    return (output, headers) => {
      const value = output[name];
      if (value === undefined || value === null) return '';
      headers['Content-Type'] ??= type;
      return value as WireResponse['body'];
    };
  }
  if (target.eventStream) {
    return (output, headers) => {
      headers['Content-Type'] = eventStreamType;
      return eventStreamBody(target, output[name] as AsyncIterable<unknown>, xmlEvents);
    };
  }
  const root = payload.xmlNamed ? payload.xmlName : (target.xmlName ?? target.name);
  const attributes = xmlNamespaceAttribute(payload.xmlNamespace ?? target.xmlNamespace ?? service.xmlNamespace, payload.xmlPrefix ?? target.xmlPrefix);
  const write = xmlMembersWriter(target.members);
  const own = xmlAttributes(target);
  return (output, headers) => {
    const value = output[name];
    if (value === undefined || value === null) return '';
    return document(`<${root}${attributes}${own(value)}>${write(value)}</${root}>`, headers, service);
  };
}

function document(text: string, headers: Record<string, string>, service: ServiceModel): string {
  headers['Content-Type'] = 'application/xml';
  return service.noErrorWrapping ? `<?xml version="1.0" encoding="UTF-8"?>\n${text}` : text;
}
