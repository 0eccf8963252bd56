import type { AddLayerVersionPermissionRequest } from '@aws-sdk/client-lambda';
import { uuid } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { addStatement, principalOf, removeStatement } from '../domain/resourcePolicy.ts';
import type { Statement } from '../domain/resourcePolicy.ts';
import { errors } from '../errors.ts';
import { layerVersionArn } from '../layers/layerName.ts';
import type { LayerVersionReference } from '../layers/layerName.ts';
import { clearLayerPolicy, findLayerPolicy, findLayerVersion, setLayerPolicy } from '../layers/layerStore.ts';
import type { LayerPolicyRow } from '../layers/layerStore.ts';
import { operation } from '../operation.ts';
import { ownVersionOf } from './layers.ts';

const addLayerVersionPermission = operation('AddLayerVersionPermission', {
  access: accessTo('lambda:AddLayerVersionPermission'),
  async handle(input, call, { store, random }) {
    const reference = ownVersionOf(input, call, 'lambda:AddLayerVersionPermission');
    const { name, version } = reference;
    const statement = makeStatement(input, reference);
    const row = await store.transact(async (tx) => {
      if ((await findLayerVersion(tx, reference, name, version)) === undefined) throw errors.layerVersionNotFound(layerVersionArn(reference, version));
      const policy = await findLayerPolicy(tx, reference, name, version);
      requireLayerRevision(policy, input.RevisionId);
      const next: LayerPolicyRow = { document: addStatement(policy?.document, statement), revisionId: uuid(random) };
      setLayerPolicy(tx, reference, name, version, next);
      return next;
    });
    return { Statement: JSON.stringify(statement), RevisionId: row.revisionId };
  },
});

const removeLayerVersionPermission = operation('RemoveLayerVersionPermission', {
  access: accessTo('lambda:RemoveLayerVersionPermission'),
  async handle(input, call, { store, random }) {
    const reference = ownVersionOf(input, call, 'lambda:RemoveLayerVersionPermission');
    const { name, version } = reference;
    await store.transact(async (tx) => {
      const policy = await findLayerPolicy(tx, reference, name, version);
      if (policy === undefined) throw errors.noPolicyToChange();
      const document = removeStatement(policy.document, input.StatementId ?? '');
      requireLayerRevision(policy, input.RevisionId);
      if (document === undefined) clearLayerPolicy(tx, reference, name, version);
      else setLayerPolicy(tx, reference, name, version, { document, revisionId: uuid(random) });
    });
    return {};
  },
});

const getLayerVersionPolicy = operation('GetLayerVersionPolicy', {
  access: accessTo('lambda:GetLayerVersionPolicy'),
  async handle(input, call, { store }) {
    const reference = ownVersionOf(input, call, 'lambda:GetLayerVersionPolicy');
    const policy = await store.read((tx) => findLayerPolicy(tx, reference, reference.name, reference.version));
    if (policy === undefined) throw errors.noPolicyToChange();
    return { Policy: policy.document, RevisionId: policy.revisionId };
  },
});

/** AddLayerVersionPermission, RemoveLayerVersionPermission and GetLayerVersionPolicy: each version of a layer has a policy of its own. */
export const layerPermissionOperations = {
  AddLayerVersionPermission: addLayerVersionPermission,
  RemoveLayerVersionPermission: removeLayerVersionPermission,
  GetLayerVersionPolicy: getLayerVersionPolicy,
};

function accessTo(action: string) {
  return (input: { readonly LayerName?: string | undefined; readonly VersionNumber?: number | undefined }, call: Call): AccessRequest => {
    const reference = ownVersionOf(input, call, action);
    return { action, resource: layerVersionArn(reference, reference.version) };
  };
}

function makeStatement({ StatementId = '', Action = '', Principal = '', OrganizationId }: AddLayerVersionPermissionRequest, reference: LayerVersionReference): Statement {
  // API reference, AddLayerVersionPermission, OrganizationId: "With the principal set to *".
  if (OrganizationId !== undefined && Principal !== '*') throw errors.invalidParameter('OrganizationId is only supported with the principal *.');
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: principalOf(Principal, reference.region),
    Action,
    Resource: layerVersionArn(reference, reference.version),
    ...(OrganizationId === undefined ? {} : { Condition: { StringEquals: { 'aws:PrincipalOrgID': OrganizationId } } }),
  };
}

function requireLayerRevision(policy: LayerPolicyRow | undefined, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== '' && revisionId !== policy?.revisionId) throw errors.layerPolicyRevisionChanged();
}
