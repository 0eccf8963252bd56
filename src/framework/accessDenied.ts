import { ServiceError } from '../base/errors.ts';
import type { ProtocolName } from '../wire/types.ts';

/** A refusal for lack of permission; it carries the sealed explanation. */
export class AccessDeniedError extends ServiceError {
  readonly encodedMessage: string | undefined;

  constructor(code: string, message: string, { status, encodedMessage }: { readonly status: number; readonly encodedMessage: string | undefined }) {
    super(code, message, { status });
    this.encodedMessage = encodedMessage;
  }
}

export interface Refusal {
  readonly protocol: ProtocolName;
  /** The service that refuses, as its model is named. */
  readonly service: string | undefined;
  readonly sentence: string;
  readonly encodedMessage: string | undefined;
}

/**
 * The error of the refusing service. The query services say AccessDenied, the JSON and REST ones AccessDeniedException; the
 * old JSON front ends answer it with 400. SQS kept its status when it learnt JSON, as it kept its codes (`x-amzn-query-error`).
 */
export function accessDenied({ protocol, service, sentence, encodedMessage }: Refusal): AccessDeniedError {
  if (protocol === 'ec2Query') {
    // EC2 is the one that puts the encoded message into the text (STS API reference, DecodeAuthorizationMessage).
    const encoded = encodedMessage === undefined ? '' : ` Encoded authorization failure message: ${encodedMessage}`;
    return new AccessDeniedError('UnauthorizedOperation', `You are not authorized to perform this operation. ${sentence}.${encoded}`, { status: 403, encodedMessage });
  }
  // SNS API reference, "Common Errors": AuthorizationError is what its own actions answer.
  if (service === 'sns') return new AccessDeniedError('AuthorizationError', sentence, { status: 403, encodedMessage });
  if (protocol === 'awsQuery' || protocol === 'restXml') return new AccessDeniedError('AccessDenied', sentence, { status: 403, encodedMessage });
  return new AccessDeniedError('AccessDeniedException', sentence, { status: protocol === 'restJson1' || service === 'sqs' ? 403 : 400, encodedMessage });
}
