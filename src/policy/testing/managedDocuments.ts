import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/packageRoot.ts';

/** AWS's own policies as text, from IAM's data file. */
export function loadManagedPolicyDocuments(): { readonly arn: string; readonly document: string }[] {
  const file = JSON.parse(readFileSync(join(packageRoot, 'src/services/iam/managedPolicies.json'), 'utf8')) as { readonly policies: readonly { readonly arn: string; readonly document: object }[] };
  return file.policies.map(({ arn, document }) => ({ arn, document: JSON.stringify(document) }));
}
