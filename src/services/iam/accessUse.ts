// When actions and keys were last used. Requests only note it in memory; what was noted is written together, a little later, so
// that no request costs a write (design, "Identity"). A crash loses what was noted in the last seconds.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Store } from '../../kv/store.ts';
import type { AccessUse } from '../../ports/accessUse.ts';
import type { Caller } from '../../ports/identity.ts';
import { notedUsesMax, useFlushMs, usesPerWrite } from './limits.ts';
import { setActionUse, setKeyUse, type ActionUseRow, type KeyUseRow } from './store.ts';

export interface AccessUseRecorder extends AccessUse {
  /** Writes what was noted; reports call it first, so that they lack nothing. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface NotedAction extends ActionUseRow {
  readonly account: string;
  readonly entityId: string;
  readonly action: string;
}

interface NotedKey extends KeyUseRow {
  readonly account: string;
  readonly accessKeyId: string;
}

export interface AccessUseOptions {
  readonly store: Store;
  readonly wall: Clock;
  readonly log: Logger;
}

/** One per server. */
export function createAccessUse({ store, wall, log }: AccessUseOptions): AccessUseRecorder {
  let actions = new Map<string, NotedAction>();
  let keys = new Map<string, NotedKey>();
  let cancel: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  // Beyond the bound a use is not noted: that an action was used is told again by the next request that uses it.
  function note<Use>(uses: Map<string, Use>, key: string, use: Use): void {
    if (closed || (uses.size >= notedUsesMax && !uses.has(key))) return;
    uses.set(key, use);
    cancel ??= wall.at(wall.now() + useFlushMs, () => void flush());
  }

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const noted = { actions: [...actions.values()].sort((one, other) => one.atMs - other.atMs), keys: [...keys.values()] };
    actions = new Map();
    keys = new Map();
    if (noted.actions.length + noted.keys.length > 0) writing = writing.then(() => write(noted));
    return writing;
  }

  async function write(noted: { readonly actions: readonly NotedAction[]; readonly keys: readonly NotedKey[] }): Promise<void> {
    try {
      for (let at = 0; at < noted.actions.length; at += usesPerWrite) {
        await store.transact(async (tx) => {
          for (const { account, entityId, action, ...row } of noted.actions.slice(at, at + usesPerWrite)) setActionUse(tx, account, entityId, action, row);
        });
      }
      for (let at = 0; at < noted.keys.length; at += usesPerWrite) {
        await store.transact(async (tx) => {
          for (const { account, accessKeyId, ...row } of noted.keys.slice(at, at + usesPerWrite)) setKeyUse(tx, account, accessKeyId, row);
        });
      }
    } catch (error) {
      // Figures of use are worth no failure of anything else.
      log.warn('the last use of actions and keys could not be written', { error: String(error) });
    }
  }

  return {
    actionUsed({ caller, action, region, nowMs }) {
      const entityId = entityIdOf(caller);
      if (entityId === undefined || caller.kind === 'anonymous') return;
      note(actions, `${caller.account} ${entityId} ${action}`, { account: caller.account, entityId, action, atMs: nowMs, region });
    },
    keyUsed({ accessKeyId, account, service, region, nowMs }) {
      // Only long-term keys have a last use (API reference, GetAccessKeyLastUsed).
      if (accessKeyId.startsWith('AKIA')) note(keys, accessKeyId, { account, accessKeyId, service, region, atMs: nowMs });
    },
    flush,
    async close() {
      await flush();
      closed = true;
    },
  };
}

function entityIdOf(caller: Caller): string | undefined {
  if (caller.kind === 'user') return caller.userId;
  return caller.kind === 'role-session' ? caller.userId.split(':', 1)[0] : undefined;
}
