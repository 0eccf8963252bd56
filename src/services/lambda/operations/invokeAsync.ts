import { errors } from '../errors.ts';
import { acceptEvent } from '../invocations/eventQueue.ts';
import { findInvocable, requireTenant } from '../invocations/invocable.ts';
import { asyncPayloadBytesMax } from '../limits.ts';
import { accessTo, referenceOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { acceptTrace } from '../domain/trace.ts';
import { requireEvent } from './invoke.ts';

/** The old form of Invoke with `Event`, which AWS deprecates and keeps, with a permission of its own. */
export const invokeAsync = operation('InvokeAsync', {
  access: accessTo('lambda:InvokeAsync'),
  async handle(input, call, context) {
    const reference = referenceOf(input, call);
    const found = await findInvocable(reference, context);
    const event = requireEvent(await readArguments(input.InvokeArgs), 'Event');
    requireTenant(found.row, undefined);
    const traceId = acceptTrace(call.head.headers['x-amzn-trace-id'], call.nowMs, context.random);
    if (found.row.durable !== undefined) await context.store.transact((tx) => context.durable.start(tx, { reference, version: found.row, input: event, traceId }));
    else await acceptEvent(found, { requestId: call.requestId, traceId, event }, context);
    return { Status: 202 };
  },
});

async function readArguments(body: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > asyncPayloadBytesMax) throw errors.payloadTooLarge(bytes, 'Event', asyncPayloadBytesMax);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
