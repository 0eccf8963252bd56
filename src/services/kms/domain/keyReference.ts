import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Scope } from '../../../kv/table.ts';
import { errors } from '../errors.ts';

/** What a request names by `KeyId`: a key id, a key's ARN, an alias or an alias's ARN. */
export type KeyReference =
  | { readonly kind: 'key'; readonly scope: Scope; readonly keyId: string }
  | { readonly kind: 'alias'; readonly scope: Scope; readonly alias: string };

const keyIdForm = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/i;

export function parseKeyReference(text: string, asked: Scope): KeyReference {
  const scope = { account: asked.account, region: asked.region };
  if (!text.startsWith('arn:')) {
    if (text.startsWith('alias/')) return { kind: 'alias', scope, alias: text };
    if (!keyIdForm.test(text)) throw errors.invalidKeyId(text);
    return { kind: 'key', scope, keyId: text };
  }
  const arn = parseArn(text);
  if (!arn || arn.service !== 'kms' || !/^\d{12}$/.test(arn.account)) throw errors.invalidArn(text);
  if (arn.region !== asked.region) throw errors.wrongRegion(arn.region);
  const place = { account: arn.account, region: arn.region };
  if (arn.resource.startsWith('alias/')) return { kind: 'alias', scope: place, alias: arn.resource };
  const keyId = /^key\/(.+)$/.exec(arn.resource)?.[1];
  if (keyId === undefined) throw errors.invalidArn(text);
  if (!keyIdForm.test(keyId)) throw errors.invalidKeyId(keyId);
  return { kind: 'key', scope: place, keyId };
}

export function keyArn({ account, region }: Scope, keyId: string): string {
  return formatArn({ service: 'kms', region, account, resource: `key/${keyId}` });
}

export function aliasArn({ account, region }: Scope, alias: string): string {
  return formatArn({ service: 'kms', region, account, resource: alias });
}
