import { formatArn } from '../../../base/arn.ts';
import { unsupported } from '../errors.ts';
import { accountAccess, groupAccess, operation, scopeOf } from '../operation.ts';
import type { AnyOperation } from '../../../framework/service.ts';
import type { LogsDeps } from '../operation.ts';

// What is known and not here: each says so by its name. Lists of such things are empty, for none can be made.

type Operations = Record<string, AnyOperation<LogsDeps>>;

/** What each is about, and the kind of resource that its permission names. */
const what: Readonly<Record<string, readonly [feature: string, kind: string | undefined]>> = {
  ...features('Encryption with a KMS key', 'log-group', ['AssociateKmsKey', 'DisassociateKmsKey']),
  ...features('Account policies', undefined, ['PutAccountPolicy', 'DeleteAccountPolicy']),
  ...features('Vended log delivery', 'delivery', ['CreateDelivery', 'DeleteDelivery', 'GetDelivery', 'UpdateDeliveryConfiguration']),
  ...features('Vended log delivery', 'delivery-destination', ['PutDeliveryDestination', 'GetDeliveryDestination', 'DeleteDeliveryDestination']),
  ...features('Vended log delivery', 'delivery-destination', ['PutDeliveryDestinationPolicy', 'GetDeliveryDestinationPolicy', 'DeleteDeliveryDestinationPolicy', 'DeleteDeliverySource']),
  ...features('Vended log delivery', 'delivery-source', ['PutDeliverySource', 'GetDeliverySource']),
  ...features('Anomaly detection', 'anomaly-detector', ['GetLogAnomalyDetector', 'UpdateLogAnomalyDetector', 'DeleteLogAnomalyDetector', 'UpdateAnomaly']),
  ...features('Anomaly detection', 'log-group', ['CreateLogAnomalyDetector']),
  ...features('Transformation of log events', 'log-group', ['PutTransformer', 'DeleteTransformer']),
  ...features('Transformation of log events', undefined, ['TestTransformer']),
  ...features('Data protection', 'log-group', ['PutDataProtectionPolicy', 'DeleteDataProtectionPolicy']),
  ...features('Field indexing', undefined, ['PutIndexPolicy', 'DeleteIndexPolicy']),
  ...features('Integration with OpenSearch Service', undefined, ['PutIntegration', 'GetIntegration', 'DeleteIntegration']),
  ...features('Scheduled queries', 'scheduled-query', ['CreateScheduledQuery', 'GetScheduledQuery', 'UpdateScheduledQuery', 'DeleteScheduledQuery', 'GetScheduledQueryHistory']),
  ...features('Import from CloudTrail Lake', undefined, ['CreateImportTask', 'CancelImportTask']),
};

const nothing: Operations = {
  DescribeAccountPolicies: operation('DescribeAccountPolicies', { access: () => accountAccess('DescribeAccountPolicies'), handle: () => ({ accountPolicies: [] }) }),
  DescribeDeliveries: operation('DescribeDeliveries', { access: () => accountAccess('DescribeDeliveries'), handle: () => ({ deliveries: [] }) }),
  DescribeDeliveryDestinations: operation('DescribeDeliveryDestinations', { access: () => accountAccess('DescribeDeliveryDestinations'), handle: () => ({ deliveryDestinations: [] }) }),
  DescribeDeliverySources: operation('DescribeDeliverySources', { access: () => accountAccess('DescribeDeliverySources'), handle: () => ({ deliverySources: [] }) }),
  ListLogAnomalyDetectors: operation('ListLogAnomalyDetectors', { access: () => accountAccess('ListLogAnomalyDetectors'), handle: () => ({ anomalyDetectors: [] }) }),
  ListAnomalies: operation('ListAnomalies', { access: () => accountAccess('ListAnomalies'), handle: () => ({ anomalies: [] }) }),
  DescribeIndexPolicies: operation('DescribeIndexPolicies', { access: () => accountAccess('DescribeIndexPolicies'), handle: () => ({ indexPolicies: [] }) }),
  DescribeFieldIndexes: operation('DescribeFieldIndexes', { access: () => accountAccess('DescribeFieldIndexes'), handle: () => ({ fieldIndexes: [] }) }),
  ListIntegrations: operation('ListIntegrations', { access: () => accountAccess('ListIntegrations'), handle: () => ({ integrationSummaries: [] }) }),
  ListScheduledQueries: operation('ListScheduledQueries', { access: () => accountAccess('ListScheduledQueries'), handle: () => ({ scheduledQueries: [] }) }),
};

/** By the names of operations. */
export const refused: Operations = {
  ...nothing,
  ...Object.fromEntries(Object.entries(what).map(([name, [feature, kind]]) => [name, refuse(name, feature, kind)])),
};

function refuse(name: string, feature: string, kind: string | undefined): AnyOperation<LogsDeps> {
  // Every operation is refused in the same way; which one it is does not matter to its types.
  return operation('AssociateKmsKey', {
    access(_, call) {
      if (kind === undefined) return accountAccess(name);
      if (kind === 'log-group') return groupAccess(name, call, '*');
      return { action: `logs:${name}`, resource: formatArn({ service: 'logs', ...scopeOf(call), resource: `${kind}:*` }) };
    },
    refused: true,
    handle(): never {
      throw unsupported(feature);
    },
  });
}

function features(feature: string, kind: string | undefined, names: readonly string[]): Record<string, readonly [string, string | undefined]> {
  return Object.fromEntries(names.map((name) => [name, [feature, kind] as const]));
}
