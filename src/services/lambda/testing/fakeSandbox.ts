// A sandbox without processes: tests say how functions behave.
import type { Environment, EnvironmentSpec, InitOutcome, InvocationOutcome, InvocationRequest, ProcessExit, RuntimeKind, Sandbox, Snapshot } from '../../../sandbox/types.ts';

export interface FakeBehaviour {
  init: (spec: EnvironmentSpec) => InitOutcome | Promise<InitOutcome>;
  invoke: (request: InvocationRequest, spec: EnvironmentSpec) => InvocationOutcome | Promise<InvocationOutcome>;
  /** Why initialised functions cannot be copied, if they cannot. */
  obstacle?: string;
}

export interface FakeSandbox extends Sandbox {
  /** May be changed at any time. */
  readonly behaviour: FakeBehaviour;
  /** Every environment that was started, in order. */
  readonly started: FakeEnvironment[];
  /** What was said to be invoked soon. */
  readonly expected: Expected[];
  /** Runtimes whose interpreters are being fetched. May be changed at any time. */
  readonly preparing: Set<string>;
  /** What was asked to be fetched, in order. */
  readonly prepared: string[];
  /** How many are alive. */
  alive(): number;
}

export type Expected = Parameters<Sandbox['expect']>[0];

export interface FakeEnvironment extends Environment {
  readonly spec: EnvironmentSpec;
  /** As if the process tree had died on its own. */
  exit(exit: ProcessExit): void;
}

const killed: ProcessExit = { code: undefined, signal: 'SIGKILL', outOfMemory: false };

export function createFakeSandbox(): FakeSandbox {
  const behaviour: FakeBehaviour = {
    init: () => ({ kind: 'ready', durationMs: 12.5 }),
    invoke: (request) => ({ kind: 'response', payload: request.event }),
  };
  const started: FakeEnvironment[] = [];
  const expected: Expected[] = [];
  const preparing = new Set<string>();
  const prepared: string[] = [];
  const living = new Set<FakeEnvironment>();

  function start(spec: EnvironmentSpec): FakeEnvironment {
    let exit = (_exit: ProcessExit): void => undefined;
    const exited = new Promise<ProcessExit>((resolve) => {
      exit = resolve;
    });
    const environment: FakeEnvironment = {
      spec,
      environmentId: spec.environmentId,
      init: Promise.race([behaviour.init(spec), exited.then((how): InitOutcome => ({ kind: 'exited', exit: how, durationMs: 0 }))]),
      exited,
      invoke: async (request) => {
        const outcome = await behaviour.invoke(request, spec);
        if (outcome.kind !== 'response' && outcome.kind !== 'function-error') environment.exit(killed);
        return outcome;
      },
      tell: () => undefined,
      memoryPeakBytes: async () => 36 * 2 ** 20,
      async kill() {
        environment.exit(killed);
      },
      exit(how) {
        living.delete(environment);
        exit(how);
      },
    };
    started.push(environment);
    living.add(environment);
    return environment;
  }

  return {
    behaviour,
    started,
    expected,
    guarantees: [],
    interpreters: [],
    pools: () => [],
    expect: (spec) => void expected.push(spec),
    preparing,
    prepared,
    prepare: (runtime) => void prepared.push(nameOf(runtime)),
    isPreparing: (runtime) => preparing.has(nameOf(runtime)),
    alive: () => living.size,
    start: async (spec) => start(spec),
    async takeSnapshot(spec) {
      const template = start(spec);
      const init = await template.init;
      if (init.kind !== 'ready') {
        await template.kill();
        return { kind: 'failed', init };
      }
      if (behaviour.obstacle !== undefined) {
        await template.kill();
        return { kind: 'unavailable', reason: behaviour.obstacle, durationMs: init.durationMs };
      }
      const restored = new Set<FakeEnvironment>();
      const snapshot: Snapshot = {
        get isAlive() {
          return living.has(template);
        },
        liveCount: 0,
        async restore(wanted) {
          const environment = start(wanted);
          restored.add(environment);
          return environment;
        },
        async close() {
          for (const each of [...restored, template]) await each.kill();
        },
      };
      return { kind: 'taken', snapshot, durationMs: init.durationMs };
    },
    async close() {
      for (const environment of [...living]) environment.exit(killed);
    },
  };
}

const nameOf = (runtime: RuntimeKind): string => (runtime.family === 'custom' ? 'custom' : `${runtime.family} ${runtime.version}`);
