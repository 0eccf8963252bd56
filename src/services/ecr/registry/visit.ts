import type { Call } from '../../../framework/context.ts';
import type { FrontRequest } from '../../../framework/front.ts';
import type { Scope } from '../../../kv/table.ts';
import type { EcrDeps } from '../operation.ts';

/** A request of somebody who is known, for one repository. */
export interface Visit {
  readonly request: FrontRequest;
  readonly query: URLSearchParams;
  readonly call: Call;
  readonly scope: Scope;
  readonly name: string;
  readonly deps: EcrDeps;
  /** Asks for permission; throws the registry's refusal. */
  allow(action: string): Promise<void>;
}

/** `n` of a list: how many at once. */
export function countOf(query: URLSearchParams, standard: number): number {
  const asked = Number(query.get('n') ?? standard);
  return Number.isInteger(asked) && asked >= 1 && asked <= 1_000 ? asked : standard;
}

export const nextLink = (path: string, count: number, last: string): Record<string, string> => ({ link: `<${path}?n=${count}&last=${encodeURIComponent(last)}>; rel="next"` });
