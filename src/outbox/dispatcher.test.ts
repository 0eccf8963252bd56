import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantError } from '../base/errors.ts';
import type { Store } from '../kv/store.ts';
import { packKey } from '../kv/tuple.ts';
import type { DeliveryResult, DeliveryTarget, Envelope } from '../ports/outbox.ts';
import { payloadBytesMax } from './limits.ts';
import { draftOf, turns, withOutbox } from './testOutbox.ts';

const delivered: DeliveryResult = { kind: 'delivered' };
const textOf = (envelope: Envelope): string => Buffer.from(envelope.payload).toString();
const hour = 3_600_000;

/** A target that notes what it gets, and answers what `answer` says. */
function recorder(answer: (envelope: Envelope) => DeliveryResult | Promise<DeliveryResult> = () => delivered): { seen: string[]; target: DeliveryTarget } {
  const seen: string[] = [];
  return {
    seen,
    target: {
      async deliver(envelope) {
        seen.push(textOf(envelope));
        return answer(envelope);
      },
    },
  };
}

async function countRows(store: Store): Promise<number> {
  let rows = 0;
  for await (const page of store.exportRows()) rows += page.filter(({ key }) => key[0] !== 0).length;
  return rows;
}

for (const weakSeed of [undefined, 5]) {
  const mode = weakSeed === undefined ? '' : ' (weak mode)';
  const setting = weakSeed === undefined ? {} : { weakSeed };

  test(`createDispatcher delivers what was committed, and nothing that was rolled back${mode}`, () =>
    withOutbox(async ({ store, wall, emitter, targets, emit, start }) => {
      const { seen, target } = recorder((envelope) => {
        assert.equal(envelope.callingPrincipal, 'toy.amazonaws.com');
        assert.equal(envelope.sourceArn, 'arn:aws:toy:us-east-1:000000000000:thing');
        return delivered;
      });
      targets.set('arn:b', target);
      start();
      await emit('arn:b', 'one');
      const rolledBack = store.transact(async (tx) => {
        emitter.emit(tx, draftOf('arn:b', 'never'));
        throw new RangeError();
      });
      await assert.rejects(rolledBack, RangeError);
      await emit('arn:b', 'two');
      for (let round = 0; round < 4; round += 1) {
        wall.advance(5_000);
        await turns();
      }
      assert.deepEqual(seen.sort(), ['one', 'two']);
      assert.equal(await countRows(store), 0);
    }, setting));

  test(`createDispatcher keeps the order of each lane, one at a time, over retries, while others go on${mode}`, () =>
    withOutbox(async ({ store, clock, wall, targets, emit, start }) => {
      const underWay = new Set<string>();
      let refusals = 5;
      const seen: string[] = [];
      const { target } = recorder(async (envelope) => {
        const key = envelope.orderingKey ?? textOf(envelope);
        assert.ok(!underWay.has(key), `${key} twice at once`);
        underWay.add(key);
        await turns(3);
        underWay.delete(key);
        if (textOf(envelope) === 'a0' && (refusals -= 1) >= 0) return { kind: 'retry', reason: 'not yet' };
        seen.push(textOf(envelope));
        return delivered;
      });
      targets.set('arn:b', target);
      start();
      for (let index = 0; index < 10; index += 1) {
        await emit('arn:b', `a${index}`, { orderingKey: 'a' });
        await emit('arn:b', `b${index}`, { orderingKey: 'b' });
        await emit('arn:b', `-${index}`);
      }
      await turns(400);
      wall.advance(5_000);
      await turns(400);
      assert.equal(seen.filter((text) => text.startsWith('-')).length, 10);
      assert.deepEqual(seen.filter((text) => text.startsWith('b')), Array.from({ length: 10 }, (_, index) => `b${index}`));
      for (let round = 0; round < 60; round += 1) {
        clock.advance(2_000);
        wall.advance(5_000);
        await turns();
        await emit('arn:b', `a${10 + round}`, { orderingKey: 'a' });
      }
      wall.advance(5_000);
      await turns(400);
      assert.deepEqual(seen.filter((text) => text.startsWith('a')), Array.from({ length: 70 }, (_, index) => `a${index}`));
      assert.equal(await countRows(store), 0);
    }, setting));
}

test('createDispatcher lets a target commit its effect and the acknowledgement together, and a late attempt has no effect', () =>
  withOutbox(async ({ store, clock, wall, targets, emit, start }) => {
    let attempts = 0;
    const late: (() => Promise<void>)[] = [];
    targets.set('arn:queue', {
      async deliver(envelope, delivery) {
        const effect = async (): Promise<void> => {
          await store.transact(async (tx) => {
            if (await delivery.acknowledge(tx)) tx.add(packKey(['effects']), 1n);
          });
        };
        attempts += 1;
        assert.equal(envelope.attempts, attempts - 1);
        if (attempts < 3) {
          late.push(effect);
          throw new Error('connection lost');
        }
        await effect();
        throw new Error('lost after the commit');
      },
    });
    start();
    await emit('arn:queue', 'x');
    for (let round = 0; round < 10; round += 1) {
      await turns();
      // Also while the next attempt is waited for.
      for (const effect of late) await effect();
      clock.advance(60_000);
      wall.advance(5_000);
    }
    assert.equal(attempts, 3);
    const [effects] = await store.getMany([packKey(['effects'])]);
    assert.equal(Buffer.from(effects ?? []).readBigInt64LE(0), 1n);
  }));

test('createDispatcher tries again after growing waits by product time, then keeps a dead record that can be driven again', () =>
  withOutbox(async ({ store, clock, targets, emit, start }) => {
    const times: number[] = [];
    let failing = true;
    const { seen, target } = recorder(() => {
      times.push(clock.now());
      return failing ? { kind: 'retry', reason: 'down' } : delivered;
    });
    targets.set('arn:b', target);
    const dispatcher = start();
    const id = await emit('arn:b', 'x', { maximumAttempts: 6 });
    await turns();
    for (let second = 0; second < 200; second += 1) {
      clock.advance(500);
      await turns(20);
    }
    assert.equal(times.length, 6);
    times.slice(1).forEach((atMs, index) => {
      const waitMs = atMs - (times[index] ?? 0);
      const fullMs = 1_000 * 2 ** index;
      assert.ok(waitMs >= fullMs / 2 && waitMs <= fullMs + 500, `wait ${index} was ${waitMs} ms`);
    });
    const [dead] = await dispatcher.listDead({ limit: 10 });
    assert.ok(dead);
    assert.deepEqual([dead.envelope.id, dead.envelope.attempts, dead.reason, dead.id], [id, 6, 'down', id]);
    failing = false;
    assert.equal(Buffer.from((await dispatcher.readDead(dead))?.payload ?? []).toString(), 'x');
    assert.equal(await dispatcher.redrive(dead), true);
    assert.equal(await dispatcher.redrive(dead), false);
    assert.equal(await dispatcher.readDead(dead), undefined);
    await turns();
    assert.equal(seen.length, 7);
    assert.equal(await countRows(store), 0);
  }));

test('createDispatcher gives up at once what is refused, has no target, or is too old, and forgets dead records after a fortnight', () =>
  withOutbox(async ({ store, clock, wall, targets, emit, start }) => {
    targets.set('arn:no', recorder(() => ({ kind: 'rejected', reason: 'not permitted' })).target);
    const slow = recorder(() => ({ kind: 'retry', reason: 'later', afterMs: 10 * hour }));
    targets.set('arn:slow', slow.target);
    const dispatcher = start();
    await emit('arn:no', 'refused', { orderingKey: 'k' });
    await emit('arn:nowhere', 'lost', { payload: Buffer.alloc(200_000) });
    await emit('arn:slow', 'old', { maximumAgeMs: 15 * hour });
    await turns();
    for (let step = 0; step < 4; step += 1) {
      clock.advance(5 * hour);
      await turns();
    }
    assert.equal(slow.seen.length, 2);
    const dead = await dispatcher.listDead({ limit: 10 });
    assert.deepEqual(dead.map(({ reason }) => reason), ['not permitted', 'there is no arn:nowhere to deliver to', 'later']);
    const [, second, last] = dead;
    assert.ok(second && last);
    assert.equal((await dispatcher.readDead(second))?.payload.length, 200_000);
    assert.equal((await dispatcher.listDead({ limit: 1 })).length, 1);
    assert.deepEqual((await dispatcher.listDead({ limit: 5, after: second })).length, 1);
    await dispatcher.discard(last);
    assert.equal((await dispatcher.listDead({ limit: 10 })).length, 2);
    clock.advance(14 * 24 * hour);
    wall.advance(5_000);
    await turns();
    assert.equal(await countRows(store), 0);
  }));

test('createDispatcher lets a target turn what it gives up into something of its own, in the same transaction', () =>
  withOutbox(async ({ emitter, targets, emit, start }) => {
    targets.set('arn:fn', {
      deliver: async () => ({ kind: 'rejected', reason: 'throttled for good' }),
      async giveUp(tx, envelope, reason) {
        emitter.emit(tx, draftOf('arn:dlq', `${textOf(envelope)}: ${reason}`));
        return 'handled';
      },
    });
    const { seen, target } = recorder();
    targets.set('arn:dlq', target);
    const dispatcher = start();
    await emit('arn:fn', 'event');
    await turns();
    assert.deepEqual(seen, ['event: throttled for good']);
    assert.deepEqual(await dispatcher.listDead({ limit: 1 }), []);
  }));

test('createDispatcher bounds each target, and one that hangs holds up nobody else and is cut off in the end', () =>
  withOutbox(async ({ clock, wall, targets, emit, start }) => {
    const aborted: unknown[] = [];
    let hanging = 0;
    targets.set('arn:hangs', {
      concurrency: 3,
      deliver: (_envelope, { signal }) => {
        hanging += 1;
        signal.addEventListener('abort', () => aborted.push(signal.reason));
        return new Promise(() => undefined);
      },
    });
    const { seen, target } = recorder();
    targets.set('arn:works', target);
    const dispatcher = start();
    for (let index = 0; index < 200; index += 1) {
      await emit('arn:hangs', String(index));
      if (index % 2 === 0) await emit('arn:works', String(index));
    }
    await turns(300);
    assert.equal(seen.length, 100);
    assert.deepEqual([hanging, dispatcher.inFlight()], [3, 3]);
    wall.advance(16 * 60_000);
    await turns();
    assert.equal(aborted.length, 3);
    assert.deepEqual([hanging, dispatcher.inFlight()], [6, 3]);
    clock.advance(1_000);
  }));

test('createDispatcher goes on after a kill from the rows alone, with more lanes and envelopes than one page', () =>
  withOutbox(async ({ targets, emit, open, start }) => {
    targets.set('arn:b', { deliver: () => new Promise(() => undefined) });
    const killed = open();
    killed.start();
    const wanted: string[] = [];
    for (let index = 0; index < 150; index += 1) {
      for (const round of [0, 1]) {
        await emit('arn:b', `${index}.${round}`, { orderingKey: `k${index}` });
        wanted.push(`${index}.${round}`);
      }
      await emit('arn:b', `u${index}`);
      wanted.push(`u${index}`);
    }
    await turns();
    assert.equal(killed.inFlight(), 16);
    // The first one is never stopped: a killed process says nothing either, and its timers and hints are left to it.
    const { seen, target } = recorder();
    targets.set('arn:b', target);
    start();
    await turns(900);
    assert.deepEqual([...new Set(seen)].sort(), wanted.sort());
    assert.equal(seen.length, wanted.length);
    for (let index = 0; index < 150; index += 1) assert.ok(seen.indexOf(`${index}.0`) < seen.indexOf(`${index}.1`));
  }));

test('createDispatcher reads nothing while nothing happens, but for one look in five seconds, which finds what no hint told of', () =>
  withOutbox(async ({ store, clock, wall, targets, emit, start }) => {
    const { seen, target } = recorder();
    targets.set('arn:b', target);
    let reads = 0;
    const counting: Store = {
      ...store,
      read: (work) => ((reads += 1), store.read(work)),
      tail: (prefix, after, limit) => ((reads += 1), store.tail(prefix, after, limit)),
      watch: (_prefix, signal) => store.watch(Buffer.from('elsewhere'), signal),
    };
    const dispatcher = start(counting);
    await turns();
    await emit('arn:b', 'unseen');
    await turns();
    assert.deepEqual(seen, []);
    wall.advance(5_000);
    await turns();
    assert.deepEqual(seen, ['unseen']);
    reads = 0;
    // The sixteen reads of the timers in each second are theirs.
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1_000);
      wall.advance(1_000);
      await turns(5);
    }
    assert.ok(reads <= 60 * 16 + 12, `${reads} reads`);
    assert.equal(dispatcher.inFlight(), 0);
  }));

test('createDispatcher.stop waits for what is under way, begins nothing new, and leaves what takes too long', () =>
  withOutbox(async ({ store, wall, targets, emit, open }) => {
    let finish = (): void => undefined;
    const { seen, target } = recorder(() => new Promise((resolve) => (finish = () => resolve(delivered))));
    targets.set('arn:b', { ...target, concurrency: 1 });
    const first = open();
    first.start();
    await emit('arn:b', 'one');
    await emit('arn:b', 'two');
    await turns();
    let stopped = false;
    const stopping = first.stop().then(() => (stopped = true));
    await turns();
    assert.equal(stopped, false);
    finish();
    await stopping;
    assert.deepEqual(seen, ['one']);
    const second = open();
    second.start();
    await turns();
    assert.deepEqual(seen, ['one', 'two']);
    const leaving = second.stop(2_000);
    await turns();
    wall.advance(2_000);
    await leaving;
    finish();
    await turns();
    assert.equal(await countRows(store), 2, 'the envelope and its place in the queue are kept');
  }));

test('createEmitter keeps payloads of every size up to its limit, and names of any length', () =>
  withOutbox(async ({ store, targets, emit, start }) => {
    const long = `arn:aws:lambda:us-east-1:000000000000:function:${'x'.repeat(3_000)}`;
    const sizes: number[] = [];
    targets.set(long, {
      async deliver({ payload, orderingKey }) {
        assert.ok(payload.every((byte, at) => byte === at % 251));
        sizes.push(payload.length);
        assert.equal(orderingKey?.length, 2_000);
        return delivered;
      },
    });
    const bytes = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, at) => at % 251));
    const wanted = [0, 65_536, 65_537, payloadBytesMax];
    for (const size of wanted) await emit(long, '', { payload: bytes(size), orderingKey: 'k'.repeat(2_000) });
    await assert.rejects(emit(long, '', { payload: bytes(payloadBytesMax + 1) }), InvariantError);
    await assert.rejects(emit(long, '', { maximumAttempts: 0 }), InvariantError);
    start();
    await turns();
    assert.deepEqual(sizes, wanted);
    assert.equal(await countRows(store), 0);
  }));
