import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import { weakMode } from '../../../kv/weakMode.ts';
import type { Envelope } from '../../../ports/outbox.ts';
import { decodeQueueMessage } from '../../../ports/queueMessage.ts';
import type { QueueReader, QueueRecord } from '../../../ports/queueReader.ts';
import { createPipes } from '../createPipes.ts';

const arn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const RoleArn = 'arn:aws:iam::000000000000:role/r';

/** Pipes over one queue that has `messages`; `sent` is what reached the target. */
async function withPipes(messages: readonly Partial<QueueRecord>[], work: (bench: { run(name: string, input: object): Promise<Record<string, unknown>>; until(holds: () => boolean | Promise<boolean>): Promise<void>; sent: string[]; deleted: string[]; fail: Set<string>; start(): void }) => Promise<void>): Promise<void> {
  const clock = createFakeClock();
  const random = createSeededRandom(5);
  const store = weakMode(openMemoryStore({ clock: createFakeClock(), random }), createSeededRandom(6));
  const [sent, deleted, fail] = [[] as string[], [] as string[], new Set<string>()];
  let waiting = messages.map((message, place): QueueRecord => ({ messageId: `m${place}`, receiptHandle: `m${place}`, body: '', md5OfBody: '', attributes: {}, messageAttributes: {}, ...message }));
  const queues: QueueReader = {
    describe: async () => ({ fifo: false, visibilityTimeoutSeconds: 30 }),
    async receive(_arn, { maxMessages, signal }) {
      const taken = waiting.slice(0, maxMessages);
      waiting = waiting.slice(maxMessages);
      if (taken.length === 0) await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
      return taken;
    },
    async delete(_arn, handles) {
      deleted.push(...handles);
      return [];
    },
    changeVisibility: async () => [],
  };
  const deliver = async ({ payload }: Envelope) => {
    const { body } = decodeQueueMessage(payload);
    if (fail.has(body)) return { kind: 'rejected', reason: 'no' } as const;
    sent.push(body);
    return { kind: 'delivered' } as const;
  };
  const pipes = createPipes({
    ...{ store, clock, wall: clock, random, log: silentLogger, emitter: { emit: () => 'id' }, queues, directory: { for: () => ({ deliver }) } },
    roles: { findRole: async () => undefined, trustsService: () => true },
    roleAccess: async ({ roleArn }) => roleArn === RoleArn,
    invoker: { invoke: async () => ({ kind: 'refused', reason: 'none' }) },
    apiDestinations: { exists: async () => false, call: async () => ({ kind: 'rejected', reason: 'none' }) },
    logs: { sink: { append: () => undefined, flush: async () => undefined }, exists: async () => true },
  });
  try {
    await work({
      ...{ sent, deleted, fail },
      start: () => pipes.start(),
      async run(name, input) {
        const call = testCall({ nowMs: clock.now() });
        const operation = pipes.service.find(name);
        assert.ok(operation, name);
        if (operation.access !== 'public') await operation.access(input, call);
        return (await operation.handle(input, call)) as Record<string, unknown>;
      },
      // Hints may be lost in this store, and then it takes a scan.
      async until(holds) {
        while (!(await holds())) {
          clock.advance(1_000);
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    });
  } finally {
    await pipes.close();
  }
}

const wanted = { Name: 'p', Source: arn('source'), Target: arn('target'), RoleArn };

test('CreatePipe, DescribePipe, UpdatePipe, StartPipe, StopPipe, ListPipes and DeletePipe lead a pipe through its states', () =>
  withPipes([], async ({ run, until, start }) => {
    await run('CreatePipe', { ...wanted, DesiredState: 'STOPPED' });
    await assert.rejects(run('CreatePipe', wanted), { code: 'ConflictException', message: 'Pipe p already exists.' });
    await assert.rejects(run('UpdatePipe', { Name: 'p', RoleArn }), { code: 'ConflictException' });
    const state = async (): Promise<unknown> => (await run('DescribePipe', { Name: 'p' }))['CurrentState'];
    assert.equal(await state(), 'CREATING');
    start();
    await until(async () => (await state()) === 'STOPPED');
    await run('StopPipe', { Name: 'p' });
    assert.equal((await run('StartPipe', { Name: 'p' }))['CurrentState'], 'STARTING');
    await until(async () => (await state()) === 'RUNNING');
    assert.equal((await run('StartPipe', { Name: 'p' }))['CurrentState'], 'RUNNING');
    await run('UpdatePipe', { Name: 'p', RoleArn: `${RoleArn}/other` });
    await until(async () => (await state()) === 'UPDATE_FAILED');
    assert.match(String((await run('DescribePipe', { Name: 'p' }))['StateReason']), /ReceiveMessage/);
    await run('UpdatePipe', { Name: 'p', RoleArn, DesiredState: 'RUNNING' });
    await until(async () => (await state()) === 'RUNNING');
    await run('CreatePipe', { ...wanted, Name: 'q', DesiredState: 'STOPPED' });
    const page = await run('ListPipes', { Limit: 1 });
    assert.deepEqual([(page['Pipes'] as { Name: string }[]).map(({ Name }) => Name), ((await run('ListPipes', { Limit: 1, NextToken: page['NextToken'] }))['Pipes'] as { Name: string }[]).map(({ Name }) => Name)], [['p'], ['q']]);
    await assert.rejects(run('ListPipes', { NextToken: '?' }), { code: 'ValidationException' });
    await run('DeletePipe', { Name: 'p' });
    await until(async () => ((await run('ListPipes', { NamePrefix: 'p' }))['Pipes'] as object[]).length === 0);
    await assert.rejects(run('DeletePipe', { Name: 'p' }), { code: 'NotFoundException' });
  }));

test('TagResource, UntagResource and ListTagsForResource keep at most fifty tags', () =>
  withPipes([], async ({ run }) => {
    const resourceArn = 'arn:aws:pipes:us-east-1:000000000000:pipe/p';
    await run('CreatePipe', { ...wanted, Tags: { a: '1' } });
    await run('TagResource', { resourceArn, tags: { b: '2' } });
    await run('UntagResource', { resourceArn, tagKeys: ['a'] });
    assert.deepEqual(await run('ListTagsForResource', { resourceArn }), { tags: { b: '2' } });
    await assert.rejects(run('TagResource', { resourceArn, tags: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`t${at}`, ''])) }), { code: 'ValidationException' });
    await assert.rejects(run('ListTagsForResource', { resourceArn: `${resourceArn}2` }), { code: 'NotFoundException' });
    await assert.rejects(run('TagResource', { resourceArn: arn('q'), tags: { x: '' } }), { code: 'ValidationException' });
  }));

test('a pipe deletes what its target took, and after a failure nothing more of that group', () =>
  withPipes(
    [{ body: 'a', attributes: { MessageGroupId: 'g' } }, { body: 'b', attributes: { MessageGroupId: 'g' } }, { body: 'c', attributes: { MessageGroupId: 'g' } }, { body: 'd', attributes: { MessageGroupId: 'h' } }],
    async ({ run, until, start, sent, deleted, fail }) => {
      fail.add('b');
      await run('CreatePipe', { ...wanted, TargetParameters: { InputTemplate: '<$.body>' } });
      start();
      await until(() => deleted.length === 2);
      assert.deepEqual([sent, deleted], [['a', 'd'], ['m0', 'm3']]);
    },
  ));

test('a pipe deletes what no filter wants, and passes on the rest', () =>
  withPipes([{ body: '{"n":1}' }, { body: '{"n":2,"text":"\\ud800"}' }, { body: 'plain' }], async ({ run, until, start, sent, deleted }) => {
    await run('CreatePipe', { ...wanted, SourceParameters: { FilterCriteria: { Filters: [{ Pattern: '{"body":{"n":[{"numeric":[">",1]}]}}' }] } }, TargetParameters: { InputTemplate: '{"n":<$.body.n>}' } });
    start();
    await until(() => deleted.length === 3);
    assert.deepEqual(sent, ['{"n":2}']);
  }));
