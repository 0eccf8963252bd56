import type { CodeReference } from '../store.ts';

/** A layer as a version of a function has it. */
export interface LayerUse {
  readonly arn: string;
  /** Absent for what the server itself brings. */
  readonly code?: CodeReference;
}
