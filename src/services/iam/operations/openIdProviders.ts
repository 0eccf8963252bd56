// OpenID Connect providers.

import { mergeTags, tagConditions } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { clientIdsPerProvider, openIdProvidersPerAccount, thumbprintsPerProvider } from '../limits.ts';
import { given } from '../onEntity.ts';
import { changeResource, describeTags, listResourceTags, tagResource, untagResource, viewResource } from '../onResource.ts';
import { nameOfIssuer, openIdArn, openIdProviders } from '../openIdProviders.ts';
import { operation } from '../operation.ts';
import { listByName, resourceTables, type OpenIdProviderRow } from '../resourceStore.ts';
import { scopeOf } from '../store.ts';

const table = resourceTables.openIdProviders;

const create = operation('CreateOpenIDConnectProvider', {
  access: (input, call) => ({
    action: 'iam:CreateOpenIDConnectProvider',
    resource: openIdArn(call.account, nameOfIssuer(given(input.Url))),
    conditions: tagConditions(input.Tags),
  }),
  async handle(input, call, { store }) {
    const issuer = checkIssuer(given(input.Url));
    const name = nameOfIssuer(issuer);
    const thumbprints = checkThumbprints(input.ThumbprintList);
    const clientIds = [...new Set(input.ClientIDList)];
    if (clientIds.length > clientIdsPerProvider) throw errors.quotaExceeded('ClientIdsPerOpenIdConnectProvider', clientIdsPerProvider);
    const row: OpenIdProviderRow = { issuer, clientIds, thumbprints, createdAtMs: call.nowMs, tags: mergeTags([], input.Tags) };
    await store.transact(async (tx) => {
      if (await table.get(tx, scopeOf(call.account), [name])) throw errors.openIdProviderExists(issuer);
      const others = await listByName(table, tx, call.account, { limit: openIdProvidersPerAccount });
      if (others.length >= openIdProvidersPerAccount) throw errors.quotaExceeded('OpenIdConnectProvidersPerAccount', openIdProvidersPerAccount);
      table.set(tx, scopeOf(call.account), [name], row);
    });
    return { OpenIDConnectProviderArn: openIdArn(call.account, name), ...describeTags(row.tags) };
  },
});

const get = operation(
  'GetOpenIDConnectProvider',
  viewResource(openIdProviders, { action: 'GetOpenIDConnectProvider', nameOf: (input) => input.OpenIDConnectProviderArn }, ({ row, key }) => ({
    Url: key,
    ClientIDList: [...row.clientIds],
    ThumbprintList: [...row.thumbprints],
    CreateDate: new Date(row.createdAtMs),
    ...describeTags(row.tags),
  })),
);

const list = operation('ListOpenIDConnectProviders', {
  access: () => ({ action: 'iam:ListOpenIDConnectProviders', resource: '*' }),
  async handle(_input, call, { store }) {
    const rows = await store.read((tx) => listByName(table, tx, call.account, { limit: openIdProvidersPerAccount }));
    return { OpenIDConnectProviderList: rows.map(({ key }) => ({ Arn: openIdArn(call.account, key) })) };
  },
});

const remove = operation(
  'DeleteOpenIDConnectProvider',
  changeResource(openIdProviders, { action: 'DeleteOpenIDConnectProvider', nameOf: (input) => input.OpenIDConnectProviderArn }, ({ tx, key, call }) => {
    table.clear(tx, scopeOf(call.account), [key]);
    return {};
  }),
);

const addClient = operation(
  'AddClientIDToOpenIDConnectProvider',
  changeResource(openIdProviders, { action: 'AddClientIDToOpenIDConnectProvider', nameOf: (input) => input.OpenIDConnectProviderArn }, ({ tx, row, key, input, call }) => {
    // Adding one that is there succeeds (API reference, AddClientIDToOpenIDConnectProvider: "idempotent").
    const clientIds = [...new Set([...row.clientIds, given(input.ClientID)])];
    if (clientIds.length > clientIdsPerProvider) throw errors.quotaExceeded('ClientIdsPerOpenIdConnectProvider', clientIdsPerProvider);
    table.set(tx, scopeOf(call.account), [key], { ...row, clientIds });
    return {};
  }),
);

const removeClient = operation(
  'RemoveClientIDFromOpenIDConnectProvider',
  changeResource(openIdProviders, { action: 'RemoveClientIDFromOpenIDConnectProvider', nameOf: (input) => input.OpenIDConnectProviderArn }, ({ tx, row, key, input, call }) => {
    table.set(tx, scopeOf(call.account), [key], { ...row, clientIds: row.clientIds.filter((id) => id !== input.ClientID) });
    return {};
  }),
);

const updateThumbprint = operation(
  'UpdateOpenIDConnectProviderThumbprint',
  changeResource(openIdProviders, { action: 'UpdateOpenIDConnectProviderThumbprint', nameOf: (input) => input.OpenIDConnectProviderArn }, ({ tx, row, key, input, call }) => {
    table.set(tx, scopeOf(call.account), [key], { ...row, thumbprints: checkThumbprints(input.ThumbprintList) });
    return {};
  }),
);

/** By their names in the API. */
export const openIdProviderOperations = {
  CreateOpenIDConnectProvider: create,
  GetOpenIDConnectProvider: get,
  ListOpenIDConnectProviders: list,
  DeleteOpenIDConnectProvider: remove,
  AddClientIDToOpenIDConnectProvider: addClient,
  RemoveClientIDFromOpenIDConnectProvider: removeClient,
  UpdateOpenIDConnectProviderThumbprint: updateThumbprint,
  TagOpenIDConnectProvider: operation('TagOpenIDConnectProvider', tagResource(openIdProviders, { action: 'TagOpenIDConnectProvider', nameOf: (input) => input.OpenIDConnectProviderArn })),
  UntagOpenIDConnectProvider: operation('UntagOpenIDConnectProvider', untagResource(openIdProviders, { action: 'UntagOpenIDConnectProvider', nameOf: (input) => input.OpenIDConnectProviderArn })),
  ListOpenIDConnectProviderTags: operation(
    'ListOpenIDConnectProviderTags',
    listResourceTags(openIdProviders, { action: 'ListOpenIDConnectProviderTags', nameOf: (input) => input.OpenIDConnectProviderArn }),
  ),
};

// API reference, CreateOpenIDConnectProvider, Url: HTTPS, without a query and without a port.
// DEVIATION: an issuer on the machine itself may have a port and speak plain HTTP; STS asks it in local mode only.
function checkIssuer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  const isValid = url !== undefined && url.search === '' && url.hash === '' && url.username === '' && (isLocal ? /^https?:$/.test(url.protocol) : url.protocol === 'https:' && url.port === '');
  if (!isValid) throw errors.validation('Invalid Open ID Connect Provider URL');
  return text;
}

function checkThumbprints(given: readonly string[] = []): readonly string[] {
  if (given.length > thumbprintsPerProvider) throw errors.quotaExceeded('ThumbprintsPerOpenIdConnectProvider', thumbprintsPerProvider);
  if (!given.every((thumbprint) => /^[0-9a-f]{40}$/i.test(thumbprint))) throw errors.invalidInput('The thumbprint must be 40 hexadecimal characters.');
  return given.map((thumbprint) => thumbprint.toLowerCase());
}
