import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { createServiceAccess } from '../../framework/serviceAccess.ts';
import type { Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { resourcePoliciesMax } from './limits.ts';
import { groupArn, streamArn } from './operation.ts';
import { resourcePolicies } from './store.ts';

export interface LogWriteQuestion {
  readonly scope: Scope;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Any of these principals will do. */
  readonly services: readonly string[];
  /** The resource that they act for: a rule. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

/** Whether the resource policies of an account let a service write to one of its groups. */
export type LogWriteAccess = (question: LogWriteQuestion) => Promise<boolean>;

const actions = ['logs:CreateLogStream', 'logs:PutLogEvents'];

export function createLogWriteAccess({ store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Logger }): LogWriteAccess {
  const allows = createServiceAccess();
  return async ({ scope, logGroupName, logStreamName, services, sourceArn, sourceAccount }) => {
    const policies = await store.read((tx) => resourcePolicies.list(tx, scope, [], { limit: resourcePoliciesMax }));
    // All of them count together: a denial in one of them outweighs what another allows.
    const statements = policies.flatMap(({ row }) => (JSON.parse(row.document) as { readonly Statement?: unknown }).Statement ?? []);
    const document = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    const resource = streamArn(scope, logGroupName, logStreamName);
    const about = { document, resource, nowMs: clock.now(), region: scope.region, conditions: { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': sourceAccount } };
    const isAllowed = statements.length > 0 && services.some((service) => actions.every((action) => allows({ ...about, service, action })));
    if (!isAllowed) log.warn('no resource policy of CloudWatch Logs lets a service write to a log group', { logGroup: logGroupName, service: services[0], remedy: remedyFor(scope, logGroupName, services) });
    return isAllowed;
  };
}

function remedyFor(scope: Scope, logGroupName: string, services: readonly string[]): string {
  const Statement = [{ Effect: 'Allow', Principal: { Service: services }, Action: actions, Resource: `${groupArn(scope, logGroupName)}:*` }];
  return `aws logs put-resource-policy --policy-name ${(services[0] ?? '').split('.')[0]}-to-logs --policy-document '${JSON.stringify({ Version: '2012-10-17', Statement })}'`;
}
