// The policies that AWS maintains, from a generated file (tools/managedPolicies.mjs). They are the same in every account.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/packageRoot.ts';

export interface ManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly versionId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** JSON text. */
  readonly document: string;
}

export interface ManagedPolicies {
  find(arn: string): ManagedPolicy | undefined;
  /** Sorted by name. */
  readonly all: readonly ManagedPolicy[];
}

interface DataFile {
  readonly policies: readonly { readonly arn: string; readonly id: string; readonly versionId: string; readonly created: string; readonly updated: string; readonly document: object }[];
}

/** Reads the file, once per server. */
export function loadManagedPolicies(): ManagedPolicies {
  const file = JSON.parse(readFileSync(join(packageRoot, 'src/services/iam/managedPolicies.json'), 'utf8')) as DataFile;
  const all = file.policies.map(({ arn, id, versionId, created, updated, document }) => {
    const [, path = '/', name = ''] = /policy(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
    // AWS gives its own documents indented.
    const text = JSON.stringify(document, null, 2);
    return { arn, name, path, id, versionId, createdAtMs: Date.parse(created), updatedAtMs: Date.parse(updated), document: text };
  });
  const byArn = new Map(all.map((policy) => [policy.arn, policy]));
  return { all, find: (arn) => byArn.get(arn) };
}
