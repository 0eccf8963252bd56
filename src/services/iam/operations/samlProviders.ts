// SAML identity providers.

import { iamId } from '../../../base/ids.ts';
import { mergeTags, tagConditions } from '../domain/tags.ts';
import { readSamlMetadata } from '../domain/samlMetadata.ts';
import { errors } from '../errors.ts';
import { samlProvidersPerAccount, samlValidYears } from '../limits.ts';
import { given } from '../onEntity.ts';
import { changeResource, describeTags, listResourceTags, tagResource, untagResource, viewResource } from '../onResource.ts';
import { operation } from '../operation.ts';
import { listByName, resourceTables, type SamlProviderRow } from '../resourceStore.ts';
import { clearMetadata, readMetadata, samlArn, samlProviders, setMetadata } from '../samlProviders.ts';
import { scopeOf } from '../store.ts';

const table = resourceTables.samlProviders;

const create = operation('CreateSAMLProvider', {
  access: (input, call) => ({ action: 'iam:CreateSAMLProvider', resource: samlArn(call.account, given(input.Name)), conditions: tagConditions(input.Tags) }),
  async handle(input, call, { store, random }) {
    refuseEncryption(input);
    const name = given(input.Name);
    const text = given(input.SAMLMetadataDocument);
    const { issuer, certificates, validUntilMs } = readSamlMetadata(text);
    const id = iamId(random, 'ASPA');
    const tags = mergeTags([], input.Tags);
    const SAMLProviderArn = samlArn(call.account, name);
    await store.transact(async (tx) => {
      if (await table.get(tx, scopeOf(call.account), [name])) throw errors.samlProviderExists(SAMLProviderArn);
      const others = await listByName(table, tx, call.account, { limit: samlProvidersPerAccount });
      if (others.length >= samlProvidersPerAccount) throw errors.quotaExceeded('SAMLProvidersPerAccount', samlProvidersPerAccount);
      const metadataParts = setMetadata(tx, call.account, name, text);
      table.set(tx, scopeOf(call.account), [name], { name, id, issuer, certificates, ...(validUntilMs !== undefined && { validUntilMs }), metadataParts, createdAtMs: call.nowMs, tags });
    });
    return { SAMLProviderArn, ...describeTags(tags) };
  },
});

const get = operation(
  'GetSAMLProvider',
  viewResource(samlProviders, { action: 'GetSAMLProvider', nameOf: (input) => input.SAMLProviderArn }, async ({ tx, row, call }) => ({
    SAMLProviderUUID: row.id,
    SAMLMetadataDocument: await readMetadata(tx, call.account, row),
    ...timesOf(row),
    ...describeTags(row.tags),
  })),
);

const list = operation('ListSAMLProviders', {
  access: () => ({ action: 'iam:ListSAMLProviders', resource: '*' }),
  async handle(_input, call, { store }) {
    const rows = await store.read((tx) => listByName(table, tx, call.account, { limit: samlProvidersPerAccount }));
    return { SAMLProviderList: rows.map(({ item }) => ({ Arn: samlArn(call.account, item.name), ...timesOf(item) })) };
  },
});

const update = operation(
  'UpdateSAMLProvider',
  changeResource(samlProviders, { action: 'UpdateSAMLProvider', nameOf: (input) => input.SAMLProviderArn }, ({ tx, row, key, input, call }) => {
    refuseEncryption(input);
    const { SAMLMetadataDocument: text } = input;
    // The same guide: "Unable to update identity provider. No updates are defined for metadata or encryption assertion."
    if (text === undefined) throw errors.invalidInput('Unable to update identity provider. No updates are defined for metadata or encryption assertion.');
    const { issuer, certificates, validUntilMs } = readSamlMetadata(text);
    const metadataParts = setMetadata(tx, call.account, row.name, text, row.metadataParts);
    const { validUntilMs: _former, ...kept } = row;
    table.set(tx, scopeOf(call.account), [key], { ...kept, issuer, certificates, ...(validUntilMs !== undefined && { validUntilMs }), metadataParts });
    return { SAMLProviderArn: samlArn(call.account, row.name) };
  }),
);

const remove = operation(
  'DeleteSAMLProvider',
  changeResource(samlProviders, { action: 'DeleteSAMLProvider', nameOf: (input) => input.SAMLProviderArn }, ({ tx, row, key, call }) => {
    clearMetadata(tx, call.account, row.name, { before: row.metadataParts });
    table.clear(tx, scopeOf(call.account), [key]);
    return {};
  }),
);

/** By their names in the API. */
export const samlProviderOperations = {
  CreateSAMLProvider: create,
  GetSAMLProvider: get,
  ListSAMLProviders: list,
  UpdateSAMLProvider: update,
  DeleteSAMLProvider: remove,
  TagSAMLProvider: operation('TagSAMLProvider', tagResource(samlProviders, { action: 'TagSAMLProvider', nameOf: (input) => input.SAMLProviderArn })),
  UntagSAMLProvider: operation('UntagSAMLProvider', untagResource(samlProviders, { action: 'UntagSAMLProvider', nameOf: (input) => input.SAMLProviderArn })),
  ListSAMLProviderTags: operation('ListSAMLProviderTags', listResourceTags(samlProviders, { action: 'ListSAMLProviderTags', nameOf: (input) => input.SAMLProviderArn })),
};

interface EncryptionInput {
  readonly AssertionEncryptionMode?: string | undefined;
  readonly AddPrivateKey?: string | undefined;
  readonly RemovePrivateKey?: string | undefined;
}

function refuseEncryption({ AssertionEncryptionMode: mode, AddPrivateKey: added, RemovePrivateKey: removed }: EncryptionInput): void {
  if (mode === 'Required' && added === undefined) throw errors.invalidInput('Unable to set assertion encryption mode to Required because no private key is provided.');
  if (mode !== undefined || added !== undefined || removed !== undefined) throw errors.invalidInput('Haneul does not support encrypted SAML assertions yet.');
}

function timesOf({ createdAtMs, validUntilMs }: SamlProviderRow): { CreateDate: Date; ValidUntil: Date } {
  const end = new Date(createdAtMs);
  end.setUTCFullYear(end.getUTCFullYear() + samlValidYears);
  return { CreateDate: new Date(createdAtMs), ValidUntil: validUntilMs === undefined ? end : new Date(validUntilMs) };
}
