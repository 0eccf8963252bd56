import { Readable } from 'node:stream';
import { ServiceError } from '../../base/errors.ts';
import { BodyDecoder } from '../../wire/bodyDecoder.ts';
import { StreamedBody } from '../streamedBody.ts';

/** For tests of operations with a streamed body: one that holds these bytes. */
export function testBody(bytes: Uint8Array): StreamedBody {
  return new StreamedBody({
    open: () => Readable.from(bytes.length === 0 ? [] : [Buffer.from(bytes)]),
    decoder: new BodyDecoder({ chunks: undefined, declared: new Map(), verifyHash: undefined }),
    bytesMax: Number.MAX_SAFE_INTEGER,
    tooLarge: () => new ServiceError('EntityTooLarge', 'too large'),
    declaredBytes: bytes.length,
  });
}
