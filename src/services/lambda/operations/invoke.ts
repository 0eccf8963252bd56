import type { InvocationRequest } from '@aws-sdk/client-lambda';
import { ServiceError } from '../../../base/errors.ts';
import { hexId } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';
import type { Call } from '../../../framework/context.ts';
import { routeAlias } from '../domain/alias.ts';
import { functionArn } from '../domain/functionName.ts';
import { findJsonFailure } from '../domain/jsonFailure.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { errors } from '../errors.ts';
import { asyncPayloadBytesMax, clientContextBytesMax, requestPayloadBytesMax } from '../limits.ts';
import { accessTo, referenceOf, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';
import { readUsage } from '../store.ts';

const implemented = new Set(['FunctionName', 'Qualifier', 'InvocationType', 'LogType', 'ClientContext', 'Payload']);
const emptyEvent = Buffer.from('{}');

export const invoke = operation('Invoke', {
  access: accessTo('lambda:InvokeFunction', { qualified: true }),
  async handle(input, call, { store, fleet, random }) {
    const reference = referenceOf(input, call);
    refuseUnimplemented(input, implemented);
    const { head, row, usage } = await store.read(async (tx) => ({
      ...(await requireVersion(tx, reference, (alias) => routeAlias(alias, random.fraction()))),
      usage: await readUsage(tx, reference),
    }));
    const invocationType = input.InvocationType ?? 'RequestResponse';
    const event = requireEvent(input.Payload, invocationType);
    const clientContext = input.ClientContext === undefined ? undefined : requireClientContext(input.ClientContext);
    if (invocationType === 'Event') throw errors.notImplemented('asynchronous invocation (InvocationType Event)');
    if (invocationType === 'DryRun') return { StatusCode: 204, Payload: undefined };
    const deployment = { place: { account: reference.account, region: reference.region }, name: head.name, row };
    const rules = { reserved: head.reservedConcurrency, reservedTotal: usage.reservedConcurrency };
    const request = {
      requestId: call.requestId,
      event,
      invokedFunctionArn: functionArn(reference, head.name, reference.qualifier),
      clientContext,
      traceId: call.head.headers['x-amzn-trace-id'] ?? newTraceId(call, random),
      wantsTail: input.LogType === 'Tail',
    };
    const result = await fleet.invoke(deployment, rules, request).catch(async (error: unknown) => {
      // A function that is deleted meanwhile takes its archive with it: then it is not found, and nothing is broken.
      if (!(error instanceof ServiceError)) await store.read((tx) => requireVersion(tx, reference));
      throw error;
    });
    return {
      StatusCode: 200,
      ExecutedVersion: row.version,
      Payload: result.payload,
      ...(result.failed ? { FunctionError: 'Unhandled' } : {}),
      ...(result.logTail === undefined ? {} : { LogResult: await result.logTail() }),
    };
  },
});

function requireEvent(payload: Uint8Array | undefined, invocationType: string): Uint8Array {
  if (payload === undefined || payload.length === 0) return emptyEvent;
  const bytesMax = invocationType === 'Event' ? asyncPayloadBytesMax : requestPayloadBytesMax;
  if (payload.length > bytesMax) throw errors.payloadTooLarge(payload.length, invocationType, bytesMax);
  const failure = findJsonFailure(payload);
  if (failure !== undefined) throw errors.invalidRequestContent(`Could not parse request body into json: Could not parse payload into json: ${failure}`);
  return payload;
}

/** The decoded JSON text. */
function requireClientContext(encoded: NonNullable<InvocationRequest['ClientContext']>): string {
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

// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html, "Tracing header"; nothing is sampled, as nothing collects it.
const newTraceId = (call: Call, random: Random): string =>
  `Root=1-${Math.floor(call.nowMs / 1_000).toString(16).padStart(8, '0')}-${hexId(random, 24)};Parent=${hexId(random, 16)};Sampled=0`;
