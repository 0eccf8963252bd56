import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { streamPartOverheadBytes, streamWindowBytes } from '../limits.ts';
import type { InvocationRequest } from '../types.ts';
import { openFramedChannel } from './framedChannel.ts';
import type { FramedChannel } from './framedChannel.ts';
import { encodeFrame, frameTypes } from './frames.ts';

interface Bench {
  readonly channel: FramedChannel;
  /** As the function would send it. */
  send(type: number, text?: string, contentType?: string): void;
  readonly violations: string[];
  /** Bytes that the function was told it may send again. */
  readonly room: number[];
}

function open(): Bench {
  const toFunction = new PassThrough();
  const fromFunction = new PassThrough();
  const channel = openFramedChannel({ toFunction, fromFunction });
  const violations: string[] = [];
  const room: number[] = [];
  const nothing = (): void => undefined;
  // What the channel writes comes back to the test, so it looks at what it would send.
  const write = toFunction.write.bind(toFunction);
  toFunction.write = ((frame: Buffer) => {
    if (frame[4] === frameTypes.room) room.push(frame.readUInt32BE(5));
    return write(frame);
  }) as typeof toFunction.write;
  const plain = (type: number): boolean => fromFunction.write(encodeFrame(type));
  plain(frameTypes.hello);
  channel.begin({ handler: 'h', runtimeVersion: '1' }, { onRecord: nothing, onStream: nothing, onViolation: (reason) => void violations.push(reason) });
  return {
    channel,
    violations,
    room,
    send(type, text, contentType = '') {
      if (text === undefined) return void plain(type);
      fromFunction.write(encodeFrame(type, Buffer.from(`\x02id${String.fromCharCode(contentType.length)}${contentType}${text}`, 'latin1')));
    },
  };
}

const request: InvocationRequest = { requestId: 'id', event: Buffer.from('{}'), deadlineMs: 0, invokedFunctionArn: '' };

test('openFramedChannel hands on the pieces of a response and gives their room back when they are taken', async () => {
  const { channel, send, room, violations } = open();
  send(frameTypes.ready);
  await channel.init;
  const seen: unknown[] = [];
  const taken: (() => void)[] = [];
  const answer = channel.invoke({ ...request, receiver: { onPart: (part, type, take) => { seen.push([Buffer.from(part).toString(), type]); taken.push(take); } } });
  send(frameTypes.part, 'one', 'text/plain');
  send(frameTypes.part, 'two');
  await new Promise(setImmediate);
  assert.deepEqual([seen, room], [[['one', 'text/plain'], ['two', undefined]], []]);
  taken[0]?.();
  assert.deepEqual(room, [3 + streamPartOverheadBytes]);
  send(frameTypes.response, '');
  assert.deepEqual(await answer, { kind: 'response', payload: Buffer.alloc(0), contentType: 'text/plain' });
  taken[1]?.();
  assert.deepEqual([room.length, violations], [1, []], 'nothing is said after the end');
});

test('openFramedChannel ends a function that sends more than may be on its way, or tiny pieces without end', async () => {
  for (const piece of ['x'.repeat(streamWindowBytes / 4), '']) {
    const { channel, send, violations } = open();
    send(frameTypes.ready);
    await channel.init;
    let count = 0;
    void channel.invoke({ ...request, receiver: { onPart: () => void (count += 1) } });
    const most = Math.floor(streamWindowBytes / (piece.length + streamPartOverheadBytes));
    for (let sent = 0; sent <= most; sent += 1) send(frameTypes.part, piece);
    await new Promise(setImmediate);
    assert.deepEqual([count, violations], [most, ['more of a response than may be on its way']]);
  }
});

test('openFramedChannel refuses a whole response behind pieces of one, and pieces that nobody asked for', async () => {
  const behind = open();
  behind.send(frameTypes.ready);
  await behind.channel.init;
  void behind.channel.invoke(request);
  behind.send(frameTypes.part, 'one');
  behind.send(frameTypes.response, 'two');
  await new Promise(setImmediate);
  assert.deepEqual(behind.violations, ['a whole response after pieces of one']);
  const unasked = open();
  unasked.send(frameTypes.ready);
  unasked.send(frameTypes.part, 'one');
  await new Promise(setImmediate);
  assert.deepEqual(unasked.violations, ['an answer to no pending request']);
});
