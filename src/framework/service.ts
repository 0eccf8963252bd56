import type { ServiceError } from '../base/errors.ts';
import type { RequestHead } from '../wire/types.ts';
import type { AccessRequest, Call } from './context.ts';
import type { Input, OperationName, Output } from './shapes.ts';

type Awaitable<T> = T | Promise<T>;

/** One API operation: what it needs permission for, and what it does. */
export interface Operation<In, Out, Deps> {
  /** `'public'` for the few operations that AWS serves to anyone (STS GetCallerIdentity needs a signature but no permission). */
  readonly access: 'public' | ((input: In, call: Call, deps: Deps) => Awaitable<AccessRequest | readonly AccessRequest[]>);
  readonly handle: (input: In, call: Call, deps: Deps) => Awaitable<Out>;
  /** For an operation whose input has a stream in the model, but which wants all of it at once. */
  readonly buffered?: true;
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
  readonly tooLarge: ((operationName: string, bytesMax: number, head: RequestHead) => ServiceError) | undefined;
  find(operationName: string): BoundOperation | undefined;
  requestBytesMax(operationName: string, head: RequestHead): number | undefined;
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
        tooLarge: definition.tooLarge,
        find: (name) => bound.get(name),
        requestBytesMax(name, head) {
          const bytesMax = definition.requestBytesMax?.[name];
          return typeof bytesMax === 'function' ? bytesMax(head) : bytesMax;
        },
      };
    },
  };
}
