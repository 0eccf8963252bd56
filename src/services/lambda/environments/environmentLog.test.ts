import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock, createProductClock } from '../../../base/clock.ts';
import type { LogEvent } from '../../../ports/logSink.ts';
import { openEnvironmentLog } from './environmentLog.ts';
import type { EnvironmentLog } from './environmentLog.ts';

const target = { account: '000000000000', region: 'us-east-1', logGroupName: 'group', logStreamName: 'stream' };

function open(): { log: EnvironmentLog; events: LogEvent[] } {
  const wall = createFakeClock(1_000);
  const events: LogEvent[] = [];
  const sink = { append: (_target: unknown, added: readonly LogEvent[]) => void events.push(...added), flush: async () => undefined };
  return { log: openEnvironmentLog({ sink, clock: createProductClock(wall, 500), wall }, target), events };
}

test('an environment log keeps the order behind a line that is not known yet', async () => {
  const { log, events } = open();
  let tell = (_line: string): void => undefined;
  const later = new Promise<string>((resolve) => (tell = resolve));
  log.write('one');
  log.writeLater(later);
  log.writeOutput({ timestampMs: 1_000, text: 'three' });
  log.writeLater(Promise.resolve('four'));
  log.write('five');
  assert.deepEqual(events.map((event) => event.message), ['one']);
  const tail = log.startTail();
  tell('two');
  await tail.read();
  assert.deepEqual(events.map((event) => event.message), ['one', 'two', 'three', 'four', 'five']);
  log.write('six');
  assert.equal(events.at(-1)?.message, 'six');
});

test('an environment log is in product time', () => {
  const { log, events } = open();
  log.write('platform');
  log.writeOutput({ timestampMs: 990, text: 'function' });
  assert.deepEqual(events.map((event) => event.timestampMs), [1_500, 1_490]);
});

test('a log tail holds only what was written between its start and its end', async () => {
  const { log } = open();
  log.write('before ');
  const tail = log.startTail();
  log.write('inside ');
  log.writeLater(Promise.resolve('and later'));
  log.endTail();
  log.write(' after');
  assert.equal(Buffer.from(await tail.read(), 'base64').toString(), 'inside and later');
});

test('an environment log cuts a huge record into events without breaking a character', () => {
  const { log, events } = open();
  const text = 'ä€😀'.repeat(100_000);
  log.writeOutput({ timestampMs: 1_000, text });
  assert.ok(events.length > 1);
  assert.ok(events.every((event) => Buffer.byteLength(event.message) <= 256 * 1024));
  assert.equal(events.map((event) => event.message).join(''), text);
});
