// The access report of one user or role, for the operator (`haneul access-report`).

import type { Store } from '../../kv/store.ts';
import { lastUseOf, reportAccess, type ReportDeps } from './accessReport.ts';
import type { AccessUseRecorder } from './accessUse.ts';
import { iamArn, parseEntityArn } from './domain/names.ts';
import { findEntity } from './store.ts';

export interface AccessSummary {
  readonly arn: string;
  readonly services: readonly {
    readonly service: string;
    readonly name: string;
    /** ISO 8601; absent when it never was. */
    readonly lastUsed?: string;
    readonly used: readonly { readonly action: string; readonly lastUsed: string }[];
    readonly neverUsed: readonly string[];
  }[];
}

/** Undefined when there is no such user or role. The path in the ARN does not matter. */
export async function describeAccess(deps: ReportDeps & { readonly store: Store; readonly use: Pick<AccessUseRecorder, 'flush'> }, arn: string): Promise<AccessSummary | undefined> {
  const parsed = parseEntityArn(arn);
  if (!parsed) return undefined;
  await deps.use.flush();
  return await deps.store.read(async (tx) => {
    const row = await findEntity(tx, parsed.account, parsed.kind, parsed.name);
    if (!row) return undefined;
    const services = await reportAccess(tx, parsed.account, [row], deps);
    return {
      arn: iamArn(parsed.account, row.kind, row.path, row.name),
      services: services.map((service) => {
        const last = lastUseOf(service);
        return {
          service: service.prefix,
          name: service.fullName,
          ...(last && { lastUsed: isoOf(last.atMs) }),
          used: service.actions.flatMap(({ name, used }) => (used ? [{ action: `${service.prefix}:${name}`, lastUsed: isoOf(used.atMs) }] : [])),
          neverUsed: service.actions.flatMap(({ name, used }) => (used ? [] : [`${service.prefix}:${name}`])),
        };
      }),
    };
  });
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
