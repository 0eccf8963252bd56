// Random senders, consumers and jumps of the clock against a small model: what may be received, in which order, and how much is there.
// `HANEUL_SEED` replays one run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom, type Random } from '../../base/random.ts';
import { type TestSqs, withSqs } from './testSqs.ts';

interface ModelMessage {
  readonly body: string;
  readonly group: string;
  visibleAtMs: number;
  receives: number;
  handle: string;
}

const given = process.env['HANEUL_SEED'];
const seeds = given === undefined ? [1, 2, 3] : [Number(given)];
const steps = 250;

for (const seed of seeds) {
  for (const fifo of [false, true]) {
    test(`receiveMessage agrees with a model of a ${fifo ? 'FIFO' : 'standard'} queue (HANEUL_SEED=${seed})`, () =>
      withSqs((sqs) => simulate(sqs, createSeededRandom(seed * 7 + (fifo ? 1 : 0)), fifo), { seed }));
  }
}

async function simulate(sqs: TestSqs, random: Random, fifo: boolean): Promise<void> {
  const { run, create, clock, advance } = sqs;
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const QueueUrl = await create(fifo ? 'q.fifo' : 'q', fifo ? { FifoQueue: 'true' } : {});
  /** In the order of sending. */
  let model: ModelMessage[] = [];
  const stale: string[] = [];
  let sent = 0;

  async function send(): Promise<void> {
    const entries = Array.from({ length: 1 + below(4) }, () => ({ body: `${(sent += 1)}`, group: `g${below(3)}` }));
    const fields = (body: string, group: string) => (fifo ? { MessageGroupId: group, MessageDeduplicationId: body } : below(2) === 0 ? { MessageGroupId: group } : {});
    await run('SendMessageBatch', { QueueUrl, Entries: entries.map(({ body, group }, at) => ({ Id: `${at}`, MessageBody: body, ...fields(body, group) })) });
    for (const { body, group } of entries) model.push({ body, group, visibleAtMs: clock.now(), receives: 0, handle: '' });
  }

  async function receive(visibilitySeconds = below(6)): Promise<ModelMessage[]> {
    const nowMs = clock.now();
    const { Messages = [] } = await run('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 1 + below(10), VisibilityTimeout: visibilitySeconds, MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
    const free = (message: ModelMessage): boolean => message.visibleAtMs <= nowMs;
    const receivable = fifo ? model.filter((message) => model.every((other) => other.group !== message.group || free(other))) : model.filter(free);
    if (receivable.length > 0) assert.notEqual(Messages.length, 0, 'there was something to receive');
    const found = Messages.map(({ Body }) => {
      const message = model.find(({ body }) => body === Body);
      assert.ok(message, `${Body} was received, and is not there`);
      assert.ok(receivable.includes(message), `${Body} was received while it or its group was in flight`);
      return message;
    });
    if (fifo) {
      for (const group of new Set(found.map((message) => message.group))) {
        const bodies = found.filter((message) => message.group === group).map(({ body }) => body);
        assert.deepEqual(bodies, model.filter((message) => message.group === group).slice(0, bodies.length).map(({ body }) => body), 'the head of the group, in order');
      }
    }
    for (const [at, message] of found.entries()) {
      if (message.handle !== '') stale.push(message.handle);
      message.receives += 1;
      assert.equal(Messages[at]?.Attributes?.ApproximateReceiveCount, String(message.receives));
      message.handle = Messages[at]?.ReceiptHandle ?? '';
      message.visibleAtMs = nowMs + visibilitySeconds * 1_000;
    }
    return found;
  }

  async function remove(): Promise<void> {
    const received = model.filter(({ handle }) => handle !== '');
    const message = received[below(received.length)];
    if (!message) return;
    const expired = fifo && message.visibleAtMs <= clock.now();
    const call = run('DeleteMessage', { QueueUrl, ReceiptHandle: message.handle });
    if (expired) return assert.rejects(call, { message: /has expired/ });
    await call;
    model = model.filter((other) => other !== message);
  }

  async function useStale(): Promise<void> {
    const handle = stale[below(stale.length)];
    if (handle !== undefined) await run('DeleteMessage', { QueueUrl, ReceiptHandle: handle }).catch((error: Error) => assert.match(error.message, /has expired/));
  }

  async function change(): Promise<void> {
    const received = model.filter(({ handle }) => handle !== '');
    const message = received[below(received.length)];
    if (!message) return;
    const seconds = below(4);
    const expired = fifo && message.visibleAtMs <= clock.now();
    const call = run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: message.handle, VisibilityTimeout: seconds });
    if (expired) return assert.rejects(call, { message: /has expired/ });
    await call;
    message.visibleAtMs = clock.now() + seconds * 1_000;
  }

  async function count(): Promise<void> {
    const { Attributes = {} } = await run('GetQueueAttributes', { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] });
    const [visible, hidden] = [Number(Attributes.ApproximateNumberOfMessages), Number(Attributes.ApproximateNumberOfMessagesNotVisible)];
    assert.equal(visible + hidden, model.length);
    if (!fifo) assert.equal(hidden, model.filter(({ visibleAtMs }) => visibleAtMs > clock.now()).length);
  }

  const actions: readonly (() => Promise<unknown>)[] = [send, send, () => receive(), () => receive(), () => receive(), remove, remove, useStale, change, count, () => advance(below(2_500))];
  for (let step = 0; step < steps; step += 1) await actions[below(actions.length)]?.();
  // Everything that is left comes out in the end, once its time is over.
  for (let rounds = 0; model.length > 0; rounds += 1) {
    assert.ok(rounds < 1_000, 'something is never given out');
    await advance(6_000);
    for (const message of await receive(5)) {
      await run('DeleteMessage', { QueueUrl, ReceiptHandle: message.handle });
      model = model.filter((other) => other !== message);
    }
  }
  await count();
}
