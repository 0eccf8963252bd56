import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBackgroundWorkers } from './backgroundWorkers.ts';

test('createBackgroundWorkers ends each worker once, keeps its name until it has ended, and then says so', async () => {
  const heard: string[] = [];
  let release = (): void => undefined;
  const workers = createBackgroundWorkers(() => heard.push('ended'));
  workers.add('a', 1, { stop: () => new Promise((resolve) => { heard.push('stop a'); release = resolve; }) });
  workers.add('b', 2, { stop: async () => void heard.push('stop b') });
  workers.keepOnly(new Set(['b']));
  workers.end('a');
  workers.end('nobody');
  assert.deepEqual([heard, workers.revisionOf('a'), workers.revisionOf('b')], [['stop a'], 1, 2]);
  release();
  workers.endAll();
  await workers.ended();
  assert.deepEqual([heard.sort(), workers.revisionOf('a'), workers.revisionOf('b')], [['ended', 'ended', 'stop a', 'stop b'], undefined, undefined]);
});
