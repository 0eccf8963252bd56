// The extensions of one environment: who has registered, who is ready, and what each is told. Whoever can connect is inside the
// environment; ids and states keep the requests of several extensions apart.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { uuid } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import { createDeferred } from '../deferred.ts';
import { extensionBodyBytesMax, extensionNameCharactersMax, extensionsMax } from '../limits.ts';
import type { InvocationRequest } from '../types.ts';
import { headerOf, readText, refuse, replyJson } from './replies.ts';
import type { ExtensionFailure, FunctionFacts, ShutdownReason } from './types.ts';

type EventType = 'INVOKE' | 'SHUTDOWN';

interface Extension {
  readonly name: string;
  readonly id: string;
  readonly isExternal: boolean;
  events: readonly EventType[];
  /** `started`: its program runs and it has not registered. `failed` and `exited` are ends. */
  state: 'started' | 'registered' | 'ready' | 'running' | 'failed' | 'exited';
  /** Its poll for the next event. */
  poll: ServerResponse | undefined;
  /** Events that came while it did not poll. */
  readonly waiting: object[];
}

export interface RegistryOptions {
  readonly facts: FunctionFacts;
  /** Names of the programs in /opt/extensions. */
  readonly external: readonly string[];
  readonly random: Random;
  /** Told when an extension is ready for the first time, or fails. */
  readonly onState: (extension: { readonly name: string; readonly state: string; readonly events: readonly string[]; readonly errorType?: string }) => void;
}

export interface ExtensionRegistry {
  /** Settles with the first failure. */
  readonly failed: Promise<ExtensionFailure>;
  readonly hasExternal: boolean;
  readonly count: number;
  /** Answers requests below /2020-01-01/extension/. */
  answer(message: IncomingMessage, response: ServerResponse, path: string): void;
  /** The name of the extension that a request comes from; answers the request itself when there is none. */
  identify(message: IncomingMessage, response: ServerResponse): string | undefined;
  /** Resolves when all external extensions have registered: then the runtime may start. */
  registered(): Promise<void>;
  /** No internal extension can register any more. */
  closeRegistration(): void;
  /** Resolves when each extension waits for its next event. */
  idle(): Promise<void>;
  /** Tells those that want to know of an invocation. */
  invoke(request: InvocationRequest): void;
  /** Tells of the end; resolves when all external extensions have ended. */
  shutdown(reason: ShutdownReason, deadlineMs: number): Promise<void>;
  /** An external extension's program has ended. */
  exited(name: string, status: number): void;
}

export function createRegistry({ facts, external, random, onState }: RegistryOptions): ExtensionRegistry {
  const extensions = new Map<string, Extension>();
  const failed = createDeferred<ExtensionFailure>();
  const waiters = new Set<() => void>();
  let isOpen = true;
  let isEnding = false;
  for (const name of external) add(name, true);

  function add(name: string, isExternal: boolean): Extension {
    const extension: Extension = { name, id: uuid(random), isExternal, events: [], state: 'started', poll: undefined, waiting: [] };
    extensions.set(name, extension);
    return extension;
  }

  const all = (): Extension[] => [...extensions.values()];

  function changed(): void {
    for (const wake of [...waiters]) wake();
  }

  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  }

  function fail(extension: Extension, failure: ExtensionFailure): void {
    extension.state = 'failed';
    if (!isEnding) {
      onState({ name: extension.name, state: 'Failed', events: extension.events, errorType: failure.errorType });
      failed.resolve(failure);
    }
    changed();
  }

  async function register(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = headerOf(message, 'lambda-extension-name');
    if (name === '' || name.length > extensionNameCharactersMax) return refuse(response, 403, 'Extension.InvalidExtensionName', 'Empty extension name');
    const body = parse(await readText(message, extensionBodyBytesMax));
    const events = body === undefined ? undefined : (body['events'] ?? []);
    if (!Array.isArray(events)) return refuse(response, 403, 'InvalidRequestFormat', 'The body of the request is not valid.');
    const known = extensions.get(name);
    const isExternal = known?.isExternal ?? false;
    for (const event of events as readonly unknown[]) {
      if (event === 'INVOKE' || (event === 'SHUTDOWN' && isExternal)) continue;
      const why = event === 'SHUTDOWN' ? 'ShutdownEventNotSupportedForInternalExtension' : 'ErrorInvalidEventType';
      return refuse(response, 403, 'Extension.InvalidEventType', `${String(event)}: ${why}`);
    }
    if (known !== undefined && known.state !== 'started') {
      const text = isExternal ? transition(known, 'Registered') : 'Extension with this name already registered';
      return refuse(response, 403, 'Extension.InvalidExtensionState', text);
    }
    if (known === undefined) {
      if (!isOpen) return refuse(response, 403, 'Extension.RegistrationClosed', 'Extension registration closed already');
      if (extensions.size >= extensionsMax) return refuse(response, 403, 'Extension.TooManyExtensions', `Extension limit (${extensionsMax}) reached`);
    }
    const extension = known ?? add(name, false);
    extension.events = events as EventType[];
    extension.state = 'registered';
    const { accountId, ...told } = facts;
    const wantsAccount = headerOf(message, 'lambda-extension-accept-feature').split(',').some((feature) => feature.trim() === 'accountId');
    replyJson(response, 200, { ...told, ...(wantsAccount ? { accountId } : {}) }, { 'Lambda-Extension-Identifier': extension.id });
    changed();
  }

  function next(extension: Extension, response: ServerResponse): void {
    if (extension.state === 'registered') onState({ name: extension.name, state: 'Ready', events: extension.events });
    if (extension.state === 'failed' || extension.state === 'exited') return refuse(response, 403, 'Extension.InvalidExtensionState', transition(extension, 'Ready'));
    extension.state = 'ready';
    extension.poll = response;
    response.once('close', () => {
      if (extension.poll === response) extension.poll = undefined;
    });
    deliver(extension);
    changed();
  }

  function deliver(extension: Extension): void {
    const { poll, waiting } = extension;
    if (poll === undefined || waiting.length === 0) return;
    extension.poll = undefined;
    extension.state = 'running';
    replyJson(poll, 200, waiting.shift(), { 'Lambda-Extension-Event-Identifier': uuid(random) });
  }

  function send(extension: Extension, event: object): void {
    if (extension.state === 'failed' || extension.state === 'exited') return;
    extension.waiting.push(event);
    if (extension.state === 'ready') extension.state = 'running';
    deliver(extension);
  }

  /** `init/error` and `exit/error`. */
  function giveUp(extension: Extension, message: IncomingMessage, response: ServerResponse, kind: 'init' | 'exit'): void {
    const errorType = headerOf(message, 'lambda-extension-function-error-type');
    if (errorType === '') return refuse(response, 403, 'Extension.MissingHeader', 'Lambda-Extension-Function-Error-Type not found');
    const isAllowed = kind === 'init' ? extension.state === 'registered' : extension.state !== 'failed';
    if (!isAllowed) return refuse(response, 403, 'Extension.InvalidExtensionState', transition(extension, kind === 'init' ? 'InitError' : 'ExitError'));
    replyJson(response, 202, { status: 'OK' });
    const named = errorType.replace(/[^\w.:-]/g, '').slice(0, 128);
    fail(extension, { errorType: kind === 'init' ? 'Extension.InitError' : 'Extension.ExitError', text: `${extension.name}: ${named}` });
  }

  function find(message: IncomingMessage, response: ServerResponse): Extension | undefined {
    const id = headerOf(message, 'lambda-extension-identifier');
    if (id === '') refuse(response, 403, 'Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header');
    else if (!/^[0-9a-f-]{36}$/i.test(id)) refuse(response, 403, 'Extension.InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier');
    else {
      const extension = all().find((one) => one.id === id);
      if (extension !== undefined) return extension;
      refuse(response, 403, 'Extension.UnknownExtensionIdentifier', `Unknown extension ${id}`);
    }
    return undefined;
  }

  return {
    failed: failed.promise,
    hasExternal: external.length > 0,
    get count() {
      return extensions.size;
    },
    answer(message, response, path) {
      const wanted = { register: 'POST', 'event/next': 'GET', 'init/error': 'POST', 'exit/error': 'POST' }[path];
      if (wanted === undefined) return notFound(response);
      if (message.method !== wanted) return void response.writeHead(405, { 'Content-Length': 0 }).end();
      if (path === 'register') return void register(message, response).catch(() => response.destroy());
      const extension = find(message, response);
      if (extension === undefined) return;
      if (path === 'event/next') next(extension, response);
      else giveUp(extension, message, response, path === 'init/error' ? 'init' : 'exit');
    },
    identify: (message, response) => find(message, response)?.name,
    registered: () => until(() => all().every(({ isExternal, state }) => !isExternal || state !== 'started')),
    closeRegistration() {
      isOpen = false;
    },
    idle: () => until(() => all().every(({ state, waiting }) => (state !== 'started' && state !== 'registered' && state !== 'running' && waiting.length === 0))),
    invoke({ requestId, deadlineMs, invokedFunctionArn, traceId }) {
      const event = { eventType: 'INVOKE', deadlineMs, requestId, invokedFunctionArn, tracing: { type: 'X-Amzn-Trace-Id', value: traceId ?? '' } };
      for (const extension of all()) if (extension.events.includes('INVOKE')) send(extension, event);
    },
    shutdown(shutdownReason, deadlineMs) {
      isEnding = true;
      for (const extension of all()) if (extension.events.includes('SHUTDOWN')) send(extension, { eventType: 'SHUTDOWN', shutdownReason, deadlineMs });
      return until(() => all().every(({ isExternal, state }) => !isExternal || state === 'exited'));
    },
    exited(name, status) {
      const extension = extensions.get(name);
      if (extension === undefined || extension.state === 'exited') return;
      const wasFailed = extension.state === 'failed';
      // 126 and 127 are the shell's own: there is no such program, or it cannot run.
      if (!wasFailed) fail(extension, status === 126 || status === 127 ? launchError(name, status) : { errorType: 'Extension.Crash', text: describeStatus(status) });
      extension.state = 'exited';
      changed();
    },
  };
}

const transition = ({ name, state }: Extension, target: string): string =>
  `State transition from ${state.replace(/^./, (first) => first.toUpperCase())} to ${target} failed for extension ${name}. Error: State transition is not allowed`;

const launchError = (name: string, status: number): ExtensionFailure => ({
  errorType: 'Extension.LaunchError',
  text: `fork/exec /opt/extensions/${name}: ${status === 126 ? 'permission denied' : 'no such file or directory'}`,
});

const signals: Readonly<Record<number, string>> = { 6: 'aborted', 9: 'killed', 11: 'segmentation fault', 15: 'terminated' };

/** As AWS's supervisor writes it. */
function describeStatus(status: number): string {
  if (status === 0) return 'exit code 0';
  const signal = status > 128 ? status - 128 : undefined;
  return signal === undefined ? `exit status ${status}` : `signal: ${signals[signal] ?? String(signal)}`;
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 19 });
  response.end('404 page not found\n');
}

function parse(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const body: unknown = JSON.parse(text ?? '');
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
