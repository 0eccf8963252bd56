// Types every handler with AWS's own shapes, taken from the official client packages by `import type` (erased when built).

import type { Readable } from 'node:stream';
import type { StreamedBody } from './streamedBody.ts';

type CommandOf<Client, Name extends string> = Client extends {
  [K in `${Name}Command`]: abstract new (...args: never[]) => infer Command;
}
  ? Command
  : never;

type RawInput<Client, Name extends string> = CommandOf<Client, Name> extends { readonly input: infer Input } ? Input : never;

type RawOutput<Client, Name extends string> = CommandOf<Client, Name> extends {
  resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer Output }>;
}
  ? Output
  : never;

/** The names of all operations of a client package, for example `'CreateFunction' | 'Invoke' | …`. */
export type OperationName<Client> = {
  [K in keyof Client]: K extends `${infer Name}Command` ? (Name extends '$' | '' ? never : Name) : never;
}[keyof Client];

/** What a handler receives: members are typed and constraints have been checked. Blobs are `Uint8Array`, timestamps `Date`; a body that the model streams comes as it arrives. */
export type Input<Client, Name extends string> = {
  [K in keyof RawInput<Client, Name>]: K extends 'Payload'
    ? Uint8Array | undefined
    : IsStream<RawInput<Client, Name>[K]> extends true
      ? StreamedBody
      : RawInput<Client, Name>[K];
};

/** What a handler returns. Payload blobs are plain bytes; a streamed body may be bytes or a stream. */
export type Output<Client, Name extends string> = {
  [K in keyof Omit<RawOutput<Client, Name>, '$metadata'>]: K extends 'Payload'
    ? Uint8Array | undefined
    : RawOutput<Client, Name>[K & keyof RawOutput<Client, Name>] extends { readonly transformToWebStream: unknown } | undefined
      ? Readable | Uint8Array
      : RawOutput<Client, Name>[K & keyof RawOutput<Client, Name>];
};

// The clients take streams among other things where the model has a streaming blob.
type IsStream<Type> = unknown extends Type ? false : Readable extends Type ? true : false;
