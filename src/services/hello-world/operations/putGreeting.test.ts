import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greetingsMax } from '../limits.ts';
import { createTestHelloWorld } from '../testHelloWorld.ts';

const languages = Array.from({ length: greetingsMax + 1 }, (_, at) => `l${at}`);

test('putGreeting answers the ARN, and a second text keeps the count', async () => {
  const { run } = createTestHelloWorld();
  const { greetingArn } = await run('PutGreeting', { language: 'en', text: 'Hi {name}' });
  assert.equal(greetingArn, 'arn:aws:hello-world:us-east-1:000000000000:greeting/en');
  await run('Greet', { language: 'en', name: 'a' });
  await run('PutGreeting', { language: 'en', text: 'Hello {name}' });
  assert.deepEqual(await run('Greet', { language: 'en', name: 'a' }), { greeting: 'Hello a', timesGreeted: 2 });
});

test('putGreeting takes as many greetings as the limit says and not one more, whoever comes at once', async () => {
  const { run } = createTestHelloWorld();
  const results = await Promise.allSettled(languages.map((language) => run('PutGreeting', { language, text: 'x' })));
  const refused = results.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 1);
  assert.equal((refused[0] as PromiseRejectedResult).reason.code, 'TooManyGreetingsException');
  await run('PutGreeting', { language: 'l0', text: 'changed' });
});
