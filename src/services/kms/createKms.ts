import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Call } from '../../framework/context.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Encryption } from '../../ports/encryption.ts';
import { handleKeyTimers } from './jobs/keyTimers.ts';
import type { FoundKey } from './keys.ts';
import { createLastUse } from './lastUse.ts';
import { createEncryption } from './provides.ts';
import { kmsService } from './service.ts';
import { createVault } from './vault.ts';

export interface KmsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly log: Logger;
  readonly random: Random;
  /** Not started yet. */
  readonly timers: Timers;
  /** 32 bytes: every key is wrapped by it. */
  readonly rootKey: Uint8Array;
}

export interface Kms {
  readonly service: BoundService;
  /** Asked by services that keep their users' data encrypted. */
  readonly encryption: Encryption;
  close(): Promise<void>;
}

/** The whole of KMS. The timers that it sets are handled from when `timers` starts. */
export function createKms({ store, clock, wall, log, random, timers, rootKey }: KmsOptions): Kms {
  const lastUse = createLastUse({ store, wall, log });
  const deps = { store, clock, random, timers, lastUse, vault: createVault({ rootKey, random }) };
  handleKeyTimers(deps);
  return { service: kmsService.bind({ ...deps, asked: new WeakMap<Call, Map<string, FoundKey>>() }), encryption: createEncryption(deps), close: () => lastUse.close() };
}
