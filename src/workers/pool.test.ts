import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorkPool, WorkFailure } from './pool.ts';

// A task module that needs no file of its own.
const source = `export function run(input) {
  if ('fail' in input) throw new Error(input.fail);
  if ('exit' in input) process.exit(input.exit);
  if ('hang' in input) return new Promise(() => undefined);
  return { text: input.text, environment: Object.keys(process.env).length };
}`;
const echo = new URL(`data:text/javascript,${encodeURIComponent(source)}`);

test('runTask answers what the module returns, and the thread sees no environment', async () => {
  const pool = createWorkPool({ threads: 1 });
  try {
    assert.deepEqual(await pool.runTask(echo, { text: 'hello' }), { text: 'hello', environment: 0 });
  } finally {
    await pool.close();
  }
});

test('runTask runs more tasks than it has threads', async () => {
  const pool = createWorkPool({ threads: 2 });
  try {
    const texts = ['a', 'b', 'c', 'd', 'e'];
    const answers = await Promise.all(texts.map((text) => pool.runTask<unknown, { text: string }>(echo, { text })));
    assert.deepEqual(answers.map((answer) => answer.text), texts);
  } finally {
    await pool.close();
  }
});

test('runTask rejects with the message of a task that throws, and goes on', async () => {
  const pool = createWorkPool({ threads: 1 });
  try {
    await assert.rejects(pool.runTask(echo, { fail: 'no such thing' }), (error) => error instanceof WorkFailure && error.message === 'no such thing');
    assert.ok(await pool.runTask(echo, { text: 'still here' }));
  } finally {
    await pool.close();
  }
});

test('runTask rejects when its thread dies, and the next task gets a new one', async () => {
  const pool = createWorkPool({ threads: 1 });
  try {
    await assert.rejects(pool.runTask(echo, { exit: 3 }), WorkFailure);
    assert.ok(await pool.runTask(echo, { text: 'still here' }));
  } finally {
    await pool.close();
  }
});

test('runTask ends a task whose signal aborts, running or waiting', async () => {
  const pool = createWorkPool({ threads: 1 });
  try {
    const controller = new AbortController();
    const running = pool.runTask(echo, { hang: true }, { signal: controller.signal });
    const waiting = pool.runTask(echo, { hang: true }, { signal: controller.signal });
    const next = pool.runTask(echo, { text: 'next' });
    controller.abort(new Error('client went away'));
    await assert.rejects(running, /client went away/);
    await assert.rejects(waiting, /client went away/);
    assert.ok(await next);
  } finally {
    await pool.close();
  }
});

test('close rejects what is running', async () => {
  const pool = createWorkPool({ threads: 1 });
  const hanging = pool.runTask(echo, { hang: true });
  const rejected = assert.rejects(hanging, /closed/);
  await pool.close();
  await rejected;
  await assert.rejects(pool.runTask(echo, { text: 'late' }), /closed/);
});
