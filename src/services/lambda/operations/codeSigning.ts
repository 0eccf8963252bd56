// Which code functions may be given.
import type { CodeSigningPolicies } from '@aws-sdk/client-lambda';
import { signingConfigArn, addSigningUse, clearSigningConfig, clearSigningUse, describeSigningConfig, listSigningConfigs, listSigningUses, requireSigningConfig, setSigningConfig, signingConfigId } from '../code-signing/signingStore.ts';
import type { SigningConfigRow } from '../code-signing/signingStore.ts';
import { functionArn } from '../domain/functionName.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { requireTags } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { signingConfigsPageMax } from '../limits.ts';
import { accessTo, requireFunction, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { setFunction } from '../store.ts';

const accessToConfig =
  (action: string) =>
  ({ CodeSigningConfigArn = '' }: { readonly CodeSigningConfigArn?: string | undefined }) => ({ action, resource: CodeSigningConfigArn });

const idAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const policyOf = (policies: CodeSigningPolicies | undefined, old: SigningConfigRow['policy']): SigningConfigRow['policy'] => policies?.UntrustedArtifactOnDeployment ?? old;

/** `arn:aws:signer:<region>:<account>:/signing-profiles/<name>/<version>`. */
function requirePublishers(arns: readonly string[] | undefined): readonly string[] {
  for (const arn of arns ?? []) {
    if (!/^arn:[\w-]+:signer:[\w-]+:\d{12}:\/signing-profiles\/\w{2,64}\/\w{10}$/.test(arn)) throw errors.invalidParameter(`The signing profile version ARN is not valid: ${arn}`);
  }
  return arns ?? [];
}

const createCodeSigningConfig = operation('CreateCodeSigningConfig', {
  access: () => ({ action: 'lambda:CreateCodeSigningConfig', resource: '*' }),
  async handle(input, call, { store, random }) {
    requireTags(input.Tags ?? {});
    const id = `csc-${Array.from(random.bytes(17), (byte) => idAlphabet[byte % idAlphabet.length] ?? 'a').join('')}`;
    const publishers = requirePublishers(input.AllowedPublishers?.SigningProfileVersionArns);
    const row: SigningConfigRow = { id, description: input.Description ?? '', publishers, policy: policyOf(input.CodeSigningPolicies, 'Warn'), modifiedAtMs: call.nowMs, tags: Object.entries(input.Tags ?? {}) };
    await store.transact(async (tx) => setSigningConfig(tx, call, row));
    return { CodeSigningConfig: describeSigningConfig(call, row) };
  },
});

const getCodeSigningConfig = operation('GetCodeSigningConfig', {
  access: accessToConfig('lambda:GetCodeSigningConfig'),
  async handle(input, call, { store }) {
    const id = signingConfigId(input.CodeSigningConfigArn, call, errors.signingConfigMissing);
    const row = await store.read((tx) => requireSigningConfig(tx, call, id, errors.signingConfigMissing));
    return { CodeSigningConfig: describeSigningConfig(call, row) };
  },
});

const updateCodeSigningConfig = operation('UpdateCodeSigningConfig', {
  access: accessToConfig('lambda:UpdateCodeSigningConfig'),
  async handle(input, call, { store }) {
    const id = signingConfigId(input.CodeSigningConfigArn, call, errors.signingConfigMissing);
    const given = input.AllowedPublishers === undefined ? undefined : requirePublishers(input.AllowedPublishers.SigningProfileVersionArns);
    const row = await store.transact(async (tx) => {
      const old = await requireSigningConfig(tx, call, id, errors.signingConfigMissing);
      const next = { ...old, description: input.Description ?? old.description, publishers: given ?? old.publishers, policy: policyOf(input.CodeSigningPolicies, old.policy), modifiedAtMs: call.nowMs };
      setSigningConfig(tx, call, next);
      return next;
    });
    return { CodeSigningConfig: describeSigningConfig(call, row) };
  },
});

const deleteCodeSigningConfig = operation('DeleteCodeSigningConfig', {
  access: accessToConfig('lambda:DeleteCodeSigningConfig'),
  async handle(input, call, { store }) {
    const id = signingConfigId(input.CodeSigningConfigArn, call, errors.signingConfigMissing);
    await store.transact(async (tx) => {
      await requireSigningConfig(tx, call, id, errors.signingConfigMissing);
      await clearSigningConfig(tx, call, id);
    });
    return {};
  },
});

const listCodeSigningConfigs = operation('ListCodeSigningConfigs', {
  access: () => ({ action: 'lambda:ListCodeSigningConfigs', resource: '*' }),
  async handle(input, call, { store }) {
    const limit = Math.min(input.MaxItems ?? signingConfigsPageMax, signingConfigsPageMax);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const rows = await store.read((tx) => listSigningConfigs(tx, call, { limit: limit + 1, after: after === undefined ? undefined : String(after) }));
    const last = rows[limit - 1];
    return { CodeSigningConfigs: rows.slice(0, limit).map((row) => describeSigningConfig(call, row)), ...(rows.length > limit && last !== undefined ? { NextMarker: makeMarker([last.id]) } : {}) };
  },
});

const putFunctionCodeSigningConfig = operation('PutFunctionCodeSigningConfig', {
  access: async (input, call, context) => [await accessTo('lambda:PutFunctionCodeSigningConfig')(input, call, context), accessToConfig('lambda:PutFunctionCodeSigningConfig')(input)],
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    const id = signingConfigId(input.CodeSigningConfigArn, reference);
    await store.transact(async (tx) => {
      const { codeSigningConfigArn: old, ...head } = await requireFunction(tx, reference);
      await requireSigningConfig(tx, reference, id);
      if (old !== undefined) clearSigningUse(tx, reference, signingConfigId(old, reference), reference.name);
      addSigningUse(tx, reference, id, reference.name);
      setFunction(tx, reference, { ...head, codeSigningConfigArn: signingConfigArn(reference, id) });
    });
    return { CodeSigningConfigArn: signingConfigArn(reference, id), FunctionName: reference.name };
  },
});

const getFunctionCodeSigningConfig = operation('GetFunctionCodeSigningConfig', {
  access: accessTo('lambda:GetFunctionCodeSigningConfig'),
  // Without a configuration AWS answers an empty document. Terraform reads it of every function.
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    const { codeSigningConfigArn } = await store.read((tx) => requireFunction(tx, reference));
    return codeSigningConfigArn === undefined ? ({} as never) : { CodeSigningConfigArn: codeSigningConfigArn, FunctionName: reference.name };
  },
});

const deleteFunctionCodeSigningConfig = operation('DeleteFunctionCodeSigningConfig', {
  access: accessTo('lambda:DeleteFunctionCodeSigningConfig'),
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    await store.transact(async (tx) => {
      const { codeSigningConfigArn: old, ...head } = await requireFunction(tx, reference);
      if (old === undefined) return;
      clearSigningUse(tx, reference, signingConfigId(old, reference), reference.name);
      setFunction(tx, reference, head);
    });
    return {};
  },
});

const listFunctionsByCodeSigningConfig = operation('ListFunctionsByCodeSigningConfig', {
  access: accessToConfig('lambda:ListFunctionsByCodeSigningConfig'),
  async handle(input, call, { store }) {
    const id = signingConfigId(input.CodeSigningConfigArn, call, errors.signingConfigMissing);
    const limit = Math.min(input.MaxItems ?? signingConfigsPageMax, signingConfigsPageMax);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const names = await store.read(async (tx) => {
      await requireSigningConfig(tx, call, id, errors.signingConfigMissing);
      return listSigningUses(tx, call, id, { limit: limit + 1, after: after === undefined ? undefined : String(after) });
    });
    const last = names[limit - 1];
    return { FunctionArns: names.slice(0, limit).map((name) => functionArn(call, name)), ...(names.length > limit && last !== undefined ? { NextMarker: makeMarker([last]) } : {}) };
  },
});

/** Create/Get/Update/DeleteCodeSigningConfig, ListCodeSigningConfigs, Put/Get/DeleteFunctionCodeSigningConfig and ListFunctionsByCodeSigningConfig. */
export const codeSigningOperations = {
  CreateCodeSigningConfig: createCodeSigningConfig,
  GetCodeSigningConfig: getCodeSigningConfig,
  UpdateCodeSigningConfig: updateCodeSigningConfig,
  DeleteCodeSigningConfig: deleteCodeSigningConfig,
  ListCodeSigningConfigs: listCodeSigningConfigs,
  PutFunctionCodeSigningConfig: putFunctionCodeSigningConfig,
  GetFunctionCodeSigningConfig: getFunctionCodeSigningConfig,
  DeleteFunctionCodeSigningConfig: deleteFunctionCodeSigningConfig,
  ListFunctionsByCodeSigningConfig: listFunctionsByCodeSigningConfig,
};
