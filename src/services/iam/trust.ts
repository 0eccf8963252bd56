import type { ReadTransaction } from '../../kv/store.ts';
import { checkDocument, type CheckedDocument } from './domain/documents.ts';
import { parseEntityArn } from './domain/names.ts';
import { errors } from './errors.ts';
import { trustPolicyCharsMax } from './limits.ts';
import { findEntity } from './store.ts';

/** Reads a trust policy, with its size and its principals checked. */
export async function checkTrustPolicy(tx: ReadTransaction, account: string, text: string): Promise<CheckedDocument> {
  const checked = checkDocument(text, 'trust');
  if (checked.chars > trustPolicyCharsMax) throw errors.quotaExceeded('ACLSizePerRole', trustPolicyCharsMax);
  const names = checked.policy.statements.flatMap(({ principals }) => [...(principals?.identities ?? [])]);
  for (const name of names) {
    const arn = parseEntityArn(name);
    // DEVIATION: principals of other accounts are believed to exist, because tutorials name accounts that nobody has made here.
    if (!arn || arn.account !== account) continue;
    const row = await findEntity(tx, account, arn.kind, arn.name);
    if (!row || row.path !== arn.path) throw errors.malformedPolicy(`Invalid principal in policy: "AWS":"${name}"`);
  }
  return checked;
}
