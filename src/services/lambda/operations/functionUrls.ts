import type { Cors, FunctionUrlAuthType, FunctionUrlConfig } from '@aws-sdk/client-lambda';
import { ServiceError } from '../../../base/errors.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { errors } from '../errors.ts';
import { listPageMax } from '../limits.ts';
import { accessTo, ownReferenceOf, requireFunction, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { latest } from '../store.ts';
import { addressesOf } from '../urls/addresses.ts';
import { clearUrl, findUrl, listUrls, setUrl, urlIdOf } from '../urls/urlStore.ts';
import type { UrlCors, UrlRow } from '../urls/urlStore.ts';

const implemented = new Set([
  'FunctionName', 'Qualifier', 'AuthType', 'InvokeMode', 'Cors.AllowCredentials', 'Cors.AllowHeaders', 'Cors.AllowMethods', 'Cors.AllowOrigins', 'Cors.ExposeHeaders', 'Cors.MaxAge',
]);

interface Named {
  readonly FunctionName?: string | undefined;
  readonly Qualifier?: string | undefined;
  readonly AuthType?: FunctionUrlAuthType | undefined;
}

const createFunctionUrlConfig = operation('CreateFunctionUrlConfig', {
  access: accessWithAuthType('lambda:CreateFunctionUrlConfig'),
  async handle(input, call, { store }) {
    const reference = urlReferenceOf(input, call, 'lambda:CreateFunctionUrlConfig');
    refuseUnimplemented(input, implemented);
    const { name, qualifier } = reference;
    const cors = corsOf(input.Cors);
    const row: UrlRow = {
      qualifier: qualifier ?? '',
      authType: input.AuthType ?? 'AWS_IAM',
      invokeMode: input.InvokeMode ?? 'BUFFERED',
      ...(cors === undefined ? {} : { cors }),
      createdAtMs: call.nowMs,
      modifiedAtMs: call.nowMs,
    };
    await store.transact(async (tx) => {
      const { row: version } = await requireVersion(tx, reference);
      // https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html, "Supported features and limitations".
      if (version.tenancy !== undefined) throw errors.invalidParameter('Function URLs are not supported for functions with tenant isolation.');
      if ((await findUrl(tx, reference, name, qualifier)) !== undefined) throw urlExists(reference);
      setUrl(tx, reference, name, row);
    });
    const { url, byPath } = addressesOf(urlIdOf({ ...reference, qualifier: row.qualifier }), reference, call.endpoint);
    call.log.info('a function has a URL', { functionArn: functionArn(reference, name, qualifier), url, byPath });
    const { LastModifiedTime: _modified, ...created } = describe(reference, row, call);
    return created;
  },
});

const getFunctionUrlConfig = operation('GetFunctionUrlConfig', {
  access: accessTo('lambda:GetFunctionUrlConfig'),
  async handle(input, call, { store }) {
    const reference = urlReferenceOf(input, call, 'lambda:GetFunctionUrlConfig');
    const row = await store.read((tx) => findUrl(tx, reference, reference.name, reference.qualifier));
    if (row === undefined) throw errors.noPolicy();
    return describe(reference, row, call);
  },
});

const updateFunctionUrlConfig = operation('UpdateFunctionUrlConfig', {
  access: accessWithAuthType('lambda:UpdateFunctionUrlConfig'),
  async handle(input, call, { store }) {
    const reference = urlReferenceOf(input, call, 'lambda:UpdateFunctionUrlConfig');
    refuseUnimplemented(input, implemented);
    const changed = await store.transact(async (tx) => {
      const old = await findUrl(tx, reference, reference.name, reference.qualifier);
      if (old === undefined) throw errors.noPolicy();
      const { cors: oldCors, ...rest } = old;
      // A whole Cors replaces the old one; an empty one takes it away.
      const cors = input.Cors === undefined ? oldCors : corsOf(input.Cors);
      const row: UrlRow = {
        ...rest,
        ...(cors === undefined ? {} : { cors }),
        authType: input.AuthType ?? old.authType,
        invokeMode: input.InvokeMode ?? old.invokeMode,
        modifiedAtMs: call.nowMs,
      };
      setUrl(tx, reference, reference.name, row);
      return row;
    });
    return describe(reference, changed, call);
  },
});

const deleteFunctionUrlConfig = operation('DeleteFunctionUrlConfig', {
  access: accessTo('lambda:DeleteFunctionUrlConfig'),
  async handle(input, call, { store }) {
    const reference = urlReferenceOf(input, call, 'lambda:DeleteFunctionUrlConfig');
    await store.transact(async (tx) => {
      if ((await findUrl(tx, reference, reference.name, reference.qualifier)) === undefined) throw errors.noPolicy();
      clearUrl(tx, reference, reference.name, reference.qualifier);
    });
    return {};
  },
});

const listFunctionUrlConfigs = operation('ListFunctionUrlConfigs', {
  access: accessTo('lambda:ListFunctionUrlConfigs'),
  async handle(input, call, { store }) {
    const reference = ownReferenceOf({ FunctionName: input.FunctionName }, call, 'lambda:ListFunctionUrlConfigs');
    const limit = Math.min(input.MaxItems ?? listPageMax, listPageMax);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const rows = await store.read(async (tx) => {
      await requireFunction(tx, { ...reference, qualifier: undefined });
      return listUrls(tx, reference, reference.name, { limit: limit + 1, after: after === undefined ? undefined : String(after) });
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      FunctionUrlConfigs: page.map((row) => describe(reference, row, call)),
      ...(last === undefined || rows.length <= limit ? {} : { NextMarker: makeMarker([last.qualifier]) }),
    };
  },
});

/** Create, Get, Update, Delete and ListFunctionUrlConfig(s): what answers at the addresses is in `urls/`. */
export const functionUrlOperations = {
  CreateFunctionUrlConfig: createFunctionUrlConfig,
  GetFunctionUrlConfig: getFunctionUrlConfig,
  UpdateFunctionUrlConfig: updateFunctionUrlConfig,
  DeleteFunctionUrlConfig: deleteFunctionUrlConfig,
  ListFunctionUrlConfigs: listFunctionUrlConfigs,
};

function accessWithAuthType(action: string) {
  return async (input: Named, call: Call, context: Pick<LambdaContext, 'store'>): Promise<AccessRequest> => {
    const request = await accessTo(action)({ FunctionName: input.FunctionName }, call, context);
    return input.AuthType === undefined ? request : { ...request, conditions: { 'lambda:FunctionUrlAuthType': input.AuthType } };
  };
}

/** The function, or one of its aliases: versions have no URLs (API reference, CreateFunctionUrlConfig, Qualifier). */
function urlReferenceOf({ FunctionName, Qualifier }: Pick<Named, 'FunctionName' | 'Qualifier'>, call: Call, action: string): FunctionReference {
  const reference = ownReferenceOf({ FunctionName, Qualifier }, call, action);
  return reference.qualifier === latest ? { ...reference, qualifier: undefined } : reference;
}

function corsOf(cors: Cors | undefined): UrlCors | undefined {
  if (cors === undefined) return undefined;
  const settings: UrlCors = {
    ...(cors.AllowCredentials === undefined ? {} : { allowCredentials: cors.AllowCredentials }),
    ...(cors.AllowHeaders === undefined ? {} : { allowHeaders: cors.AllowHeaders }),
    ...(cors.AllowMethods === undefined ? {} : { allowMethods: cors.AllowMethods }),
    ...(cors.AllowOrigins === undefined ? {} : { allowOrigins: cors.AllowOrigins }),
    ...(cors.ExposeHeaders === undefined ? {} : { exposeHeaders: cors.ExposeHeaders }),
    ...(cors.MaxAge === undefined ? {} : { maxAgeSeconds: cors.MaxAge }),
  };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

function describe(reference: FunctionReference, row: UrlRow, call: Call): Required<Omit<FunctionUrlConfig, 'Cors'>> & { readonly Cors?: Cors } {
  const { name } = reference;
  const { cors } = row;
  return {
    FunctionUrl: addressesOf(urlIdOf({ ...reference, qualifier: row.qualifier }), reference, call.endpoint).url,
    FunctionArn: functionArn(reference, name, row.qualifier === '' ? undefined : row.qualifier),
    AuthType: row.authType,
    ...(cors === undefined ? {} : { Cors: describeCors(cors) }),
    CreationTime: new Date(row.createdAtMs).toISOString(),
    LastModifiedTime: new Date(row.modifiedAtMs).toISOString(),
    InvokeMode: row.invokeMode,
  };
}

const describeCors = ({ allowCredentials, allowHeaders, allowMethods, allowOrigins, exposeHeaders, maxAgeSeconds }: UrlCors): Cors => ({
  ...(allowCredentials === undefined ? {} : { AllowCredentials: allowCredentials }),
  ...(allowHeaders === undefined ? {} : { AllowHeaders: [...allowHeaders] }),
  ...(allowMethods === undefined ? {} : { AllowMethods: [...allowMethods] }),
  ...(allowOrigins === undefined ? {} : { AllowOrigins: [...allowOrigins] }),
  ...(exposeHeaders === undefined ? {} : { ExposeHeaders: [...exposeHeaders] }),
  ...(maxAgeSeconds === undefined ? {} : { MaxAge: maxAgeSeconds }),
});

const urlExists = (reference: FunctionReference): ServiceError =>
  new ServiceError(
    'ResourceConflictException',
    `Failed to create function url config for [functionArn = ${functionArn(reference, reference.name, reference.qualifier)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    { status: 409, members: { Type: 'User' } },
  );
