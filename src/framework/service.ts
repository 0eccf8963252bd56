import type { ServiceError } from '../base/errors.ts';
import type { RequestHead } from '../wire/types.ts';
import type { AccessRequest, Call } from './context.ts';
import type { FrontAnswer, FrontRequest } from './front.ts';
import type { Input, OperationName, Output } from './shapes.ts';

type Awaitable<T> = T | Promise<T>;

/** One API operation: what it needs permission for, and what it does. */
export interface Operation<In, Out, Deps> {
  /** `'public'` for the few operations that AWS serves to anyone (STS GetCallerIdentity needs a signature but no permission). */
  readonly access: 'public' | ((input: In, call: Call, deps: Deps) => Awaitable<AccessRequest | readonly AccessRequest[]>);
  readonly handle: (input: In, call: Call, deps: Deps) => Awaitable<Out>;
  /** For an operation whose input has a stream in the model, but which wants all of it at once. */
  readonly buffered?: true;
  /** It is known and refused by name: docs/coverage.md does not count it among those that answer. */
  readonly refused?: true;
}

/** An operation whose types are no longer known, as the chain sees it. */
export type AnyOperation<Deps> = Operation<never, unknown, Deps>;

export interface ServiceDefinition<Deps> {
  /** The file name of its model: `src/model/<id>.json`. */
  readonly id: string;
  /** Code of the error that a violated constraint answers (`ValidationException`, `ValidationError`, …). */
  readonly validationErrorCode: string;
  /** It says by itself, in its own order and words, what its input lacks (SQS); nothing is checked against the model before. */
  readonly checksOwnInput?: true;
  readonly operations: Readonly<Record<string, AnyOperation<Deps>>>;
  /** Unsigned requests are judged like others, by the resource's own policy, instead of being refused. */
  readonly servesAnonymous?: true;
  /** Answers what is no operation of the model; undefined for everything else. */
  readonly front?: (request: FrontRequest, deps: Deps) => Promise<FrontAnswer | undefined>;
  /** Answers requests to the addresses that it gives out: function URLs. */
  readonly urls?: (request: FrontRequest, deps: Deps) => Promise<FrontAnswer | undefined>;
  /** Header fields for the answer to a request of a page of another origin; undefined when the resource does not let that page in. */
  readonly crossOrigin?: (request: CrossOriginRequest, deps: Deps) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Told of every request that was answered, for a service that keeps a record of its own. Must not throw, and nobody waits for it. */
  readonly answered?: (request: AnsweredRequest, deps: Deps) => void;
  /** Largest request body per operation, in bytes, where the service documents one; for some it depends on what the head asks for. */
  readonly requestBytesMax?: Readonly<Record<string, number | ((head: RequestHead) => number)>>;
  /** The service's own error for a larger one. */
  readonly tooLarge?: (operationName: string, bytesMax: number, head: RequestHead) => ServiceError;
}

/** A service with its dependencies filled in, as the server serves it. */
export interface BoundService {
  readonly id: string;
  readonly validationErrorCode: string;
  readonly checksOwnInput: boolean;
  readonly operationNames: readonly string[];
  /** Those among them that only refuse. */
  readonly refusedNames: readonly string[];
  readonly tooLarge: ((operationName: string, bytesMax: number, head: RequestHead) => ServiceError) | undefined;
  readonly servesAnonymous: boolean;
  front?(request: FrontRequest): Promise<FrontAnswer | undefined>;
  urls?(request: FrontRequest): Promise<FrontAnswer | undefined>;
  crossOrigin?(request: CrossOriginRequest): Promise<Readonly<Record<string, string>> | undefined>;
  answered?(request: AnsweredRequest): void;
  find(operationName: string): BoundOperation | undefined;
  requestBytesMax(operationName: string, head: RequestHead): number | undefined;
}

/** A request with an Origin, and the bucket that its host or path names. */
export interface CrossOriginRequest {
  readonly head: RequestHead;
  readonly bucket: string | undefined;
}

/** A request with its answer. */
export interface AnsweredRequest {
  readonly head: RequestHead;
  /** Of a virtual host. */
  readonly bucket: string | undefined;
  readonly requestId: string;
  readonly sourceIp: string;
  /** Product time of the answer. */
  readonly nowMs: number;
  readonly durationMs: number;
  /** Undefined for what is no operation of the model, and for what was refused before it was known. */
  readonly operation: string | undefined;
  /** Undefined where a request was refused before it was known who asks for what. */
  readonly call: Call | undefined;
  readonly input: Readonly<Record<string, unknown>> | undefined;
  readonly output: Readonly<Record<string, unknown>> | undefined;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytesSent: number;
  readonly errorCode: string | undefined;
}

export interface BoundOperation {
  readonly access: 'public' | ((input: object, call: Call) => Awaitable<AccessRequest | readonly AccessRequest[]>);
  readonly handle: (input: object, call: Call) => Awaitable<object>;
  readonly buffered?: true;
}

/** Makes the `operation` function of one service, which types input and output from the client package's own shapes. */
export function operationsOf<Client, Deps>() {
  return function operation<Name extends OperationName<Client> & string>(
    _name: Name,
    definition: Operation<Input<Client, Name>, Output<Client, Name>, Deps>,
  ): AnyOperation<Deps> {
    return definition as unknown as AnyOperation<Deps>;
  };
}

/** Declares a service. `bind` gives it its dependencies; nothing of a service is a module-level singleton. */
export function defineService<Deps>(definition: ServiceDefinition<Deps>): { bind(deps: Deps): BoundService } {
  return {
    bind(deps) {
      const bound = new Map<string, BoundOperation>();
      const refusedNames = Object.entries(definition.operations).filter(([, { refused }]) => refused).map(([name]) => name);
      for (const [name, operation] of Object.entries(definition.operations)) {
        const { access, handle, buffered } = operation as unknown as Operation<object, object, Deps>;
        bound.set(name, {
          access: access === 'public' ? access : (input, call) => access(input, call, deps),
          handle: (input, call) => handle(input, call, deps),
          ...(buffered && { buffered }),
        });
      }
      return {
        id: definition.id,
        validationErrorCode: definition.validationErrorCode,
        checksOwnInput: definition.checksOwnInput ?? false,
        operationNames: [...bound.keys()],
        refusedNames,
        tooLarge: definition.tooLarge,
        servesAnonymous: definition.servesAnonymous ?? false,
        ...(definition.front && { front: (request) => definition.front?.(request, deps) ?? Promise.resolve(undefined) }),
        ...(definition.urls && { urls: (request) => definition.urls?.(request, deps) ?? Promise.resolve(undefined) }),
        ...(definition.crossOrigin && { crossOrigin: (request) => definition.crossOrigin?.(request, deps) ?? Promise.resolve(undefined) }),
        ...(definition.answered && { answered: (request) => definition.answered?.(request, deps) }),
        find: (name) => bound.get(name),
        requestBytesMax(name, head) {
          const bytesMax = definition.requestBytesMax?.[name];
          return typeof bytesMax === 'function' ? bytesMax(head) : bytesMax;
        },
      };
    },
  };
}
