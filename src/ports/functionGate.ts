// How the code of a function reaches this server's own API.

import type { Socket } from 'node:net';

/** The way in from a function's own network. Whatever comes through it is that function, never the administrator. */
export interface FunctionGate {
  /** The port at which a function finds the API, at 127.0.0.1 of its own network. */
  port(): number;
  /** Answers what serves the connections of one environment. */
  admit(visitor: FunctionVisitor): (socket: Socket) => void;
}

export interface FunctionVisitor {
  /** The key of the session that the environment runs with: keys that Haneul never issued stand for it there. */
  readonly accessKeyId: string;
  /** Of the same session: what proves to the Parameters and Secrets extension that the function itself asks. */
  readonly sessionToken: string;
  /** Of the function. */
  readonly region: string;
}
