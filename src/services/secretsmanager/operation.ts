import type { Random } from '../../base/random.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Encryption } from '../../ports/encryption.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import type { Emitter } from '../../ports/outbox.ts';

/** What every operation of the service may use. */
export interface SecretsDeps {
  readonly store: Store;
  readonly random: Random;
  readonly encryption: Encryption;
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly functions: FunctionAccess;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-secrets-manager'), SecretsDeps>();

/** What reading needs to know of a call: others read in the name of their own callers. */
export interface Asker extends Pick<Call, 'account' | 'region' | 'nowMs' | 'caller'> {
  readonly authorise: (access: AccessRequest) => Promise<void>;
}

export function scopeOf(call: Pick<Call, 'account' | 'region'>): Scope {
  return { account: call.account, region: call.region };
}
