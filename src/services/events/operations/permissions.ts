import type { Transaction } from '../../../kv/store.ts';
import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import { busArn, type BusName, busNameOf } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { policyBytesMax } from '../limits.ts';
import { type EventsDeps, nowOf, operation, requireBus, scopeOf } from '../operation.ts';
import { buses } from '../store.ts';

interface Policy {
  readonly Version?: string;
  readonly Statement: readonly { readonly Sid?: string }[];
}

const putPermission = operation('PutPermission', {
  access: () => ({ action: 'events:PutPermission', resource: '*' }),
  async handle(input, call, deps) {
    const name = busNameOf(input.EventBusName, scopeOf(call));
    const { Action: action, Principal: principal, StatementId: sid, Condition: condition } = input;
    if (input.Policy !== undefined) {
      if ([action, principal, sid, condition].some((value) => value !== undefined)) throw errors.validation('Policy and Action, Principal, StatementId or Condition cannot be specified together.');
      const problem = resourcePolicyProblem(input.Policy);
      if (problem !== undefined) throw errors.validation(`The policy is not valid: ${problem}`);
      const policy = input.Policy;
      await changePolicy(name, deps, () => policy);
      return {};
    }
    if (action === undefined || principal === undefined || sid === undefined) throw errors.validation('Parameter(s) Action, Principal and StatementId must be specified.');
    if (action !== 'events:PutEvents') throw errors.validation("Provided value in parameter 'action' is not supported.");
    if (condition && (condition.Type !== 'StringEquals' || condition.Key !== 'aws:PrincipalOrgID')) throw errors.validation('Provided condition is not supported: only StringEquals with aws:PrincipalOrgID is.');
    if (condition && principal !== '*') throw errors.validation('A condition needs the principal *.');
    const statement = {
      Sid: sid,
      Effect: 'Allow',
      Principal: principal === '*' ? '*' : { AWS: `arn:aws:iam::${principal}:root` },
      Action: action,
      Resource: busArn(name),
      ...(condition && { Condition: { [condition.Type ?? '']: { [condition.Key ?? '']: condition.Value ?? '' } } }),
    };
    await changePolicy(name, deps, (policy) => withStatement(policy, statement));
    return {};
  },
});

const removePermission = operation('RemovePermission', {
  access: () => ({ action: 'events:RemovePermission', resource: '*' }),
  async handle(input, call, deps) {
    const name = busNameOf(input.EventBusName, scopeOf(call));
    await changePolicy(name, deps, (policy) => {
      if (input.RemoveAllPermissions === true) return undefined;
      if (input.StatementId === undefined) throw errors.validation('Parameter StatementId must be specified.');
      if (policy === undefined) throw errors.notFound('EventBus does not have a policy.');
      const { Statement: statements, ...rest } = open(policy);
      const left = statements.filter(({ Sid }) => Sid !== input.StatementId);
      if (left.length === statements.length) throw errors.notFound('Statement with the provided id does not exist.');
      return left.length === 0 ? undefined : JSON.stringify({ ...rest, Statement: left });
    });
    return {};
  },
});

export const permissionOperations = { PutPermission: putPermission, RemovePermission: removePermission };

async function changePolicy(name: BusName, deps: EventsDeps, change: (policy: string | undefined) => string | undefined): Promise<void> {
  await deps.store.transact(async (tx: Transaction) => {
    const { policy: before, ...row } = await requireBus(tx, name);
    const policy = change(before);
    if (policy !== undefined && Buffer.byteLength(policy) > policyBytesMax) throw errors.policyTooLong();
    buses.set(tx, name, [name.bus], { ...row, createdAtMs: row.createdAtMs || nowOf(deps), modifiedAtMs: nowOf(deps), ...(policy === undefined ? {} : { policy }) });
  });
}

function open(policy: string): Policy {
  const { Statement: given, ...rest } = JSON.parse(policy) as { readonly Statement: Policy['Statement'] | Policy['Statement'][number] };
  return { ...rest, Statement: Array.isArray(given) ? given : [given as Policy['Statement'][number]] };
}

function withStatement(policy: string | undefined, statement: { readonly Sid: string }): string {
  const { Statement: statements, ...rest }: Policy = policy === undefined ? { Version: '2012-10-17', Statement: [] } : open(policy);
  return JSON.stringify({ ...rest, Statement: [...statements.filter(({ Sid }) => Sid !== statement.Sid), statement] });
}
