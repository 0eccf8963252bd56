import { invalidParameter, unsupported } from '../errors.ts';
import { accountAccess, operation } from '../operation.ts';
import type { AnyOperation } from '../../../framework/service.ts';
import type { LogsDeps } from '../operation.ts';

// What is known and not here: each says so by its name. Lists of such things are empty, for none can be made.

type Operations = Record<string, AnyOperation<LogsDeps>>;

const what = {
  AssociateKmsKey: 'Encryption with a KMS key',
  DisassociateKmsKey: 'Encryption with a KMS key',
  ...features('Account policies', ['PutAccountPolicy', 'DeleteAccountPolicy']),
  ...features('Vended log delivery', [
    ...['CreateDelivery', 'DeleteDelivery', 'GetDelivery', 'UpdateDeliveryConfiguration', 'PutDeliveryDestination', 'GetDeliveryDestination', 'DeleteDeliveryDestination'],
    ...['PutDeliveryDestinationPolicy', 'GetDeliveryDestinationPolicy', 'DeleteDeliveryDestinationPolicy', 'PutDeliverySource', 'GetDeliverySource', 'DeleteDeliverySource'],
  ]),
  ...features('Anomaly detection', ['CreateLogAnomalyDetector', 'GetLogAnomalyDetector', 'UpdateLogAnomalyDetector', 'DeleteLogAnomalyDetector', 'UpdateAnomaly']),
  ...features('Transformation of log events', ['PutTransformer', 'DeleteTransformer', 'TestTransformer']),
  ...features('Data protection', ['PutDataProtectionPolicy', 'DeleteDataProtectionPolicy']),
  ...features('Field indexing', ['PutIndexPolicy', 'DeleteIndexPolicy']),
  ...features('Integration with OpenSearch Service', ['PutIntegration', 'GetIntegration', 'DeleteIntegration']),
  ...features('Scheduled queries', ['CreateScheduledQuery', 'GetScheduledQuery', 'UpdateScheduledQuery', 'DeleteScheduledQuery', 'GetScheduledQueryHistory']),
  ...features('Import from CloudTrail Lake', ['CreateImportTask', 'CancelImportTask']),
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
  ...Object.fromEntries(Object.entries(what).map(([name, feature]) => [name, refuse(name, feature)])),
};

function refuse(name: string, feature: string): AnyOperation<LogsDeps> {
  // Every operation is refused in the same way; which one it is does not matter to its types.
  return operation('AssociateKmsKey', {
    access: () => accountAccess(name),
    refused: true,
    handle(): never {
      if (name === 'DisassociateKmsKey') throw invalidParameter('The log group has no KMS key.');
      throw unsupported(feature);
    },
  });
}

function features(feature: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, feature]));
}
