// The four operations of the policy simulator.

import { parseArn } from '../../../base/arn.ts';
import type { Call } from '../../../framework/context.ts';
import { contextKeysOf } from '../../../policy/simulate.ts';
import type { RequestPrincipal } from '../../../policy/types.ts';
import { pageOfList } from '../domain/paging.ts';
import { parseEntityArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { given } from '../onEntity.ts';
import { operation, type IamDeps } from '../operation.ts';
import { findPolicyDocument } from '../policies.ts';
import { listPolicySources, requireEntityArn, requireEntityByArn, type PolicySource } from '../policySources.ts';
import { numbered, readSimulated, runSimulation, type SimulatedDocument } from '../simulation.ts';
import type { EntityRow } from '../store.ts';

const simulateCustomPolicy = operation('SimulateCustomPolicy', {
  access: () => ({ action: 'iam:SimulateCustomPolicy', resource: '*' }),
  async handle(input, call) {
    refuseUnsupported(input);
    // API reference, SimulateCustomPolicy: CallerArn is required with a resource policy.
    if (input.ResourcePolicy !== undefined && input.CallerArn === undefined) throw errors.invalidInput('CallerArn is required when a ResourcePolicy is given.');
    const results = runSimulation(
      {
        identity: numbered('PolicyInputList', input.PolicyInputList),
        boundary: numbered('PermissionsBoundaryPolicyInputList', input.PermissionsBoundaryPolicyInputList),
        organization: (input.OrderedOrganizationPolicyInputList ?? []).map(({ ServiceControlPolicyInputList: level }, index) =>
          numbered(`OrderedOrganizationPolicyInputList.${index + 1}.ServiceControlPolicyInputList`, level),
        ),
        resource: resourcePolicyOf(input.ResourcePolicy),
        principal: input.CallerArn === undefined ? somebody(call) : principalOf(input.CallerArn, undefined),
      },
      input,
      call,
    );
    return await pageOfResults(input, results);
  },
});

const simulatePrincipalPolicy = operation('SimulatePrincipalPolicy', {
  access: ({ PolicySourceArn }) => ({ action: 'iam:SimulatePrincipalPolicy', resource: PolicySourceArn ?? '' }),
  async handle(input, call, deps) {
    refuseUnsupported(input);
    const arn = given(input.PolicySourceArn);
    const { row, sources, boundary } = await readSources(arn, call, deps);
    if (input.ResourcePolicy !== undefined && input.CallerArn === undefined && row.kind !== 'user') {
      throw errors.invalidInput('CallerArn is required when a ResourcePolicy is given and the PolicySourceArn is not a user.');
    }
    const excluded = (input.PolicyExclusionList ?? []) as readonly ExcludedPolicy[];
    const kept = sources.filter((source) => !excluded.some((exclusion) => names(exclusion, source)));
    const replaced = numbered('PermissionsBoundaryPolicyInputList', input.PermissionsBoundaryPolicyInputList);
    const results = runSimulation(
      {
        identity: [...kept, ...numbered('PolicyInputList', input.PolicyInputList)],
        boundary: replaced.length > 0 ? replaced : boundary,
        resource: resourcePolicyOf(input.ResourcePolicy),
        principal: input.CallerArn === undefined ? principalOfRow(row, arn, call) : principalOf(input.CallerArn, undefined),
      },
      input,
      call,
    );
    return await pageOfResults(input, results);
  },
});

const getContextKeysForCustomPolicy = operation('GetContextKeysForCustomPolicy', {
  access: () => ({ action: 'iam:GetContextKeysForCustomPolicy', resource: '*' }),
  handle: ({ PolicyInputList }) => ({ ContextKeyNames: keysIn(PolicyInputList ?? []) }),
});

const getContextKeysForPrincipalPolicy = operation('GetContextKeysForPrincipalPolicy', {
  access: ({ PolicySourceArn }) => ({ action: 'iam:GetContextKeysForPrincipalPolicy', resource: PolicySourceArn ?? '' }),
  async handle(input, call, deps) {
    const { sources } = await readSources(given(input.PolicySourceArn), call, deps);
    return { ContextKeyNames: keysIn([...sources.map(({ document }) => document), ...(input.PolicyInputList ?? [])]) };
  },
});

/** By their names in the API. */
export const simulationOperations = {
  SimulateCustomPolicy: simulateCustomPolicy,
  SimulatePrincipalPolicy: simulatePrincipalPolicy,
  GetContextKeysForCustomPolicy: getContextKeysForCustomPolicy,
  GetContextKeysForPrincipalPolicy: getContextKeysForPrincipalPolicy,
};

interface ExcludedPolicy {
  readonly PolicyArn?: string;
  readonly InlinePolicyIdentifier?: { readonly PolicyName?: string };
  readonly PolicyType?: string;
}

function names({ PolicyArn, InlinePolicyIdentifier }: ExcludedPolicy, source: PolicySource): boolean {
  return PolicyArn !== undefined ? PolicyArn === source.arn : source.arn === undefined && InlinePolicyIdentifier?.PolicyName === source.name;
}

async function readSources(arn: string, call: Call, { store, managedPolicies }: IamDeps): Promise<{ row: EntityRow; sources: PolicySource[]; boundary: SimulatedDocument[] }> {
  requireEntityArn(arn);
  return await store.read(async (tx) => {
    const row = await requireEntityByArn(tx, call.account, arn);
    const sources = await listPolicySources(tx, managedPolicies, call.account, row);
    const { boundaryArn } = row;
    const document = boundaryArn === undefined ? undefined : await findPolicyDocument(tx, managedPolicies, call.account, boundaryArn);
    return { row, sources, boundary: boundaryArn === undefined || document === undefined ? [] : [{ id: boundaryArn.split('/').at(-1) ?? boundaryArn, document }] };
  });
}

// DEVIATION: the scenarios of EC2 (`EC2-VPC-InstanceStore` …) are not known, so asking for one is refused.
function refuseUnsupported({ ResourceHandlingOption, PolicyExclusionList }: { readonly ResourceHandlingOption?: string | undefined; readonly PolicyExclusionList?: readonly object[] | undefined }): void {
  if (ResourceHandlingOption !== undefined) throw errors.invalidInput('Haneul does not support ResourceHandlingOption yet.');
  const unknown = (PolicyExclusionList ?? []).some((exclusion) => 'PolicyType' in exclusion && exclusion.PolicyType !== undefined);
  if (unknown) throw errors.invalidInput('Haneul does not support PolicyType in PolicyExclusionList yet.');
}

function resourcePolicyOf(document: string | undefined): SimulatedDocument | undefined {
  return document === undefined ? undefined : { id: 'ResourcePolicy', document };
}

function keysIn(documents: readonly string[]): string[] {
  return contextKeysOf(documents.flatMap((document) => readSimulated(document).statements));
}

// Nobody in particular: keys of a caller are missing unless they are given.
function somebody({ account }: Call): RequestPrincipal {
  return { kind: 'user', account, arn: '', userName: '' };
}

function principalOfRow(row: EntityRow, arn: string, call: Call): RequestPrincipal {
  return row.kind === 'group' ? somebody(call) : principalOf(arn, row.id);
}

// API reference, CallerArn: only a user can be a caller. A role is taken as well, for the policies of a principal that is one.
function principalOf(text: string, id: string | undefined): RequestPrincipal {
  const arn = parseArn(text);
  const entity = parseEntityArn(text);
  if (arn?.service === 'iam' && arn.resource === 'root') return { kind: 'root', account: arn.account, arn: text, userId: arn.account };
  if (!entity) throw errors.invalidInput(`Invalid Caller Arn: ${text}`);
  const userId = id === undefined ? {} : { userId: id };
  if (entity.kind === 'user') return { kind: 'user', account: entity.account, arn: text, userName: entity.name, ...userId };
  const session = `arn:aws:sts::${entity.account}:assumed-role/${entity.name}/simulation`;
  return { kind: 'role-session', account: entity.account, arn: session, roleArn: text, sessionName: 'simulation', ...(id !== undefined && { userId: `${id}:simulation` }) };
}

async function pageOfResults<Result>(input: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined }, results: readonly Result[]) {
  const inOrder = results.map((result, index) => ({ result, key: String(index).padStart(8, '0') }));
  const page = await pageOfList(input, inOrder, ({ key }) => key);
  return { EvaluationResults: page.items.map(({ result }) => result), ...page.position };
}
