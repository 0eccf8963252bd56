import type { InvocationRequest } from '@aws-sdk/client-lambda';
import { findJsonFailure } from '../domain/jsonFailure.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { acceptTrace } from '../domain/trace.ts';
import { errors } from '../errors.ts';
import { asyncPayloadBytesMax, clientContextBytesMax, requestPayloadBytesMax } from '../limits.ts';
import { acceptEvent } from '../invocations/eventQueue.ts';
import { findInvocable, requireTenant, runInvocable } from '../invocations/invocable.ts';
import type { Invocable } from '../invocations/invocable.ts';
import { accessTo, referenceOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';

const implemented = new Set(['FunctionName', 'Qualifier', 'InvocationType', 'LogType', 'ClientContext', 'Payload', 'DurableExecutionName', 'TenantId']);
const emptyEvent = Buffer.from('{}');

export const invoke = operation('Invoke', {
  access: accessTo('lambda:InvokeFunction', { qualified: true }),
  async handle(input, call, context) {
    const reference = referenceOf(input, call);
    refuseUnimplemented(input, implemented);
    const found = await findInvocable(reference, context);
    const invocationType = input.InvocationType ?? 'RequestResponse';
    const event = requireEvent(input.Payload, invocationType);
    const clientContext = input.ClientContext === undefined ? undefined : requireClientContext(input.ClientContext);
    if (invocationType === 'DryRun') return { StatusCode: 204, Payload: undefined };
    const traceId = acceptTrace(call.head.headers['x-amzn-trace-id'], call.nowMs, context.random);
    const { requestId } = call;
    const { TenantId: tenantId } = input;
    requireTenant(found.row, tenantId);
    if (found.row.durable !== undefined && invocationType !== 'Event') refuseRunSettings(input);
    if (found.row.durable !== undefined) return invokeDurable(found, { event, traceId, tenantId, name: input.DurableExecutionName, waits: invocationType !== 'Event' }, call.signal, context);
    if (input.DurableExecutionName !== undefined) throw errors.invalidParameter('You cannot specify a durable execution name for a function that is not durable.');
    if (invocationType === 'Event') {
      // Neither a client context nor a log tail: the API reference has both for synchronous invocations only.
      await acceptEvent(found, { requestId, traceId, event, tenantId }, context);
      return { StatusCode: 202, Payload: undefined };
    }
    const result = await runInvocable(found, { requestId, event, clientContext, traceId, wantsTail: input.LogType === 'Tail', tenantId }, context);
    return {
      StatusCode: 200,
      ExecutedVersion: found.row.version,
      Payload: result.payload,
      ...(result.failed ? { FunctionError: 'Unhandled' } : {}),
      ...(result.logTail === undefined ? {} : { LogResult: await result.logTail() }),
    };
  },
});

interface DurableInvocation {
  readonly event: Uint8Array;
  readonly traceId: string;
  readonly tenantId: string | undefined;
  readonly name: string | undefined;
  readonly waits: boolean;
}

/** What belongs to one run says nothing of an execution, which may have many. */
export function refuseRunSettings({ LogType, ClientContext }: { readonly LogType?: string | undefined; readonly ClientContext?: string | undefined }): void {
  if (LogType === 'Tail') throw errors.notSupported('LogType Tail of a durable function', 'Its logs are in CloudWatch Logs.');
  if (ClientContext !== undefined) throw errors.notSupported('the ClientContext of a durable function', 'Its input can carry the same.');
}

/** A durable function is not run here: its execution is begun, and waited for where the caller waits. */
async function invokeDurable(found: Invocable, { event, traceId, tenantId, name, waits }: DurableInvocation, signal: AbortSignal, { store, durable }: LambdaContext) {
  const request = { reference: found.reference, version: found.row, input: event, traceId, tenantId, name };
  if (!waits) return { StatusCode: 202, DurableExecutionArn: await store.transact((tx) => durable.start(tx, request)), Payload: undefined };
  const { arn, payload, failed } = await durable.run(request, signal);
  return { StatusCode: 200, ExecutedVersion: found.row.version, DurableExecutionArn: arn, Payload: payload, ...(failed ? { FunctionError: 'Unhandled' } : {}) };
}

/** The event of an invocation, which must be JSON and not too long. */
export function requireEvent(payload: Uint8Array | undefined, invocationType: string): Uint8Array {
  if (payload === undefined || payload.length === 0) return emptyEvent;
  const bytesMax = invocationType === 'Event' ? asyncPayloadBytesMax : requestPayloadBytesMax;
  if (payload.length > bytesMax) throw errors.payloadTooLarge(payload.length, invocationType, bytesMax);
  const failure = findJsonFailure(payload);
  if (failure !== undefined) throw errors.invalidRequestContent(`Could not parse request body into json: Could not parse payload into json: ${failure}`);
  return payload;
}

/** The decoded JSON text. */
export function requireClientContext(encoded: NonNullable<InvocationRequest['ClientContext']>): string {
  if (encoded.length > clientContextBytesMax) {
    throw errors.invalidRequestContent(`Client context must be a valid Base64-encoded JSON object of at most ${clientContextBytesMax} bytes.`);
  }
  const text = /^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded) ? Buffer.from(encoded, 'base64').toString('utf8') : '';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text;
  } catch {
    // Answered below, in the same words as for JSON that is no object.
  }
  throw errors.invalidRequestContent('Client context must be a valid Base64-encoded JSON object.');
}
