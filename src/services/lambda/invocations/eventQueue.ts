// Accepts asynchronous invocations. The row that the outbox commits is the queue: there is no other.
import type { Emitter } from '../../../ports/outbox.ts';
import { functionArn } from '../domain/functionName.ts';
import { eventAgeMsMax, eventAttemptsMax } from '../limits.ts';
import type { LambdaContext } from '../operation.ts';
import { setEvent } from '../store.ts';
import type { Invocable } from './invocable.ts';

/** In whose name this service invokes what its own callers were allowed to invoke. */
export const ownPrincipal = 'lambda.amazonaws.com';

export interface AcceptedEvent {
  readonly requestId: string;
  readonly traceId: string;
  readonly event: Uint8Array;
  readonly tenantId?: string | undefined;
}

/** Commits an event; it runs at least once after that, whatever happens to the server. */
export async function acceptEvent(
  { reference, head }: Pick<Invocable, 'reference' | 'head'>,
  { requestId, traceId, event, tenantId }: AcceptedEvent,
  { store, emitter }: Pick<LambdaContext, 'store'> & { readonly emitter: Emitter },
): Promise<void> {
  const place = { account: reference.account, region: reference.region };
  await store.transact(async (tx) => {
    const envelopeId = emitter.emit(tx, {
      ...place,
      source: 'lambda',
      target: functionArn(place, head.name, reference.qualifier),
      callingPrincipal: ownPrincipal,
      payload: event,
      maximumAgeMs: eventAgeMsMax,
      maximumAttempts: eventAttemptsMax,
    });
    setEvent(tx, place, envelopeId, { requestId, traceId, functionErrors: 0, ...(tenantId === undefined ? {} : { tenantId }) });
  });
}
