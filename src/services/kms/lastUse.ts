// When keys were last used, for GetKeyLastUsage. A use is noted in memory and written a little later, so that no use of a key costs a
// write; a crash loses the last seconds. AWS tells a use up to an hour late (API reference, GetKeyLastUsage).

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { lastUseFlushMs, lastUsesNotedMax } from './limits.ts';
import { keys, lastUses, type LastUseRow } from './store.ts';

export interface LastUse {
  /** By its ARN, as the operations answer it. */
  note(keyArn: string, use: LastUseRow): void;
  find(scope: Scope, keyId: string): Promise<LastUseRow | undefined>;
  close(): Promise<void>;
}

interface Options {
  readonly store: Store;
  readonly wall: Clock;
  readonly log: Logger;
}

export function createLastUse({ store, wall, log }: Options): LastUse {
  let noted = new Map<string, LastUseRow>();
  let cancel: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const uses = [...noted];
    noted = new Map();
    if (uses.length > 0) writing = writing.then(() => write(uses));
    return writing;
  }

  async function write(uses: readonly (readonly [string, LastUseRow])[]): Promise<void> {
    try {
      await store.transact(async (tx) => {
        for (const [arn, use] of uses) {
          const { scope, keyId } = placeOf(arn);
          // One that was deleted meanwhile leaves nothing.
          if ((await keys.get(tx, scope, [keyId])) !== undefined) lastUses.set(tx, scope, [keyId], use);
        }
      });
    } catch (error) {
      // A figure of use is worth no failure of anything else.
      log.warn('the last use of keys could not be written', { error: String(error) });
    }
  }

  return {
    note(keyArn, use) {
      if (noted.size >= lastUsesNotedMax && !noted.has(keyArn)) return;
      noted.set(keyArn, use);
      cancel ??= wall.at(wall.now() + lastUseFlushMs, () => void flush());
    },
    async find(scope, keyId) {
      await flush();
      return await store.read((tx) => lastUses.get(tx, scope, [keyId]));
    },
    close: flush,
  };
}

function placeOf(arn: string): { readonly scope: Scope; readonly keyId: string } {
  const [, , , region = '', account = '', resource = ''] = arn.split(':');
  return { scope: { account, region }, keyId: resource.slice('key/'.length) };
}
