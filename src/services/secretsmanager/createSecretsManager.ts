import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Transaction } from '../../kv/store.ts';
import type { FunctionInvoker } from '../../ports/functionInvoker.ts';
import type { DeliveryTarget, Envelope } from '../../ports/outbox.ts';
import { secretArn } from './domain/secretId.ts';
import { parseEvent } from './events.ts';
import { createTimerHandler } from './jobs/timers.ts';
import type { FoundSecret } from './lookup.ts';
import type { SecretsDeps } from './operation.ts';
import type { SecretKeeper } from '../../ports/secretKeeper.ts';
import type { SecretReader } from '../../ports/secretReader.ts';
import { createSecretKeeper } from './managedSecrets.ts';
import { createSecretReader } from './provides.ts';
import { copyToRegion } from './replication.ts';
import { continueRun, giveUpRun } from './rotation.ts';
import { secretsManager } from './service.ts';
import { secrets } from './store.ts';

export interface SecretsManagerOptions extends SecretsDeps {
  readonly invoker: FunctionInvoker;
  /** Product time. */
  readonly clock: Clock;
  readonly log: Logger;
}

export interface SecretsManager {
  readonly service: BoundService;
  /** Where the service's own events are delivered: the steps of rotations, and copies to other regions. */
  readonly eventTarget: DeliveryTarget;
  /** Asked by services that read secrets for their users. */
  readonly reader: SecretReader;
  /** For services that keep secrets for their users. */
  readonly keeper: SecretKeeper;
}

/** The whole of Secrets Manager. Registers its timers, so it is made before they start. */
export function createSecretsManager(options: SecretsManagerOptions): SecretsManager {
  const { store, timers, clock } = options;
  const log = options.log.with({ service: 'secretsmanager' });
  timers.handle('secretsmanager', createTimerHandler(options));
  return { service: secretsManager.bind(options), eventTarget: { deliver, giveUp }, reader: createSecretReader(options), keeper: createSecretKeeper(options) };

  async function deliver(envelope: Envelope, delivery: Parameters<DeliveryTarget['deliver']>[1]) {
    const event = parseEvent(envelope.payload);
    const { account, region, name, id } = event;
    const scope = { account, region };
    if (event.kind === 'replicate') return copyToRegion({ scope, name, id }, event.replicaRegion, delivery, options);
    return continueRun(event.runId, envelope, delivery, {
      ...options,
      transact: (work) => store.transact(async (tx) => work(tx, await findById(tx, envelope))),
      nowMs: () => clock.now(),
      warn: (message, fields) => log.warn(message, fields),
    });
  }

  async function giveUp(tx: Transaction, envelope: Envelope): Promise<'handled' | 'keep'> {
    const event = parseEvent(envelope.payload);
    if (event.kind !== 'rotate') return 'keep';
    await giveUpRun(tx, await findById(tx, envelope), event.runId);
    return 'handled';
  }
}

async function findById(tx: Transaction, { payload }: Envelope): Promise<FoundSecret | undefined> {
  const { account, region, name, id } = parseEvent(payload);
  const scope = { account, region };
  const secret = await secrets.get(tx, scope, [name]);
  return secret?.id === id ? { scope, name, secret, arn: secretArn(scope, name, secret.suffix) } : undefined;
}
