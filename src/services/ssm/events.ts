// What Parameter Store tells EventBridge (user guide, "Setting up notifications or trigger actions based on Parameter Store events").
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html
import type { Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { EventBus } from '../../ports/eventBus.ts';
import { parameterArn } from './domain/names.ts';
import type { ParameterPolicy } from './domain/policies.ts';
import type { VersionRow } from './store.ts';

export interface EventDeps {
  readonly bus: EventBus;
}

export interface Told {
  readonly scope: Scope;
  readonly name: string;
  readonly version: Pick<VersionRow, 'type' | 'description'>;
  readonly atMs: number;
}

type Change = 'Create' | 'Update' | 'Delete' | 'LabelParameterVersion';

/** A parameter was made, changed, labelled or deleted. */
export async function tellChange(tx: Transaction, { scope, name, version, atMs }: Told, operation: Change, { bus }: EventDeps, more: object = {}): Promise<void> {
  const { type, description } = version;
  const detail = { operation, name, type, ...(description === undefined ? {} : { description }), ...more };
  await bus.put(tx, { ...scope, source: 'aws.ssm', detailType: 'Parameter Store Change', resources: [parameterArn(scope, name)], detail, atMs });
}

const reasons: Readonly<Record<ParameterPolicy['type'], string>> = {
  Expiration: 'The parameter expired and was deleted.',
  ExpirationNotification: 'The parameter is about to expire.',
  NoChangeNotification: 'The parameter has not been changed for the time that its policy names.',
};

/** A policy of a parameter has acted. The words of the reason are ours. */
export async function tellPolicyAction(tx: Transaction, { scope, name, version, atMs }: Told, policy: ParameterPolicy, { bus }: EventDeps): Promise<void> {
  const detail = {
    'policy-content': policy.text,
    'parameter-name': name,
    'parameter-type': version.type,
    'policy-type': policy.type,
    'action-status': 'Success',
    'action-reason': reasons[policy.type],
  };
  await bus.put(tx, { ...scope, source: 'aws.ssm', detailType: 'Parameter Store Policy Action', resources: [parameterArn(scope, name)], detail, atMs });
}
