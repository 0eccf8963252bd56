// Brings what is kept ready (provisioned.ts) in line with the rows: after a restart, too, since nothing else knows what is wanted.
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
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
  const ending = new AbortController();
  let scanning: Promise<void> | undefined;
  let again = false;
  let cancelScan = (): void => undefined;

  function scan(): void {
    if (ending.signal.aborted) return;
    again = true;
    scanning ??= run().finally(() => {
      scanning = undefined;
      if (again) scan();
    });
  }

  async function run(): Promise<void> {
    while (again && !ending.signal.aborted) {
      again = false;
      try {
        await keepAll();
      } catch (error) {
        // The next scan comes in any case.
        log.warn('provisioned concurrency could not be looked after', { error: error instanceof Error ? error.stack : String(error) });
        return;
      }
    }
  }

  async function keepAll(): Promise<void> {
    const seen = new Set<string>();
    for (let after: ProvisionedRow | undefined; ; ) {
      const rows = await store.read((tx) => listAllProvisioned(tx, { limit: provisionedPageMax, after }));
      for (const row of rows) {
        if (ending.signal.aborted) return;
        if (await keep(row)) seen.add(provisionedKey(row, row.name, row.qualifier));
      }
      after = rows.at(-1);
      if (rows.length < provisionedPageMax) break;
    }
    provisioned.keepOnly(seen);
  }

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

  async function followHints(): Promise<void> {
    for await (const _hint of store.watch(provisionedPrefix(), ending.signal)) scan();
  }

  function planScan(): void {
    cancelScan = wall.at(wall.now() + provisionedScanMs, () => {
      scan();
      planScan();
    });
  }

  return {
    start() {
      void followHints();
      planScan();
      scan();
    },
    async stop() {
      ending.abort();
      cancelScan();
      await scanning;
    },
  };
}
