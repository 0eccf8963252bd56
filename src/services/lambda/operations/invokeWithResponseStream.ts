import type { InvokeWithResponseStreamResponseEvent } from '@aws-sdk/client-lambda';
import { refuseUnimplemented } from '../domain/settings.ts';
import { acceptTrace } from '../domain/trace.ts';
import { findInvocable, runInvocable } from '../invocations/invocable.ts';
import { describeFailure, streamInvocation } from '../invocations/responseStream.ts';
import type { StreamedInvocation } from '../invocations/responseStream.ts';
import { accessTo, referenceOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { refuseRunSettings, requireClientContext, requireEvent } from './invoke.ts';

const implemented = new Set(['FunctionName', 'Qualifier', 'InvocationType', 'LogType', 'ClientContext', 'Payload', 'TenantId']);

/** The same permission as Invoke's: API reference, InvokeWithResponseStream. */
export const invokeWithResponseStream = operation('InvokeWithResponseStream', {
  access: accessTo('lambda:InvokeFunction', { qualified: true }),
  async handle(input, call, context) {
    const reference = referenceOf(input, call);
    refuseUnimplemented(input, implemented);
    const found = await findInvocable(reference, context);
    const event = requireEvent(input.Payload, 'RequestResponse');
    const clientContext = input.ClientContext === undefined ? undefined : requireClientContext(input.ClientContext);
    if (input.InvocationType === 'DryRun') return { StatusCode: 204, EventStream: noEvents() };
    if (found.row.durable !== undefined) refuseRunSettings(input);
    const { requestId } = call;
    const traceId = acceptTrace(call.head.headers['x-amzn-trace-id'], call.nowMs, context.random);
    const wantsTail = input.LogType === 'Tail';
    const streamed = await streamInvocation((receiver) => runInvocable(found, { requestId, event, clientContext, traceId, wantsTail, receiver, tenantId: input.TenantId }, context), call.signal);
    return { StatusCode: 200, ExecutedVersion: found.row.version, EventStream: eventsOf(streamed) };
  },
});

async function* eventsOf({ parts, result }: StreamedInvocation): AsyncGenerator<InvokeWithResponseStreamResponseEvent> {
  for await (const Payload of parts) yield { PayloadChunk: { Payload } };
  const ended = await result;
  yield { InvokeComplete: { ...describeFailure(ended), ...(ended.logTail === undefined ? {} : { LogResult: await ended.logTail() }) } };
}

async function* noEvents(): AsyncGenerator<InvokeWithResponseStreamResponseEvent> {
  // Nothing ran.
}
