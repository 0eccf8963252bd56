// What IAM is told about the use of what it issued, so that it can say what was last used and what never.

import type { Caller } from './identity.ts';

export interface AccessUse {
  /** An action was asked for, whether it was allowed or not. */
  actionUsed(use: { readonly caller: Caller; readonly action: string; readonly region: string; readonly nowMs: number }): void;
  /** A request was signed with a key that Haneul issued. */
  keyUsed(use: { readonly accessKeyId: string; readonly account: string; readonly service: string; readonly region: string; readonly nowMs: number }): void;
}
