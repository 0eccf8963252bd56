import type { Codec } from './codecs.ts';
import { errorFault, errorShapeOf, errorStatus, queryCodeOf } from './errorAnswers.ts';
import { formReaderOf, parseForm } from './form.ts';
import type { StructureShape } from './model.ts';
import { escapeXml, xmlMemberWriter, xmlMembersWriter, xmlNamespaceAttribute } from './xml.ts';
import type { ElementWriter } from './xml.ts';

const outputWriters = new WeakMap<StructureShape, ElementWriter>();

/** Form requests, XML answers: IAM, STS, SNS, CloudFormation, and SQS and CloudWatch for their old clients. */
export const awsQuery: Codec = {
  parseInput(operation, head, _labels, body) {
    if (!operation.input) return {};
    return formReaderOf(operation.input, 'awsQuery')(parseForm([head.query, formText(body)], 'awsQuery')) as object;
  },

  formatOutput(operation, output, meta) {
    const { name, service, resultWrapper } = operation;
    const result = operation.output ? `<${resultWrapper}>${outputWriterOf(operation.output)(output)}</${resultWrapper}>` : '';
    const root = `${name}Response`;
    return {
      status: 200,
      headers: { 'x-amzn-RequestId': meta.requestId, 'Content-Type': 'text/xml' },
      body: `<${root}${xmlNamespaceAttribute(service.xmlNamespace)}>${result}<ResponseMetadata><RequestId>${meta.requestId}</RequestId></ResponseMetadata></${root}>`,
    };
  },

  formatError(service, _operation, error, meta) {
    const shape = errorShapeOf(service, error);
    const code = queryCodeOf(service, shape, error);
    const head = `<Type>${errorFault(shape, error)}</Type><Code>${escapeXml(code)}</Code>${error.message === '' ? '' : `<Message>${escapeXml(error.message)}</Message>`}`;
    return {
      status: error.status ?? shape?.error?.queryStatus ?? errorStatus(shape, error),
      headers: { 'x-amzn-RequestId': meta.requestId, 'Content-Type': 'text/xml' },
      body: `<ErrorResponse${xmlNamespaceAttribute(service?.xmlNamespace)}><Error>${head}${errorMembers(shape, error.members)}</Error><RequestId>${meta.requestId}</RequestId></ErrorResponse>`,
    };
  },
};

/** The form of a body as text; form bodies are ASCII by definition, anything else is percent-encoded. */
export function formText(body: Uint8Array | undefined): string {
  return body === undefined ? '' : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** Members of an error shape beside its message, as elements. */
export function errorMembers(shape: StructureShape | undefined, given: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const member of shape?.members ?? []) {
    const value = given[member.name];
    if (value !== undefined && value !== null && member.name.toLowerCase() !== 'message') text += xmlMemberWriter(member)(value);
  }
  return text;
}

function outputWriterOf(shape: StructureShape): ElementWriter {
  const known = outputWriters.get(shape) ?? xmlMembersWriter(shape.members);
  outputWriters.set(shape, known);
  return known;
}
