// A response that a runtime streams: `Lambda-Runtime-Function-Response-Mode: streaming` and a chunked body
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html, "Implementing response streaming in a custom runtime").
import type { IncomingMessage } from 'node:http';
import type { ChannelAnswer } from '../channel/channel.ts';
import { createResponseParts, type ResponseParts } from '../channel/responseParts.ts';
import { streamPartOverheadBytes, streamWindowBytes } from '../limits.ts';
import type { InvocationRequest } from '../types.ts';

/** Hands on the body as it comes, and waits for its reader in between. `broken` when it ended before its time. */
export function readParts(message: IncomingMessage, parts: ResponseParts): Promise<ChannelAnswer | 'broken'> {
  return new Promise((resolve) => {
    let onTheWay = 0;
    let contentType = message.headers['content-type'];
    const add = (part: Buffer): void => {
      const cost = part.length + streamPartOverheadBytes;
      onTheWay += cost;
      const refusal = parts.add(part, contentType, () => {
        onTheWay -= cost;
        if (onTheWay < streamWindowBytes && message.isPaused()) message.resume();
      });
      contentType = undefined;
      if (refusal) {
        resolve(refusal);
        message.removeAllListeners('data');
        message.resume();
        return;
      }
      if (onTheWay >= streamWindowBytes) message.pause();
    };
    message.on('data', add);
    message.once('end', () => {
      if (parts.count === 0) add(Buffer.alloc(0));
      const { 'lambda-runtime-function-error-type': errorType, 'lambda-runtime-function-error-body': errorBody } = message.trailers;
      resolve(errorType === undefined && errorBody === undefined ? parts.end() : parts.fail(errorOf(errorType, errorBody)));
    });
    message.once('error', () => resolve('broken'));
    message.once('close', () => resolve('broken'));
  });
}

/** A response that came whole, for whoever wants it so or in pieces. */
export function wholeAnswer(request: InvocationRequest, body: Buffer, contentType: string | undefined): ChannelAnswer {
  const parts = createResponseParts(request);
  return parts.add(body, contentType, () => undefined) ?? parts.end();
}

// The body is base64 of the runtime's error document; without one the type alone tells.
function errorOf(errorType: string | undefined, errorBody: string | undefined): Buffer {
  const document = Buffer.from(errorBody ?? '', 'base64');
  return document.length > 0 ? document : Buffer.from(JSON.stringify({ errorType: errorType ?? 'Runtime.Unknown' }));
}
