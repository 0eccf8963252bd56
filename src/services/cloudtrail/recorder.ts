import type { Clock } from '../../base/clock.ts';
import { uuid } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Store } from '../../kv/store.ts';
import type { AuditedCall, AuditTrail } from '../../ports/auditTrail.ts';
import { isManagementEvent } from './domain/dataEvents.ts';
import { describeEvent, ownerOf, wantsAnswer } from './domain/describeEvent.ts';
import { flushMs, recordCharsMax, retentionMs, waitingMax, writtenAtOnce } from './limits.ts';
import { events } from './store.ts';

export interface Recorder extends AuditTrail {
  /** Writes what waits: lookups call it first, so that they lack nothing. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Calls are written together, a little later, so that no call waits for its record. */
export function createRecorder({ store, clock, wall, random, log }: Options): Recorder {
  let waiting: AuditedCall[] = [];
  let lost = 0;
  let cancel: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const calls = waiting;
    waiting = [];
    if (calls.length > 0) writing = writing.then(() => write(calls));
    return writing;
  }

  async function write(calls: readonly AuditedCall[]): Promise<void> {
    try {
      for (let at = 0; at < calls.length; at += writtenAtOnce) await writeSome(calls.slice(at, at + writtenAtOnce));
      if (lost > 0) log.warn('calls came faster than their records could be written', { lost });
      lost = 0;
    } catch (error) {
      log.warn('records of calls could not be written', { error: String(error) });
    }
  }

  async function writeSome(calls: readonly AuditedCall[]): Promise<void> {
    const rows = calls.map((call) => {
      const id = uuid(random);
      const row = describeEvent(call, id);
      // What is too long to keep is kept without its parameters and its answer.
      return { call, id, row: row.record.length <= recordCharsMax ? row : describeEvent({ ...call, input: {}, output: {} }, id) };
    });
    const scopes = new Map(calls.map(({ account, region }) => [`${account} ${region}`, { account, region }]));
    await store.transact(async (tx) => {
      for (const { call, id, row } of rows) events.set(tx, call, [call.atMs, id], row);
      for (const scope of scopes.values()) {
        const old = await events.list(tx, scope, [], { limit: writtenAtOnce, before: [clock.now() - retentionMs] });
        for (const { parts } of old) events.clear(tx, scope, parts);
      }
    });
  }

  return {
    wants: isManagementEvent,
    wantsAnswer,
    record(made) {
      const call = { ...made, account: ownerOf(made) };
      if (waiting.length >= waitingMax) lost += 1;
      else waiting.push(call);
      cancel ??= wall.at(wall.now() + flushMs, () => void flush());
    },
    flush,
    close: flush,
  };
}
