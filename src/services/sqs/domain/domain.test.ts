import assert from 'node:assert/strict';
import { test } from 'node:test';
import { md5OfAttributes, readAttributes, selectAttributes } from './messageAttributes.ts';
import { parseQueueUrl } from './queueUrl.ts';
import { formatReceipt, parseReceipt } from './receiptHandle.ts';

test('md5OfAttributes is what clients compute', () => {
  // Recorded from the service: a binary attribute, and three strings.
  const binary = Buffer.from('traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01');
  assert.equal(md5OfAttributes({ attr1: { type: 'Binary', value: binary } }), '8cbe4db156db8a94db8b801b7addb984');
  const strings = { Hello: { type: 'String', value: 'There' }, General: { type: 'String', value: 'Kenobi' }, 'Help.Me': { type: 'String', value: 'Me' } };
  assert.equal(md5OfAttributes(strings), '4c360f3fdafd970e05fae2f149d997f5');
  assert.equal(md5OfAttributes(selectAttributes(strings, ['Hel.*'])), '83fee93c1bcd8b9a5a923ffacdc636c7');
  assert.equal(selectAttributes(strings, ['Hel', 'Nothing']), undefined);
});

test('readAttributes refuses what SQS refuses', () => {
  const refused: readonly [Parameters<typeof readAttributes>[0], RegExp][] = [
    [{ a: { DataType: 'String', StringValue: '' } }, /^Message \(user\) attribute 'a' must contain a non-empty value of type 'String'\.$/],
    [{ a: { DataType: 'Binary', StringValue: 'x' } }, /must use field 'BinaryValue'/],
    [{ a: { DataType: 'Text', StringValue: 'x' } }, /supported type prefixes: Binary, Number, String/],
    [{ a: { DataType: 'Number', StringValue: 'x' } }, /Can't cast the value of message \(user\) attribute 'a' to a number\./],
    [{ 'AWS.a': { DataType: 'String', StringValue: 'x' } }, /reserved/],
    [{ 'a..b': { DataType: 'String', StringValue: 'x' } }, /Invalid message attribute name/],
    [{ a: { DataType: 'String', StringListValues: ['x'] } }, /list values in SendMessage operation are not supported/],
    [Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`a${at}`, { DataType: 'String', StringValue: 'x' }])), /\[11\] exceeds the allowed maximum \[10\]/],
  ];
  for (const [given, message] of refused) assert.throws(() => readAttributes(given, 'user'), { message });
});

test('parseQueueUrl takes every form of address', () => {
  const own = { account: '000000000000', name: 'q', region: undefined };
  assert.deepEqual(parseQueueUrl('http://127.0.0.1:4566/000000000000/q'), own);
  assert.deepEqual(parseQueueUrl('/000000000000/q'), own);
  assert.deepEqual(parseQueueUrl('http://localhost:4566/queue/eu-west-1/000000000000/q'), { ...own, region: 'eu-west-1' });
  assert.deepEqual(parseQueueUrl('https://sqs.eu-west-1.amazonaws.com/000000000000/q.fifo'), { ...own, name: 'q.fifo', region: 'eu-west-1' });
  assert.deepEqual(parseQueueUrl('http://ap-northeast-2.queue.amazonaws.com/000000000000/q'), { ...own, region: 'ap-northeast-2' });
  assert.deepEqual(parseQueueUrl('https://queue.amazonaws.com/000000000000/q'), { ...own, region: 'us-east-1' });
  for (const url of ['q', '', 'http://host/q', 'http://host/1/q', `http://host/000000000000/${'q'.repeat(81)}`, `/${'0'.repeat(5_000)}`]) assert.equal(parseQueueUrl(url), undefined);
});

test('parseReceipt reads what formatReceipt wrote, and nothing else', () => {
  const common = { queueId: '00112233445566', storeId: 'ffeeddccbbaa99', receives: 3, receivedAtMs: 1_767_225_600_000 };
  const standard = { ...common, kind: 'standard', visibleAtMs: 1_767_225_630_000, order: Number.MAX_SAFE_INTEGER, messageId: Buffer.alloc(16, 7) } as const;
  const fifo = { ...common, kind: 'fifo', sequence: 1_767_225_600_000_001, groupId: 'g'.repeat(128) } as const;
  for (const receipt of [standard, fifo]) {
    const handle = formatReceipt(receipt);
    assert.deepEqual(parseReceipt(handle), receipt);
    assert.equal(parseReceipt(`${handle.slice(0, 10)}${handle[10] === 'A' ? 'B' : 'A'}${handle.slice(11)}`), undefined);
  }
  for (const text of ['', 'x', '한', 'AAAA', 'A'.repeat(2_000)]) assert.equal(parseReceipt(text), undefined);
});
