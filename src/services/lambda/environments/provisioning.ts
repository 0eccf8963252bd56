// Brings what is kept ready (provisioned.ts) in line with the rows: after a restart, too, since nothing else knows what is wanted.
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import { createReconciler } from '../../../framework/reconciler.ts';
import type { Store } from '../../../kv/store.ts';
import { provisionedPageMax, provisionedScanMs } from '../limits.ts';
import { requireVersion } from '../lookup.ts';
import { provisionedKey } from './provisioned.ts';
import type { Provisioned } from './provisioned.ts';
import { listAllProvisioned, provisionedPrefix } from './provisionedStore.ts';
import type { ProvisionedRow } from './provisionedStore.ts';

export interface Provisioning {
  start(): void;
  stop(): Promise<void>;
}

export interface ProvisioningDeps {
  readonly store: Store;
  readonly wall: Clock;
  readonly log: Logger;
  readonly provisioned: Provisioned;
}

export function createProvisioning({ store, wall, log, provisioned }: ProvisioningDeps): Provisioning {
  const reconciler = createReconciler<ProvisionedRow>({ store, wall, log }, {
    failure: 'provisioned concurrency could not be looked after',
    prefix: provisionedPrefix(),
    everyMs: provisionedScanMs,
    pageMax: provisionedPageMax,
    list: listAllProvisioned,
    tend: async (row) => ((await keep(row)) ? provisionedKey(row, row.name, row.qualifier) : undefined),
    keepOnly: (keys) => provisioned.keepOnly(keys),
  });

  /** False when its version or alias is gone. */
  async function keep({ account, region, name, qualifier, count, revision }: ProvisionedRow): Promise<boolean> {
    const place = { account, region };
    try {
      const { row } = await store.read((tx) => requireVersion(tx, { ...place, name, qualifier }));
      provisioned.keep({ ...place, name, qualifier, count, revision, deployment: { place, name, row } });
      return true;
    } catch (error) {
      if (error instanceof ServiceError) return false;
      throw error;
    }
  }

  return {
    start: () => reconciler.start(),
    async stop() {
      reconciler.end();
      await reconciler.settled();
    },
  };
}
