// SAML identity providers: whose assertions an account takes.

import { parseArn } from '../../base/arn.ts';
import type { ReadTransaction, Store, Transaction } from '../../kv/store.ts';
import type { SamlProvider } from '../../ports/identity.ts';
import { errors } from './errors.ts';
import { samlMetadataPartChars } from './limits.ts';
import type { ResourceKind } from './onResource.ts';
import { resourceTables, type SamlProviderRow } from './resourceStore.ts';
import { scopeOf } from './store.ts';

export const samlProviders: ResourceKind<SamlProviderRow> = {
  table: resourceTables.samlProviders,
  keyOf(arn, account) {
    const found = parseSamlArn(arn);
    return found?.account === account ? found.name : undefined;
  },
  arnOf: ({ name }, account) => samlArn(account, name),
  arnOfAbsent: (arn) => arn,
  absent: (arn) => errors.noSuchSamlProvider(arn),
};

export function samlArn(account: string, name: string): string {
  return `arn:aws:iam::${account}:saml-provider/${name}`;
}

/** For STS, which knows its account only by the ARN that is asked for. */
export async function findSamlProvider(store: Store, arn: string): Promise<SamlProvider | undefined> {
  const named = parseSamlArn(arn);
  if (!named) return undefined;
  const row = await store.read((tx) => resourceTables.samlProviders.get(tx, scopeOf(named.account), [named.name]));
  if (!row) return undefined;
  const { name, issuer, certificates, validUntilMs } = row;
  return { arn, account: named.account, name, issuer, certificates, ...(validUntilMs !== undefined && { validUntilMs }) };
}

/** Writes the metadata document in rows of bounded size, and clears what a longer one before it had. Answers how many there are. */
export function setMetadata(tx: Transaction, account: string, name: string, text: string, partsBefore = 0): number {
  const parts = Math.ceil(text.length / samlMetadataPartChars);
  for (let part = 0; part < parts; part += 1) {
    resourceTables.samlMetadata.set(tx, scopeOf(account), [name, part], { text: text.slice(part * samlMetadataPartChars, (part + 1) * samlMetadataPartChars) });
  }
  clearMetadata(tx, account, name, { from: parts, before: partsBefore });
  return parts;
}

export function clearMetadata(tx: Transaction, account: string, name: string, { from = 0, before }: { readonly from?: number; readonly before: number }): void {
  for (let part = from; part < before; part += 1) resourceTables.samlMetadata.clear(tx, scopeOf(account), [name, part]);
}

export async function readMetadata(tx: ReadTransaction, account: string, { name, metadataParts }: SamlProviderRow): Promise<string> {
  const parts = Array.from({ length: metadataParts }, (_, part) => resourceTables.samlMetadata.get(tx, scopeOf(account), [name, part]));
  return (await Promise.all(parts)).map((row) => row?.text ?? '').join('');
}

function parseSamlArn(arn: string): { account: string; name: string } | undefined {
  const parsed = parseArn(arn);
  const name = /^saml-provider\/([\w._-]{1,128})$/.exec(parsed?.resource ?? '')?.[1];
  return parsed?.service === 'iam' && parsed.region === '' && /^\d{12}$/.test(parsed.account) && name !== undefined ? { account: parsed.account, name } : undefined;
}
