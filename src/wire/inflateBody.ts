import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { systemErrorCode } from '../base/errors.ts';
import { malformedRequest } from './faults.ts';
import { inflatedBytesAlways, inflationRatioMax } from './limits.ts';
import type { OperationModel } from './model.ts';
import type { ProtocolName, RequestHead } from './types.ts';

const inflate = promisify(gunzip);

/**
 * Whether the body of this request is a document that was compressed on its way: metrics and log clients do that. A payload
 * (an object, an event of a function) is the caller's own bytes, whatever its Content-Encoding says.
 */
export function isCompressedDocument(head: RequestHead, operation: OperationModel | undefined): boolean {
  return (
    head.headers['content-encoding']?.toLowerCase() === 'gzip' &&
    !operation?.input?.members.some((member) => member.location === 'payload' || member.streaming)
  );
}

/** The document, of at most `bytesMax`; beyond that, or when it grows as no honest one does, `tooLarge` is thrown. */
export async function inflateBody(body: Uint8Array, bytesMax: number, protocol: ProtocolName, tooLarge: () => Error): Promise<Uint8Array> {
  if (body.byteLength === 0) return body;
  try {
    return await inflate(body, { maxOutputLength: Math.min(bytesMax, Math.max(inflatedBytesAlways, body.byteLength * inflationRatioMax)) });
  } catch (error) {
    if (systemErrorCode(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw malformedRequest(protocol, 'The request body is not what its Content-Encoding says.');
  }
}
