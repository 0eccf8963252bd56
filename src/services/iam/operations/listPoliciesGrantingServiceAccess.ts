import type { ReadTransaction } from '../../../kv/store.ts';
import { parsePolicy } from '../../../policy/parsePolicy.ts';
import { createStatements } from '../../../policy/policySet.ts';
import type { Call } from '../../../framework/context.ts';
import { errors } from '../errors.ts';
import { given } from '../onEntity.ts';
import { operation, type IamDeps } from '../operation.ts';
import { listPolicySources, requireEntityByArn, type PolicySource } from '../policySources.ts';

const entityTypes = { user: 'USER', role: 'ROLE', group: 'GROUP' } as const;

/** Which of an entity's policies allow anything in a service; of one policy that does and a denial beside it, the denial is left aside. */
export const listPoliciesGrantingServiceAccess = operation('ListPoliciesGrantingServiceAccess', {
  access: (input) => ({ action: 'iam:ListPoliciesGrantingServiceAccess', resource: given(input.Arn) }),
  async handle(input, call, deps) {
    // There is never more than one page: as many services as may be asked for.
    if (input.Marker !== undefined) throw errors.invalidInput('Invalid Marker.');
    const sources = await deps.store.read((tx) => sourcesOf(tx, given(input.Arn), call, deps));
    const services = given(input.ServiceNamespaces);
    return {
      PoliciesGrantingServiceAccess: services.map((ServiceNamespace) => ({ ServiceNamespace, Policies: sources.filter((source) => grants(source, ServiceNamespace, deps)).map(describe) })),
      IsTruncated: false,
    };
  },
});

async function sourcesOf(tx: ReadTransaction, arn: string, { account }: Call, { managedPolicies }: IamDeps): Promise<PolicySource[]> {
  return await listPolicySources(tx, managedPolicies, account, await requireEntityByArn(tx, account, arn));
}

function grants({ document }: PolicySource, service: string, { actions }: IamDeps): boolean {
  const parsed = parsePolicy(document, 'stored');
  if (!('policy' in parsed)) return false;
  const statements = createStatements([parsed.policy]);
  return Object.keys(actions.find(service)?.actions ?? {}).some((name) => statements.about(`${service}:${name}`).allows.length > 0);
}

// API reference, PolicyGrantingServiceAccess: the entity is told for inline policies only.
function describe({ name, arn, owner }: PolicySource) {
  if (arn !== undefined) return { PolicyName: name, PolicyType: 'MANAGED' as const, PolicyArn: arn };
  return { PolicyName: name, PolicyType: 'INLINE' as const, EntityType: entityTypes[owner.kind], EntityName: owner.name };
}
