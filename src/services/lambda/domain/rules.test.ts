import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { requireVariables } from './environment.ts';
import { findJsonFailure } from './jsonFailure.ts';
import { describeExit, exitErrorType } from './processExit.ts';
import { reportLine } from './report.ts';
import { requireOpen, requireRuntime, runtimeVersionOf } from './runtimes.ts';
import { openVariables, sealVariables } from './seal.ts';

const now = Date.UTC(2026, 0, 1);

test('requireRuntime knows what runs here', () => {
  assert.deepEqual(requireRuntime('python3.12', now), { family: 'python', version: '3.12' });
  assert.deepEqual(requireRuntime('nodejs22.x', now), { family: 'node', version: '22' });
  assert.deepEqual(requireRuntime('provided.al2023', now), { family: 'custom' });
});

test('requireRuntime goes by the dates on which AWS blocks creation and updates, and names the successor', () => {
  const refused = (id: string): string =>
    `The runtime parameter of ${id} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions. Its successor is ${id.startsWith('node') ? 'nodejs24.x' : 'python3.14'}.`;
  assert.throws(() => requireRuntime('nodejs8.10', now), { code: 'InvalidParameterValueException', message: refused('nodejs8.10') });
  const lastDay = Date.UTC(2027, 0, 31, 23);
  for (const id of ['python3.8', 'python3.9', 'nodejs16.x', 'nodejs18.x', 'nodejs20.x']) {
    assert.ok(requireRuntime(id, lastDay), id);
    assert.throws(() => requireRuntime(id, Date.UTC(2027, 1, 1)), { message: refused(id) });
    assert.ok(requireRuntime(id, Date.UTC(2027, 1, 1), 'update'), id);
    assert.throws(() => requireRuntime(id, Date.UTC(2027, 2, 3), 'update'), { message: refused(id) });
  }
});

test('requireOpen keeps code of a closed runtime from being updated', () => {
  assert.doesNotThrow(() => requireOpen('python3.9', Date.UTC(2027, 2, 2), 'update'));
  assert.throws(() => requireOpen('python3.9', Date.UTC(2027, 2, 3), 'update'), { code: 'InvalidParameterValueException' });
});

test('requireRuntime refuses unknown runtimes with the list, and those it cannot run by name', () => {
  assert.throws(() => requireRuntime('python9', now), /^ServiceError: Value python9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs24\.x, .*\] or be a valid ARN$/);
  assert.throws(() => requireRuntime('constructor', now), /enum value set/);
  assert.throws(() => requireRuntime('dotnet8', now), /does not implement the runtime dotnet8/);
  assert.throws(() => requireRuntime('go1.x', now), /no longer supported for creating or updating AWS Lambda functions.* Its successor is provided\.al2023\.$/);
  assert.deepEqual(requireRuntime('java8.al2', now), { family: 'java', version: '8' });
  assert.deepEqual(requireRuntime('java25', now), { family: 'java', version: '25' });
});

test('runtimeVersionOf has the form of INIT_START lines', () => {
  const version = runtimeVersionOf('python3.12', 'us-east-1');
  assert.equal(version.label, 'python:3.12.v1');
  assert.match(version.arn, /^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/);
  assert.equal(runtimeVersionOf('provided.al2023', 'us-east-1').label, 'provided:al2023.v1');
});

test('requireVariables refuses reserved names and measures the whole environment as JSON', () => {
  assert.deepEqual(requireVariables({ A: '1', __proto__x: '2' }), [['A', '1'], ['__proto__x', '2']]);
  assert.throws(
    () => requireVariables({ AWS_REGION: 'x', MINE: 'y', AWS_LAMBDA_RUNTIME_API: 'z' }),
    /Reserved keys used in this request: AWS_REGION, AWS_LAMBDA_RUNTIME_API$/,
  );
  // {"K":"…"} is eight characters longer than the value.
  assert.doesNotThrow(() => requireVariables({ K: 'x'.repeat(4_096 - 8) }));
  assert.throws(() => requireVariables({ K: 'x'.repeat(4_096 - 7) }), /exceeded the 4KB limit\. String measured: \{"K":"x+"\}$/);
});

test('sealVariables hides the text, and openVariables needs the same key and function', () => {
  const random = createSeededRandom(1);
  const key = random.bytes(32);
  const sealed = sealVariables([['PASSWORD', 'hunter2hunter2']], 'arn:a', key, random);
  assert.equal(Buffer.from(sealed).includes('hunter2'), false);
  assert.deepEqual(openVariables(sealed, 'arn:a', key), [['PASSWORD', 'hunter2hunter2']]);
  assert.throws(() => openVariables(sealed, 'arn:b', key), /cannot be decrypted/);
  assert.throws(() => openVariables(sealed, 'arn:a', random.bytes(32)), /cannot be decrypted/);
});

test('reportLine bills init and run together, up to the next millisecond', () => {
  const figures = { requestId: 'r', durationMs: 1.234, memoryMegabytes: 128, memoryPeakBytes: 36.2 * 2 ** 20 };
  assert.equal(
    reportLine({ ...figures, initDurationMs: 112.331 }),
    'REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 37 MB\tInit Duration: 112.33 ms\t\n',
  );
  assert.equal(
    reportLine({ ...figures, failure: { kind: 'timeout' } }),
    'REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 37 MB\tStatus: timeout\n',
  );
  assert.match(reportLine({ ...figures, failure: { kind: 'error', errorType: 'Runtime.OutOfMemory' } }), /\tStatus: error\tError Type: Runtime\.OutOfMemory\n$/);
});

test('describeExit speaks as the AWS supervisor does', () => {
  const exit = { code: undefined, signal: undefined, outOfMemory: false };
  assert.equal(describeExit({ ...exit, code: 3 }), 'Runtime exited with error: exit status 3');
  assert.equal(describeExit({ ...exit, code: 0 }), 'Runtime exited without providing a reason');
  assert.equal(describeExit({ ...exit, signal: 'SIGSEGV' }), 'Runtime exited with error: signal: segmentation fault');
  assert.equal(describeExit({ ...exit, signal: 'SIGKILL', outOfMemory: true }), 'Runtime exited with error: signal: killed');
  assert.equal(exitErrorType({ ...exit, signal: 'SIGKILL', outOfMemory: true }), 'Runtime.OutOfMemory');
});

test('findJsonFailure accepts any JSON document and describes what is none', () => {
  for (const text of ['{}', 'null', '"text"', ' [1, 2]\n', '1e5', 'true']) assert.equal(findJsonFailure(Buffer.from(text)), undefined, text);
  const failure = (text: string): string => findJsonFailure(Buffer.from(text)) ?? 'no failure';
  assert.match(failure('Hello World'), /^Unrecognized token 'Hello': was expecting \(JSON String, .*\n at \[Source: REDACTED .*line: 1, column: 7\]$/s);
  assert.match(failure('{"a":1 1}'), /^Unexpected character \('1' \(code 49\)\).*column: 8\]$/s);
  assert.match(failure('{"a":'), /^Unexpected end-of-input/);
  assert.match(findJsonFailure(Buffer.from([0x22, 0xff, 0x22])) ?? '', /^Invalid UTF-8/);
});
