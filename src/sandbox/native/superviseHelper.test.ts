import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { helperRestartMsMax, helperRestartMsMin, helperSteadyMs } from '../limits.ts';
import type { Helper } from './openHelper.ts';
import { superviseHelper } from './superviseHelper.ts';

/** Helpers that end when they are told to, and processes that may be gone. */
function bench() {
  const wall = createFakeClock();
  const opened: { readonly end: () => void; readonly adopted: number[] }[] = [];
  const gone = new Set<number>();
  const helper = superviseHelper({
    wall,
    log: silentLogger,
    open(onLost): Helper {
      let isAlive = true;
      const adopted: number[] = [];
      const number = opened.length + 1;
      opened.push({
        adopted,
        end() {
          isAlive = false;
          onLost();
        },
      });
      return {
        get isAlive() {
          return isAlive;
        },
        async adopt(pid) {
          if (!isAlive || gone.has(pid)) throw new Error('cannot be adopted');
          adopted.push(pid);
          return {
            async place() {
              if (!isAlive) throw new Error(`helper ${number} has ended`);
            },
            listen: () => Promise.reject(new Error('not here')),
            release: async () => isAlive,
          };
        },
        close: () => undefined,
      };
    },
  });
  return { helper, wall, opened, gone, last: () => opened.at(-1) ?? assert.fail('none was opened') };
}

test('superviseHelper starts a helper again, which takes hold of what is still there', async () => {
  const { helper, wall, opened, gone, last } = bench();
  const [kept, killed, released] = [await helper.adopt(11), await helper.adopt(12), await helper.adopt(13)];
  assert.equal(await released.release(), true);
  gone.add(12);
  last().end();
  assert.equal(helper.isAlive, false);
  await assert.rejects(kept.place({}), /helper 1 has ended/);
  wall.advance(helperRestartMsMin);
  assert.equal(helper.isAlive, true);
  await kept.place({});
  assert.deepEqual(opened.map(({ adopted }) => adopted), [[11, 12, 13], [11]]);
  assert.equal(await kept.release(), true);
  assert.equal(await killed.release(), false, 'it ended with the helper that held it');
});

test('superviseHelper waits longer for every helper that does not stay, and not after one that did', () => {
  const { wall, opened, last } = bench();
  for (let waitMs = helperRestartMsMin; waitMs < helperRestartMsMax; waitMs *= 2) {
    const before = opened.length;
    last().end();
    wall.advance(waitMs - 1);
    assert.equal(opened.length, before, `nothing for ${waitMs} ms`);
    wall.advance(1);
    assert.equal(opened.length, before + 1);
  }
  for (let round = 0; round < 3; round += 1) {
    const before = opened.length;
    last().end();
    wall.advance(helperRestartMsMax);
    assert.equal(opened.length, before + 1, 'never longer than the maximum');
  }
  wall.advance(helperSteadyMs);
  const before = opened.length;
  last().end();
  wall.advance(helperRestartMsMin);
  assert.equal(opened.length, before + 1);
});

test('superviseHelper starts none once it is closed', () => {
  const { helper, wall, opened, last } = bench();
  last().end();
  helper.close();
  wall.advance(helperRestartMsMax);
  assert.equal(opened.length, 1);
});
