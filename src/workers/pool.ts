// Worker threads for what would block the event loop: unzipping, hashing, key generation (design.md §7). A task is a module
// that exports `run(input)`; input and result cross the boundary by structured clone.
import { Worker } from 'node:worker_threads';
import { queuedTasksMax, workerHeapMegabytesMax } from './limits.ts';

export interface RunOptions {
  /** Ends the task at once, by ending its thread. */
  readonly signal?: AbortSignal;
}

export interface WorkPool {
  /** Runs `run(input)` of the module at this URL in a worker thread. Rejects with a {@link WorkFailure} when it throws or its thread dies. */
  runTask<Input, Result>(module: URL, input: Input, options?: RunOptions): Promise<Result>;
  /** Ends every thread; what was running or waiting is rejected. */
  close(): Promise<void>;
}

/** A task that threw, ran out of memory, or was refused because too many wait. Expected outcomes belong into the task's result instead. */
export class WorkFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WorkFailure';
  }
}

/** What the pool sends to a thread. */
export interface TaskMessage {
  readonly module: string;
  readonly input: unknown;
}

/** What a thread answers. */
export type TaskAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string; readonly stack: string | undefined };

interface Task {
  readonly message: TaskMessage;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}

/** A pool of at most `threads` threads; they start with the first task and keep no process alive. */
export function createWorkPool(options: { readonly threads: number }): WorkPool {
  const waiting: Task[] = [];
  const idle: Worker[] = [];
  const running = new Map<Worker, Task>();
  let closed = false;

  function pump(): void {
    while (waiting.length > 0 && (idle.length > 0 || running.size < options.threads)) {
      const task = waiting.shift();
      if (task === undefined) return;
      const worker = idle.pop() ?? startThread();
      running.set(worker, task);
      worker.ref();
      worker.postMessage(task.message);
    }
  }

  function startThread(): Worker {
    const worker = new Worker(new URL('./thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: workerHeapMegabytesMax },
      // A worker must not see the server's environment or command line options.
      env: {},
      argv: [],
      execArgv: [],
    });
    worker.on('message', (answer: TaskAnswer) => {
      const task = running.get(worker);
      if (task === undefined) return;
      running.delete(worker);
      worker.unref();
      idle.push(worker);
      settle(task, answer);
      pump();
    });
    worker.on('error', (error) => lose(worker, new WorkFailure('a worker thread failed', { cause: error })));
    worker.on('exit', () => lose(worker, new WorkFailure('a worker thread ended early')));
    return worker;
  }

  function lose(worker: Worker, failure: WorkFailure): void {
    const task = running.get(worker);
    running.delete(worker);
    const position = idle.indexOf(worker);
    if (position >= 0) idle.splice(position, 1);
    if (task !== undefined) {
      forget(task);
      task.reject(failure);
    }
    if (!closed) pump();
  }

  function cancel(task: Task): void {
    const position = waiting.indexOf(task);
    if (position >= 0) waiting.splice(position, 1);
    task.reject(task.signal?.reason);
    for (const [worker, current] of running) {
      if (current !== task) continue;
      running.delete(worker);
      void worker.terminate();
    }
    pump();
  }

  return {
    runTask<Input, Result>(module: URL, input: Input, { signal }: RunOptions = {}): Promise<Result> {
      return new Promise<Result>((resolve, reject) => {
        if (closed) return reject(new WorkFailure('the work pool is closed'));
        if (signal?.aborted) return reject(signal.reason);
        if (waiting.length >= queuedTasksMax) return reject(new WorkFailure('too many tasks wait for a worker thread'));
        const message = { module: module.href, input };
        const task: Task = { message, resolve: (result) => resolve(result as Result), reject, signal, onAbort: undefined };
        if (signal !== undefined) {
          task.onAbort = () => cancel(task);
          signal.addEventListener('abort', task.onAbort, { once: true });
        }
        waiting.push(task);
        pump();
      });
    },
    async close() {
      closed = true;
      const failure = new WorkFailure('the work pool is closed');
      for (const task of [...waiting.splice(0), ...running.values()]) {
        forget(task);
        task.reject(failure);
      }
      const workers = [...idle.splice(0), ...running.keys()];
      running.clear();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function settle(task: Task, answer: TaskAnswer): void {
  forget(task);
  if (answer.ok) return task.resolve(answer.result);
  const failure = new WorkFailure(answer.message);
  if (answer.stack !== undefined) failure.stack = answer.stack;
  task.reject(failure);
}

function forget(task: Task): void {
  if (task.onAbort !== undefined) task.signal?.removeEventListener('abort', task.onAbort);
}
