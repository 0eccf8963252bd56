// What the protocol layer itself answers when a request cannot even be read.

import { ServiceError } from '../base/errors.ts';
import type { ServiceModel } from './model.ts';
import type { ProtocolName } from './types.ts';

/** A request that is not of the form its model demands, in the words of its protocol. */
export function malformedRequest(protocol: ProtocolName, message: string): ServiceError {
  return new ServiceError(malformedCodes[protocol], message, { status: 400 });
}

const malformedCodes: Readonly<Record<ProtocolName, string>> = {
  restJson1: 'SerializationException',
  awsJson1_0: 'SerializationException',
  awsJson1_1: 'SerializationException',
  rpcv2Cbor: 'SerializationException',
  restXml: 'MalformedXML',
  awsQuery: 'MalformedInput',
  ec2Query: 'MalformedInput',
};

/** An operation that the model does not have. */
export function unknownOperation(protocol: ProtocolName, service: ServiceModel, name: string | undefined, version?: string): ServiceError {
  if (protocol === 'awsQuery' || protocol === 'ec2Query') {
    if (name === undefined || name === '') return new ServiceError('MissingAction', 'Missing Action', { status: 400 });
    return new ServiceError('InvalidAction', `Could not find operation ${name} for version ${version ?? service.version}`, { status: 400 });
  }
  if (protocol === 'restXml') return new ServiceError('MethodNotAllowed', 'The specified method is not allowed against this resource.', { status: 405 });
  if (protocol === 'restJson1') return new ServiceError('UnknownOperationException', 'The requested operation is not supported.', { status: 404 });
  return new ServiceError('UnknownOperationException', '', { status: 400 });
}

/** How one family of services words a JSON value of the wrong type. */
export interface TypeMessages {
  scalar(found: string, wanted: string): string;
  readonly list: string;
  readonly structure: string;
  notBase64(text: unknown): string;
  readonly notList: string;
  readonly notMap: string;
}

/** DynamoDB's reader words its refusals differently from all other JSON services. */
export function typeMessages(service: ServiceModel): TypeMessages {
  return service.signingNames.includes('dynamodb') ? dynamoMessages : commonMessages;
}

const commonMessages: TypeMessages = {
  scalar: (found, wanted) => `${found} can not be converted to ${/^[AEIOU]/.test(wanted) ? 'an' : 'a'} ${wanted}`,
  list: 'Start of list found where not expected',
  structure: 'Start of structure or map found where not expected.',
  notBase64: () => 'Invalid base64 value',
  notList: 'Expected list or null',
  notMap: 'Expected map or null',
};

const dynamoMessages: TypeMessages = {
  scalar: (found, wanted) => `${found} cannot be converted to ${wanted}`,
  list: 'Start of list found where not expected',
  structure: 'Start of structure or map found where not expected',
  notBase64: (text) =>
    typeof text === 'string' && text.length % 4 !== 0
      ? `Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`
      : 'only base-64-encoded strings are convertible to bytes',
  notList: 'Unexpected field type',
  notMap: 'Unexpected field type',
};
