import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { describeStore } from '../../suite.ts';
import { openEmbeddedStore } from '../embedded/openEmbeddedStore.ts';
import { openLevelEngine } from './levelEngine.ts';

describeStore('level', {
  durable: true,
  open: ({ folder, clock, random }) => openEmbeddedStore({ folder, clock, random, log: silentLogger, openEngine: openLevelEngine }),
});

test('openEmbeddedStore does not take the data of one engine for the other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-level-'));
  const tools = { folder, clock: createFakeClock(), random: createSeededRandom(1), log: silentLogger };
  try {
    await (await openEmbeddedStore({ ...tools, openEngine: openLevelEngine })).close();
    await assert.rejects(openEmbeddedStore(tools), /holds data of another engine/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
