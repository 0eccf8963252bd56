import type { ServiceError } from '../../../base/errors.ts';
import { errors } from '../errors.ts';
import { asyncPayloadBytesMax, requestPayloadBytesMax } from '../limits.ts';

export type RequestHeaders = Readonly<Record<string, string>>;

const typeHeader = 'x-amz-invocation-type';

/** The most that an invocation with these headers may carry. */
export function payloadBytesMaxOf(headers: RequestHeaders): number {
  return headers[typeHeader] === 'Event' ? asyncPayloadBytesMax : requestPayloadBytesMax;
}

/** Refuses a larger one, before it has been received: its headers say how large it is, or that was found out when the limit was passed. */
export function payloadTooLarge(headers: RequestHeaders): ServiceError {
  const bytesMax = payloadBytesMaxOf(headers);
  const declared = Number(headers['content-length'] ?? bytesMax + 1);
  return errors.payloadTooLarge(declared, headers[typeHeader] ?? 'RequestResponse', bytesMax);
}
