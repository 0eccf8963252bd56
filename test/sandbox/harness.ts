// What the tests of this folder share: one sandbox per test file, functions from inline sources, requests with short deadlines.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { wallClock } from '../../src/base/clock.ts';
import { uuid } from '../../src/base/ids.ts';
import { createLogger } from '../../src/base/log.ts';
import type { LogRecord } from '../../src/base/log.ts';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import { openSandbox } from '../../src/sandbox/openSandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/openSandbox.ts';
import type { Environment, EnvironmentSpec, FunctionEndpoint, InvocationOutcome, OutputChunk, ResponseReceiver, RuntimeKind, Sandbox } from '../../src/sandbox/types.ts';

export const fixtures = join(packageRoot, 'test', 'fixtures', 'functions');
export const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:probe';

export interface TestSandbox {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly logs: readonly LogRecord[];
  /** Why tests of hostile code cannot run here; false when they can. */
  readonly skipReason: string | false;
  start(options: FunctionOptions): Promise<TestFunction>;
}

export interface FunctionOptions {
  readonly runtime: RuntimeKind;
  readonly handler?: string;
  /** Relative path to content; or the name of a folder of {@link fixtures}. */
  readonly files?: Readonly<Record<string, string>>;
  readonly fixture?: string;
  /** Or folders that are there already. */
  readonly codeFolder?: string;
  readonly layersFolder?: string;
  readonly layers?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly memoryMegabytes?: number;
  readonly ephemeralStorageMegabytes?: number;
  readonly initTimeoutMs?: number;
  readonly onOutput?: (chunk: OutputChunk) => void;
  readonly endpoint?: FunctionEndpoint;
  readonly onExtension?: EnvironmentSpec['onExtension'];
}

export interface TestFunction {
  readonly environment: Environment;
  readonly chunks: readonly OutputChunk[];
  /** Everything printed so far. */
  output(): string;
  invoke(event?: unknown, options?: InvokeOptions): Promise<InvocationOutcome>;
  /** The answer's JSON; fails when there is none. */
  call(event?: unknown, options?: InvokeOptions): Promise<unknown>;
  /** The error document; fails when the handler succeeded. */
  fail(event?: unknown, options?: InvokeOptions): Promise<ErrorDocument>;
}

export interface InvokeOptions {
  readonly requestId?: string;
  readonly timeoutMs?: number;
  readonly clientContext?: string;
  readonly traceId?: string;
  readonly body?: string;
  readonly receiver?: ResponseReceiver;
}

export interface ErrorDocument {
  readonly errorType?: string;
  readonly errorMessage?: string;
  readonly trace?: readonly string[];
  readonly stackTrace?: readonly string[];
  readonly requestId?: string;
}

export const node: RuntimeKind = { family: 'node', version: process.versions.node.split('.')[0] ?? '20' };
export const python: RuntimeKind = { family: 'python', version: '3.11' };
export const custom: RuntimeKind = { family: 'custom' };

export interface TestSandboxOptions extends Partial<SandboxOptions> {
  /** Every function takes a slot that was booted ahead; without it none does. */
  readonly pooled?: boolean;
}

/** Opens a sandbox that is closed, and checked for leftovers by its caller, when the file's tests are done. */
export async function openTestSandbox({ pooled = false, ...options }: TestSandboxOptions = {}): Promise<TestSandbox> {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-sandbox-test-'));
  const logs: LogRecord[] = [];
  const sandbox = await openSandbox({
    folder: join(folder, 'sandbox'), wall: wallClock, random: cryptoRandom, log: createLogger((record) => logs.push(record), 'debug'),
    environment: process.env, slots: pooled ? { minimum: 1, maximum: 2 } : { minimum: 0, maximum: 0 }, ...options,
  });
  after(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const weak = sandbox.guarantees.find(({ name, on }) => name.startsWith('functions see only') && !on);
  let count = 0;

  async function start(wanted: FunctionOptions): Promise<TestFunction> {
    count += 1;
    const codeFolder = wanted.codeFolder ?? (wanted.fixture ? join(fixtures, wanted.fixture) : writeFiles(join(folder, `code-${count}`), wanted.files ?? {}));
    const chunks: OutputChunk[] = [];
    const memoryMegabytes = wanted.memoryMegabytes ?? 1769;
    const spec: EnvironmentSpec = {
      environmentId: `environment-${count}`,
      runtime: wanted.runtime,
      handler: wanted.handler ?? (wanted.runtime.family === 'python' ? 'app.handler' : 'index.handler'),
      codeFolder,
      ...(wanted.layersFolder === undefined ? {} : { layersFolder: wanted.layersFolder }),
      ...(wanted.layers ? { layersFolder: writeFiles(join(folder, `layers-${count}`), wanted.layers) } : {}),
      variables: {
        AWS_LAMBDA_FUNCTION_NAME: 'probe', AWS_LAMBDA_FUNCTION_VERSION: '$LATEST', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/probe', AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0123456789abcdef', LANG: 'en_US.UTF-8',
        TZ: ':UTC', ...wanted.variables,
      },
      memoryMegabytes,
      ephemeralStorageMegabytes: wanted.ephemeralStorageMegabytes ?? 512,
      initTimeoutMs: wanted.initTimeoutMs ?? 10_000,
      ...(wanted.endpoint ? { endpoint: wanted.endpoint } : {}),
      ...(wanted.onExtension ? { onExtension: wanted.onExtension } : {}),
      onOutput: (chunk) => {
        chunks.push(chunk);
        wanted.onOutput?.(chunk);
      },
    };
    if (pooled) await waitForSlot(sandbox, spec);
    const environment = await sandbox.start(spec);
    const invoke = (event: unknown = {}, { requestId = uuid(cryptoRandom), timeoutMs = 10_000, body, ...rest }: InvokeOptions = {}) =>
      environment.invoke({
        requestId, event: Buffer.from(body ?? JSON.stringify(event)), deadlineMs: wallClock.now() + timeoutMs, invokedFunctionArn: functionArn, ...rest,
      });
    const output = (): string => chunks.map(({ text }) => text).join('');
    const expectReady = async (): Promise<void> => {
      const init = await environment.init;
      const details = init.kind === 'init-error' ? Buffer.from(init.payload).toString() : JSON.stringify(init);
      assert.equal(init.kind, 'ready', `${details}\n${output()}`);
    };
    return {
      environment, chunks, output, invoke,
      async call(event, options) {
        await expectReady();
        const outcome = await invoke(event, options);
        assert.equal(outcome.kind, 'response', `${describe(outcome)}\n${output()}`);
        return outcome.kind === 'response' ? (JSON.parse(Buffer.from(outcome.payload).toString()) as unknown) : undefined;
      },
      async fail(event, options) {
        await expectReady();
        const outcome = await invoke(event, options);
        assert.equal(outcome.kind, 'function-error', describe(outcome));
        return outcome.kind === 'function-error' ? (JSON.parse(Buffer.from(outcome.payload).toString()) as ErrorDocument) : {};
      },
    };
  }

  return { sandbox, folder, logs, start, skipReason: weak ? weak.name : false };
}

/** Makes sure that the next start of such a function finds a slot. Functions that none can become start on their own. */
async function waitForSlot(sandbox: Sandbox, spec: EnvironmentSpec): Promise<void> {
  sandbox.expect(spec);
  const isBooting = (): boolean => sandbox.pools().some(({ idle, target, kind }) => idle < target && kind.startsWith(spec.runtime.family));
  for (let tries = 0; tries < 500 && isBooting(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The error document of an initialisation that is expected to fail. */
export async function initError(started: TestFunction): Promise<ErrorDocument> {
  const init = await started.environment.init;
  assert.equal(init.kind, 'init-error', `${JSON.stringify(init)}\n${started.output()}`);
  return init.kind === 'init-error' ? (JSON.parse(Buffer.from(init.payload).toString()) as ErrorDocument) : {};
}

function describe(outcome: InvocationOutcome): string {
  return 'payload' in outcome ? Buffer.from(outcome.payload).toString() : JSON.stringify(outcome);
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  return folder;
}
