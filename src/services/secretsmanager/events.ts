// What the service tells itself through the outbox: work that needs more than one transaction, in the order of a secret's changes.
import type { Transaction } from '../../kv/store.ts';
import type { Emitter } from '../../ports/outbox.ts';
import { rotationAttemptsMax } from './limits.ts';
import type { FoundSecret } from './lookup.ts';

/** As Lambda's permissions name the service. */
export const servicePrincipal = 'secretsmanager.amazonaws.com';

interface About {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly id: string;
}

export type SecretEvent = (About & { readonly kind: 'rotate'; readonly runId: string }) | (About & { readonly kind: 'replicate'; readonly replicaRegion: string });

/** Goes on with a rotation once `tx` is committed. */
export function emitRotation(tx: Transaction, found: FoundSecret, runId: string, emitter: Emitter): void {
  emit(tx, found, { ...aboutOf(found), kind: 'rotate', runId }, emitter, { maximumAttempts: rotationAttemptsMax });
}

/** Brings the copy in another region up to date once `tx` is committed. */
export function emitReplication(tx: Transaction, found: FoundSecret, replicaRegion: string, emitter: Emitter): void {
  emit(tx, found, { ...aboutOf(found), kind: 'replicate', replicaRegion }, emitter, { orderingKey: `${found.secret.id}/${replicaRegion}` });
}

export function parseEvent(payload: Uint8Array): SecretEvent {
  return JSON.parse(Buffer.from(payload).toString('utf8')) as SecretEvent;
}

function emit(tx: Transaction, { scope, arn }: FoundSecret, event: SecretEvent, emitter: Emitter, options: { maximumAttempts?: number; orderingKey?: string }): void {
  emitter.emit(tx, {
    source: 'secretsmanager',
    sourceArn: arn,
    target: arn,
    account: scope.account,
    region: scope.region,
    callingPrincipal: servicePrincipal,
    payload: Buffer.from(JSON.stringify(event)),
    ...options,
  });
}

const aboutOf = ({ scope, name, secret }: FoundSecret): About => ({ account: scope.account, region: scope.region, name, id: secret.id });
