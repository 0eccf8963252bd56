import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { parseExpression } from '../../../base/scheduleExpression.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import { createTimers } from '../../../kv/timers.ts';
import { weakMode } from '../../../kv/weakMode.ts';
import type { EnvelopeDraft } from '../../../ports/outbox.ts';
import { createScheduler } from '../createScheduler.ts';
import { nextOccurrence } from '../domain/occurrences.ts';
import { deliveryArn, parseDeliveryArn, parseGroupArn } from '../domain/names.ts';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:queue';
const Target = { Arn: queueArn, RoleArn: 'arn:aws:iam::000000000000:role/r' };
const base = { FlexibleTimeWindow: { Mode: 'OFF' }, Target };

async function withScheduler(work: (bench: { run(name: string, input: object): Promise<Record<string, unknown>>; told: string[]; pass(ms: number): Promise<void> }) => Promise<void>): Promise<void> {
  const clock = createFakeClock();
  const random = createSeededRandom(3);
  const plain = openMemoryStore({ clock: createFakeClock(), random });
  const store = weakMode(plain, createSeededRandom(4));
  const timers = createTimers({ store, clock, wall: clock, log: silentLogger });
  const told: string[] = [];
  const emitter = { emit: (tx: { afterCommit(effect: () => void): void }, { payload }: EnvelopeDraft) => (tx.afterCommit(() => told.push(Buffer.from(payload).toString().split('\n')[1] ?? '')), 'id') };
  const { service } = createScheduler({
    ...{ store, clock, random, timers, emitter, log: silentLogger, directory: { for: () => ({ deliver: async () => ({ kind: 'delivered' }) }) } },
    functions: { mayInvoke: async () => ({ kind: 'allowed' }) },
    roles: { findRole: async () => undefined, trustsService: () => true },
    roleAccess: async () => true,
    api: { has: () => true, call: async () => ({ kind: 'done' }) },
  });
  timers.start();
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  try {
    await work({
      told,
      async run(name, input) {
        const call = testCall({ nowMs: clock.now() });
        const operation = service.find(name);
        assert.ok(operation, name);
        if (operation.access !== 'public') await operation.access(input, call);
        return (await operation.handle(input, call)) as Record<string, unknown>;
      },
      // Hints may be lost in this store, and then it takes a second.
      async pass(ms) {
        for (let step = 0; step < 10; step += 1) {
          clock.advance(ms / 10);
          await turns();
        }
        for (let step = 0; step < 3; step += 1) {
          clock.advance(1_100);
          await turns();
        }
      },
    });
  } finally {
    await timers.stop();
    await plain.close();
  }
}

test('CreateSchedule, UpdateSchedule, GetSchedule, ListSchedules and DeleteSchedule keep a schedule, and its timer follows', async () => {
  await withScheduler(async ({ run, told, pass }) => {
    const long = 'x'.repeat(200_000);
    await run('CreateSchedule', { Name: 's', ScheduleExpression: 'rate(1 hour)', ...base, Target: { ...Target, Input: long } });
    assert.equal(((await run('GetSchedule', { Name: 's' }))['Target'] as { Input: string }).Input, long);
    await pass(3_600_000);
    assert.deepEqual(told.map((text) => text.length), [200_000]);
    await run('UpdateSchedule', { Name: 's', ScheduleExpression: 'rate(1 day)', ...base, Target: { ...Target, Input: 'short' } });
    await pass(3_600_000);
    assert.equal(told.length, 1);
    await pass(86_400_000);
    assert.equal(told[1], 'short');
    assert.equal(((await run('ListSchedules', {}))['Schedules'] as unknown[]).length, 1);
    await run('DeleteSchedule', { Name: 's' });
    await pass(2 * 86_400_000);
    assert.equal(told.length, 2);
    await assert.rejects(run('DeleteSchedule', { Name: 's' }), { code: 'ResourceNotFoundException' });
  });
});

test('CreateScheduleGroup, GetScheduleGroup, ListScheduleGroups, TagResource, UntagResource, ListTagsForResource and DeleteScheduleGroup', async () => {
  await withScheduler(async ({ run, told, pass }) => {
    const { ScheduleGroupArn: ResourceArn } = await run('CreateScheduleGroup', { Name: 'g' });
    await run('TagResource', { ResourceArn, Tags: [{ Key: 'k', Value: 'v' }] });
    assert.deepEqual(await run('ListTagsForResource', { ResourceArn }), { Tags: [{ Key: 'k', Value: 'v' }] });
    await run('UntagResource', { ResourceArn, TagKeys: ['k'] });
    await run('CreateSchedule', { Name: 's', GroupName: 'g', ScheduleExpression: 'rate(1 minute)', ...base });
    assert.deepEqual(((await run('ListScheduleGroups', {}))['ScheduleGroups'] as { Name: string }[]).map(({ Name }) => Name), ['default', 'g']);
    await run('DeleteScheduleGroup', { Name: 'g' });
    await pass(2_000);
    await assert.rejects(run('GetScheduleGroup', { Name: 'g' }), { code: 'ResourceNotFoundException' });
    await pass(600_000);
    assert.deepEqual(told, []);
  });
});

test('nextOccurrence knows moments in zones, start and end dates, and when there is no more', () => {
  const at = (text: string): number => Date.parse(text);
  const schedule = { timeZone: 'UTC', createdAtMs: at('2026-01-01T00:00:00Z') };
  const next = (more: object, after: string): string | undefined => {
    const found = nextOccurrence({ ...schedule, expression: 'rate(1 hour)', ...more }, at(after));
    return found === undefined ? undefined : new Date(found).toISOString();
  };
  assert.equal(next({ expression: 'at(2026-07-01T09:00:00)', timeZone: 'Europe/Berlin' }, '2026-01-01T00:00:00Z'), '2026-07-01T07:00:00.000Z');
  assert.equal(next({ expression: 'at(2026-07-01T09:00:00)' }, '2026-07-01T09:00:00Z'), undefined);
  assert.equal(next({}, '2026-01-01T00:30:00Z'), '2026-01-01T01:00:00.000Z');
  assert.equal(next({ startMs: at('2026-01-02T00:10:00Z') }, '2026-01-01T00:30:00Z'), '2026-01-02T00:10:00.000Z');
  assert.equal(next({ startMs: at('2026-01-02T00:10:00Z') }, '2026-01-02T00:10:00Z'), '2026-01-02T01:10:00.000Z');
  assert.equal(next({ endMs: at('2026-01-01T02:30:00Z') }, '2026-01-01T02:00:00Z'), undefined);
  assert.equal(parseExpression('at(2026-04-31T00:00:00)'), undefined);
});

test('parseDeliveryArn and parseGroupArn read what they are for, and nothing else', () => {
  const name = { account: '000000000000', region: 'us-east-1', group: 'g', name: 's' };
  assert.deepEqual(parseDeliveryArn(deliveryArn(name)), name);
  assert.equal(parseDeliveryArn(queueArn), undefined);
  assert.equal(parseGroupArn('arn:aws:scheduler:us-east-1:000000000000:schedule/g/s'), undefined);
});
