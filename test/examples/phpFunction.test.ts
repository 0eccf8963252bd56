// examples/php-function as it is: a custom runtime in PHP.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createFunction, invoke } from '../support/functions.ts';
import { useServer } from '../support/useServer.ts';
import { zipFolder } from '../support/zipFolder.ts';

const scene = useServer();
const skip = existsSync('/usr/bin/php') ? false : 'not run: php is not installed';

test('a function in PHP answers, fails and logs through a bootstrap of its own', { skip }, async () => {
  const { aws, roleArn } = scene();
  const settings = { Role: roleArn, Runtime: 'provided.al2023', zip: zipFolder(join(packageRoot, 'examples/php-function')) } as const;
  const name = await createFunction(aws.lambda, { ...settings, Handler: 'greet.handler' });
  const answer = await invoke(aws.lambda, name, { name: 'Änn' }, { LogType: 'Tail' });
  assert.deepEqual(answer.payload, { greeting: 'Hello Änn', php: (answer.payload as { php: number }).php, function: name });
  assert.match(answer.logTail, /greeting Änn/);
  const failed = await invoke(aws.lambda, name, {});
  assert.deepEqual([failed.functionError, (failed.payload as { errorType: string }).errorType], ['Unhandled', 'InvalidArgumentException']);
  assert.equal((await invoke(aws.lambda, name, { name: 'again' })).functionError, undefined);
  const missing = await createFunction(aws.lambda, { ...settings, Handler: 'greet.nothing' });
  assert.match((await invoke(aws.lambda, missing, {})).text, /There is no function nothing in greet\.php/);
});
