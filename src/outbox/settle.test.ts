import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftOf, turns, withOutbox } from './testOutbox.ts';
import { decodeRecord } from '../kv/record.ts';
import { lanePrefix, readyLaneKey } from './rows.ts';
import type { QueueRow } from './rows.ts';
import { settleDelivered, settleIdleLane } from './settle.ts';
import type { Place } from './settle.ts';

// In weak mode a lane read as empty may have been filled before the commit: only the read of its ready row notices.
test('settleDelivered and settleIdleLane leave the mark of a lane that a sender has filled meanwhile', () =>
  withOutbox(
    async ({ store, emitter, targets, emit, start }) => {
      const [target, orderingKey] = ['arn:b', 'k'];
      const id = await emit(target, 'first', { orderingKey });
      const [row] = await store.tail(lanePrefix(target, orderingKey), undefined, 1);
      assert.ok(row);
      const place: Place = { ...decodeRecord<QueueRow>(row.value), queueKey: row.key, attempts: 0 };
      assert.equal(place.id, id);
      let meanwhile = 1;
      const fill = async (): Promise<void> => {
        if ((meanwhile -= 1) === 0) await store.transact(async (tx) => void emitter.emit(tx, draftOf(target, 'second', { orderingKey })));
      };
      const settled = await store.transact(async (tx) => {
        const result = await settleDelivered(tx, place);
        await fill();
        return result;
      });
      assert.deepEqual(settled, { laneHasMore: true });
      assert.ok((await store.getMany([readyLaneKey(target, orderingKey)]))[0], 'the lane is no longer ready');

      const seen: string[] = [];
      targets.set(target, {
        async deliver({ payload }) {
          seen.push(Buffer.from(payload).toString());
          return { kind: 'delivered' };
        },
      });
      const dispatcher = start();
      await turns();
      await dispatcher.stop(0);
      assert.deepEqual(seen, ['second']);
      await store.transact(async (tx) => tx.set(readyLaneKey(target, orderingKey), row.value));
      meanwhile = 1;
      await store.transact(async (tx) => {
        await settleIdleLane(tx, target, orderingKey);
        await fill();
      });
      assert.ok((await store.getMany([readyLaneKey(target, orderingKey)]))[0], 'the lane is no longer ready');
    },
    { weakSeed: 11 },
  ));
