import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestHelloWorld } from '../testHelloWorld.ts';

test('greet puts the name into the greeting and counts', async () => {
  const { run } = createTestHelloWorld();
  await run('PutGreeting', { language: 'ko', text: '안녕, {name}!' });
  await run('Greet', { language: 'ko', name: 'a' });
  assert.deepEqual(await run('Greet', { language: 'ko', name: '$& 하늘' }), { greeting: '안녕, $& 하늘!', timesGreeted: 2 });
});

test('greet refuses a language without a greeting', async () => {
  const { run } = createTestHelloWorld();
  await assert.rejects(run('Greet', { language: 'xx', name: 'a' }), {
    code: 'GreetingNotFoundException',
    message: 'There is no greeting for the language xx.',
  });
});

test('greet counts every one of many callers at once', async () => {
  const { run } = createTestHelloWorld();
  await run('PutGreeting', { language: 'en', text: 'Hello, {name}' });
  await Promise.all(Array.from({ length: 20 }, () => run('Greet', { language: 'en', name: 'a' })));
  assert.equal((await run('Greet', { language: 'en', name: 'a' })).timesGreeted, 21);
});
