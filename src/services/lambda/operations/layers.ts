import type { GetLayerVersionResponse, LayerVersionsListItem } from '@aws-sdk/client-lambda';
import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { makeCodeToken } from '../domain/codeLocation.ts';
import { formatModified } from '../domain/configuration.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { errors } from '../errors.ts';
import { accessToLayerVersion } from '../layers/layerAccess.ts';
import { layerArn, layerVersionArn, parseLayerName, parseLayerVersionArn } from '../layers/layerName.ts';
import type { LayerReference, LayerVersionReference } from '../layers/layerName.ts';
import { addLayerVersion, findLayer, findLayerVersion, listLayerRows, listLayerVersionRows, removeLayerVersion, setLayer } from '../layers/layerStore.ts';
import type { LayerVersionRow } from '../layers/layerStore.ts';
import { codeStorageBytesMax, layerNameLengthMax, listPageMax } from '../limits.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { readPackage } from '../packages/packageSource.ts';
import { addUsage } from '../store.ts';

const implemented = new Set([
  'LayerName', 'Description', 'Content.ZipFile', 'Content.S3Bucket', 'Content.S3Key', 'Content.S3ObjectVersion', 'CompatibleRuntimes', 'CompatibleArchitectures', 'LicenseInfo',
]);

interface Named {
  readonly LayerName?: string | undefined;
  readonly VersionNumber?: number | undefined;
}

const publishLayerVersion = operation('PublishLayerVersion', {
  access: (input, call) => ({ action: 'lambda:PublishLayerVersion', resource: layerArn(ownLayerOf(input, call, 'lambda:PublishLayerVersion')) }),
  async handle(input, call, context) {
    const { store, blobs, packages } = context;
    const reference = ownLayerOf(input, call, 'lambda:PublishLayerVersion');
    const { name } = reference;
    if (name.length > layerNameLengthMax) throw errors.validation(name, 'layerName', `Member must have length less than or equal to ${layerNameLengthMax}`);
    refuseUnimplemented(input, implemented);
    const row = await packages.add(await readPackage(input.Content, call, context), call.signal, (code) =>
      store.transact(async (tx) => {
        const number = ((await findLayer(tx, reference, name))?.published ?? 0) + 1;
        const { codeBytes } = await addUsage(tx, reference, { codeBytes: code.zippedBytes });
        if (codeBytes > codeStorageBytesMax) throw errors.codeStorageExceeded();
        const published: LayerVersionRow = {
          ...{ number, code, createdAtMs: call.nowMs, description: input.Description ?? '', license: input.LicenseInfo ?? '' },
          runtimes: input.CompatibleRuntimes ?? [],
          architectures: input.CompatibleArchitectures ?? [],
        };
        blobs.adopt(tx, code.blobId);
        addLayerVersion(tx, reference, name, published);
        setLayer(tx, reference, { name, published: number });
        return published;
      }),
    );
    return describe(reference, row, call, context);
  },
});

const getLayerVersion = operation('GetLayerVersion', {
  access: (input, call, { store }) => accessToLayerVersion(layerVersionOf(input, call), call, store),
  handle: (input, call, context) => readVersion(layerVersionOf(input, call), call, context),
});

const getLayerVersionByArn = operation('GetLayerVersionByArn', {
  access: (input, call, { store }) => accessToLayerVersion(layerVersionByArn(input, call), call, store),
  handle: (input, call, context) => readVersion(layerVersionByArn(input, call), call, context),
});

const deleteLayerVersion = operation('DeleteLayerVersion', {
  access(input, call) {
    const reference = ownVersionOf(input, call, 'lambda:DeleteLayerVersion');
    return { action: 'lambda:DeleteLayerVersion', resource: layerVersionArn(reference, reference.version) };
  },
  async handle(input, call, { store, blobs, packages }) {
    const reference = ownVersionOf(input, call, 'lambda:DeleteLayerVersion');
    // What does not exist is deleted already: the API reference lists no ResourceNotFoundException here.
    const removed = await store.transact(async (tx) => {
      const row = await findLayerVersion(tx, reference, reference.name, reference.version);
      if (row === undefined) return undefined;
      await removeLayerVersion(tx, reference, reference.name, row, blobs);
      await addUsage(tx, reference, { codeBytes: -row.code.zippedBytes });
      return row;
    });
    if (removed !== undefined) packages.forget(removed.code.sha256);
    return {};
  },
});

const listLayers = operation('ListLayers', {
  access: () => ({ action: 'lambda:ListLayers', resource: '*' }),
  async handle(input, call, { store }) {
    const limit = Math.min(input.MaxItems ?? listPageMax, listPageMax);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const wanted = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture };
    const found = await store.read((tx) => collectLayers(tx, call, { limit: limit + 1, after: after === undefined ? undefined : String(after), wanted }));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      Layers: page.map(({ reference, row }) => ({ LayerName: reference.name, LayerArn: layerArn(reference), LatestMatchingVersion: describeListed(reference, row) })),
      ...(last === undefined || found.length <= limit ? {} : { NextMarker: makeMarker([last.reference.name]) }),
    };
  },
});

const listLayerVersions = operation('ListLayerVersions', {
  access: () => ({ action: 'lambda:ListLayerVersions', resource: '*' }),
  async handle(input, call, { store }) {
    const reference = ownLayerOf(input, call, 'lambda:ListLayerVersions');
    const limit = Math.min(input.MaxItems ?? listPageMax, listPageMax);
    const [after] = openMarker(input.Marker, ['number']) ?? [];
    const wanted = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture };
    const rows = await store.read((tx) => collectVersions(tx, reference, { limit: limit + 1, after: after === undefined ? undefined : Number(after), wanted }));
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      LayerVersions: page.map((row) => describeListed(reference, row)),
      ...(last === undefined || rows.length <= limit ? {} : { NextMarker: makeMarker([last.number]) }),
    };
  },
});

/** PublishLayerVersion, GetLayerVersion(ByArn), DeleteLayerVersion, ListLayers and ListLayerVersions. */
export const layerOperations = {
  PublishLayerVersion: publishLayerVersion,
  GetLayerVersion: getLayerVersion,
  GetLayerVersionByArn: getLayerVersionByArn,
  DeleteLayerVersion: deleteLayerVersion,
  ListLayers: listLayers,
  ListLayerVersions: listLayerVersions,
};

/** The layer version that a request names, also in another account. */
export function layerVersionOf({ LayerName = '', VersionNumber = 0 }: Named, call: Call): LayerVersionReference {
  if (VersionNumber < 1) throw errors.invalidParameter('Layer Version Cannot be less than 1.');
  return { ...parseLayerName(LayerName, call), version: VersionNumber };
}

/** The same for operations that no policy of a layer opens to other accounts. */
export function ownVersionOf(input: Named, call: Call, action: string): LayerVersionReference {
  const reference = layerVersionOf(input, call);
  requireOwn(reference, layerVersionArn(reference, reference.version), call, action);
  return reference;
}

function ownLayerOf({ LayerName = '' }: Named, call: Call, action: string): LayerReference {
  const reference = parseLayerName(LayerName, call);
  requireOwn(reference, layerArn(reference), call, action);
  return reference;
}

function requireOwn({ account }: LayerReference, arn: string, call: Call, action: string): void {
  if (account !== call.account) throw errors.otherAccount(call.caller.kind === 'anonymous' ? 'anonymous' : call.caller.arn, action, arn);
}

function layerVersionByArn({ Arn = '' }: { readonly Arn?: string | undefined }, call: Call): LayerVersionReference {
  const reference = parseLayerVersionArn(Arn);
  if (reference === undefined || reference.region !== call.region) throw errors.noPolicy();
  return reference;
}

async function readVersion(reference: LayerVersionReference, call: Call, context: LambdaContext): Promise<GetLayerVersionResponse> {
  const row = await context.store.read((tx) => findLayerVersion(tx, reference, reference.name, reference.version));
  if (row === undefined) throw errors.noPolicy();
  return describe(reference, row, call, context);
}

interface Wanted {
  readonly runtime: string | undefined;
  readonly architecture: string | undefined;
}

// A layer that names nothing is not listed when something is asked for: API reference, ListLayers, CompatibleRuntime.
const isWanted = ({ runtimes, architectures }: LayerVersionRow, { runtime, architecture }: Wanted): boolean =>
  (runtime === undefined || runtimes.includes(runtime)) && (architecture === undefined || architectures.includes(architecture));

async function collectVersions(tx: ReadTransaction, reference: LayerReference, { limit, after, wanted }: { limit: number; after: number | undefined; wanted: Wanted }): Promise<LayerVersionRow[]> {
  const found: LayerVersionRow[] = [];
  for (let last = after; found.length < limit; ) {
    const rows = await listLayerVersionRows(tx, reference, reference.name, { limit, after: last });
    found.push(...rows.filter((row) => isWanted(row, wanted)));
    if (rows.length < limit) break;
    last = rows.at(-1)?.number;
  }
  return found.slice(0, limit);
}

interface Found {
  readonly reference: LayerReference;
  readonly row: LayerVersionRow;
}

async function collectLayers(tx: ReadTransaction, call: Call, { limit, after, wanted }: { limit: number; after: string | undefined; wanted: Wanted }): Promise<Found[]> {
  const found: Found[] = [];
  for (let last = after; found.length < limit; ) {
    const rows = await listLayerRows(tx, call, { limit, after: last });
    for (const { name } of rows) {
      const reference = { account: call.account, region: call.region, name };
      const [row] = await collectVersions(tx, reference, { limit: 1, after: undefined, wanted });
      if (row !== undefined) found.push({ reference, row });
    }
    if (rows.length < limit) break;
    last = rows.at(-1)?.name;
  }
  return found.slice(0, limit);
}

function describe(reference: LayerReference, row: LayerVersionRow, call: Call, { sealKey, random }: LambdaContext): GetLayerVersionResponse {
  const { code } = row;
  const token = makeCodeToken({ blobId: code.blobId, fileName: `${reference.name}-${row.number}.zip` }, call.nowMs, sealKey, random);
  return {
    Content: { Location: `${call.endpoint}/lambda-code/${token}`, CodeSha256: Buffer.from(code.sha256, 'hex').toString('base64'), CodeSize: code.zippedBytes },
    LayerArn: layerArn(reference),
    ...describeListed(reference, row),
  };
}

const describeListed = (reference: LayerReference, row: LayerVersionRow): LayerVersionsListItem => ({
  LayerVersionArn: layerVersionArn(reference, row.number),
  Version: row.number,
  Description: row.description,
  CreatedDate: formatModified(row.createdAtMs),
  ...(row.runtimes.length === 0 ? {} : { CompatibleRuntimes: [...row.runtimes] as NonNullable<LayerVersionsListItem['CompatibleRuntimes']> }),
  ...(row.architectures.length === 0 ? {} : { CompatibleArchitectures: [...row.architectures] as NonNullable<LayerVersionsListItem['CompatibleArchitectures']> }),
  ...(row.license === '' ? {} : { LicenseInfo: row.license }),
});
