import type { Codec } from './codecs.ts';
import { errorMembers, formText } from './awsQuery.ts';
import { errorShapeOf, errorStatus } from './errorAnswers.ts';
import { formReaderOf, parseForm } from './form.ts';
import type { StructureShape } from './model.ts';
import { escapeXml, xmlMembersWriter, xmlNamespaceAttribute } from './xml.ts';
import type { ElementWriter } from './xml.ts';

const outputWriters = new WeakMap<StructureShape, ElementWriter>();

/** EC2's own form of the query protocol: flat lists in requests, no result wrapper, `Errors` in a `Response`. */
export const ec2Query: Codec = {
  parseInput(operation, head, _labels, body) {
    if (!operation.input) return {};
    return formReaderOf(operation.input, 'ec2Query')(parseForm([head.query, formText(body)], 'ec2Query')) as object;
  },

  formatOutput(operation, output, meta) {
    const root = `${operation.name}Response`;
    const content = operation.output ? outputWriterOf(operation.output)(output) : '';
    return {
      status: 200,
      headers: { 'x-amzn-RequestId': meta.requestId, 'Content-Type': 'text/xml;charset=UTF-8' },
      body: `<${root}${xmlNamespaceAttribute(operation.service.xmlNamespace)}>${content}<requestId>${meta.requestId}</requestId></${root}>`,
    };
  },

  formatError(service, _operation, error, meta) {
    const shape = errorShapeOf(service, error);
    const message = error.message === '' ? '' : `<Message>${escapeXml(error.message)}</Message>`;
    const code = `<Code>${escapeXml(shape?.error?.queryCode ?? error.code)}</Code>${message}${errorMembers(shape, error.members)}`;
    return {
      status: errorStatus(shape, error),
      headers: { 'x-amzn-RequestId': meta.requestId, 'Content-Type': 'text/xml;charset=UTF-8' },
      body: `<Response><Errors><Error>${code}</Error></Errors><RequestID>${meta.requestId}</RequestID></Response>`,
    };
  },
};

function outputWriterOf(shape: StructureShape): ElementWriter {
  const known = outputWriters.get(shape) ?? xmlMembersWriter(shape.members);
  outputWriters.set(shape, known);
  return known;
}
