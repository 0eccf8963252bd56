// AWS's own runtime clients, unchanged, as custom runtimes: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html. That for Java runs the managed
// runtimes (java.test.ts). What cannot be built here is reported as not run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Missing } from '../support/installOnce.ts';
import { requireGoFunction, requireNodeFunction, requirePythonFunction, requireRustFunction } from '../support/officialRuntimes.ts';
import { custom, functionArn, openTestSandbox } from './harness.ts';

interface Subject {
  readonly name: string;
  readonly build: () => Promise<string | Missing>;
  readonly handler: string;
  /** What its errors are called. */
  readonly errorType: RegExp;
}

const subjects: readonly Subject[] = [
  { name: 'aws-lambda-go', build: requireGoFunction, handler: 'bootstrap', errorType: /^errorString$/ },
  { name: 'awslambdaric (PyPI)', build: requirePythonFunction, handler: 'app.handler', errorType: /^ValueError$/ },
  { name: 'aws-lambda-ric (npm)', build: requireNodeFunction, handler: 'index.handler', errorType: /^RangeError$/ },
  { name: 'lambda_runtime (crates.io)', build: requireRustFunction, handler: 'bootstrap', errorType: /.+/ },
];

const box = await openTestSandbox();
const pooled = await openTestSandbox({ pooled: true });

for (const { name, build, handler, errorType } of subjects) {
  test(`${name} runs unchanged: events, errors and the context, alone and in an environment that waited`, async (t) => {
    const codeFolder = await build();
    if (typeof codeFolder !== 'string') return t.skip(codeFolder.missing);
    const runs = [box, pooled].map(async (from) => {
      const started = await from.start({ runtime: custom, handler, codeFolder, variables: { AWS_REGION: 'us-east-1' } });
      const expected = { greeting: 'hello Ann', requestId: 'request-1', arn: functionArn, function: 'probe', region: 'us-east-1', deadline: true };
      assert.deepEqual(await started.call({ name: 'Ann' }, { requestId: 'request-1' }), expected, started.output());
      const error = await started.fail({ name: 'Ben', fail: true });
      assert.match(error.errorType ?? '', errorType);
      assert.equal(error.errorMessage, 'no greeting for Ben');
      assert.equal(((await started.call({ name: 'Cid' })) as { greeting: string }).greeting, 'hello Cid');
      assert.match(started.output(), /greeting Ann[^]*greeting Ben[^]*greeting Cid/);
      await started.environment.kill();
    });
    await Promise.all(runs);
  });
}
