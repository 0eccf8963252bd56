// What all protocols need to know of an error before they write it in their own form.

import type { ServiceError } from '../base/errors.ts';
import type { JsonWriters } from './json.ts';
import type { ServiceModel, StructureShape } from './model.ts';

/** The model's shape of an error, found by its name or its query code. */
export function errorShapeOf(service: ServiceModel | undefined, error: ServiceError): StructureShape | undefined {
  return service?.findError(error.code);
}

// What the framework under the services refuses has one name in JSON and another in the query protocol; services that serve both
// (SQS, CloudWatch) tell both (seen in recorded answers of SQS: `x-amzn-query-error: InvalidParameterValue;Sender`).
const frameworkQueryCodes: Readonly<Record<string, string>> = {
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
  AccessDeniedException: 'AccessDenied',
  UnrecognizedClientException: 'InvalidClientTokenId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  IncompleteSignatureException: 'IncompleteSignature',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  ExpiredTokenException: 'ExpiredToken',
  SerializationException: 'MalformedInput',
  UnknownOperationException: 'InvalidAction',
};

/** The code of an error in the query protocol. */
export function queryCodeOf(service: ServiceModel | undefined, shape: StructureShape | undefined, error: ServiceError): string {
  return shape?.error?.queryCode ?? shape?.name ?? (service?.queryCompatible ? frameworkQueryCodes[error.code] : undefined) ?? error.code;
}

export function errorStatus(shape: StructureShape | undefined, error: ServiceError): number {
  return error.status ?? shape?.error?.status ?? (error.fault === 'server' ? 500 : 400);
}

/** Who is to blame, in the words of the query protocols. */
export function errorFault(shape: StructureShape | undefined, error: ServiceError): 'Sender' | 'Receiver' {
  return (error.fault ?? shape?.error?.fault ?? (errorStatus(shape, error) >= 500 ? 'server' : 'client')) === 'server' ? 'Receiver' : 'Sender';
}

/** The body of a JSON error without `__type`: the message under the name the shape gives it, and further members. */
export function jsonErrorBody(shape: StructureShape | undefined, error: ServiceError, writers: JsonWriters): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  if (!shape) {
    // The protocol layer's own refusals say "Message", the common errors of AWS's front door "message"; clients read both.
    if (error.message !== '') body[error.code === 'SerializationException' ? 'Message' : 'message'] = error.message;
    return Object.assign(body, error.members);
  }
  for (const member of shape.members) {
    if (member.location !== undefined) continue;
    const given = error.members[member.name];
    if (given !== undefined && given !== null) body[writers.nameOf(member)] = writers.member(member)(given);
    else if (member.name.toLowerCase() === 'message') body[writers.nameOf(member)] = error.message;
    // Lambda's errors carry whose fault they are as `Type`.
    else if (member.name === 'Type') body[writers.nameOf(member)] = shape.error?.fault === 'server' ? 'Service' : 'User';
  }
  if (error.message !== '' && !shape.members.some((member) => member.name.toLowerCase() === 'message')) body['message'] = error.message;
  return body;
}
