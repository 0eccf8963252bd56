import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTargetArn } from './targetArn.ts';

test('isTargetArn takes what users deliver to, and nothing that a service delivers to itself', () => {
  const place = 'us-east-1:000000000000';
  for (const arn of [`arn:aws:sqs:${place}:queue`, `arn:aws:sns:${place}:topic.fifo`, `arn:aws:lambda:${place}:function:f:live`, `arn:aws:events:${place}:event-bus/default`, `arn:aws:kinesis:${place}:stream/s`]) {
    assert.equal(isTargetArn(arn), true, arn);
  }
  const own = [`arn:aws:sns:${place}:topic:id:dead-letter`, `arn:aws:events:${place}:delivery/default/rule/target`, `arn:aws:events:${place}:fan-out/default`, `arn:aws:scheduler:${place}:delivery/default/s`];
  for (const arn of [...own, 'arn:aws:s3:::bucket', `arn:aws:secretsmanager:${place}:secret:s`, `arn:aws:lambda:${place}:event-source-mapping:x`, 'queue', '']) {
    assert.equal(isTargetArn(arn), false, arn);
  }
});
