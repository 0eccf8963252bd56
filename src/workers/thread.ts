// The program of a worker thread: answers one task at a time.
import { parentPort } from 'node:worker_threads';
import type { TaskAnswer, TaskMessage } from './pool.ts';

type TaskModule = { readonly run: (input: unknown) => unknown };

async function answer({ module, input }: TaskMessage): Promise<TaskAnswer> {
  try {
    const task = (await import(module)) as TaskModule;
    return { ok: true, result: await task.run(input) };
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    return { ok: false, message: failure.message, stack: failure.stack };
  }
}

parentPort?.on('message', (message: TaskMessage) => {
  void answer(message).then((reply) => parentPort?.postMessage(reply));
});
