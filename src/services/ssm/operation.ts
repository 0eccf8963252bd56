import type { Random } from '../../base/random.ts';
import type { Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Encryption } from '../../ports/encryption.ts';
import type { EventBus } from '../../ports/eventBus.ts';
import type { SecretReader } from '../../ports/secretReader.ts';

/** What every operation of the service may use. */
export interface SsmDeps {
  readonly store: Store;
  readonly random: Random;
  readonly encryption: Encryption;
  readonly timers: Timers;
  /** Told of every change. */
  readonly bus: EventBus;
  /** Behind names under `/aws/reference/secretsmanager/`. */
  readonly secrets: SecretReader;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-ssm'), SsmDeps>();

export function scopeOf(call: Call): Scope {
  return { account: call.account, region: call.region };
}
