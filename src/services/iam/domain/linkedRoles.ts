// Roles that belong to an AWS service: which services have one, and what it is called
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html).

/** The path of every role that a service owns. Nothing else may be put there. */
export const linkedRolePath = '/aws-service-role/';

const names: Readonly<Record<string, string>> = {
  'autoscaling.amazonaws.com': 'AutoScaling',
  'custom-resource.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_CustomResource',
  'dynamodb.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_DynamoDBTable',
  'ecs.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_ECSService',
  'lambda.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_LambdaConcurrency',
  'rds.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_RDSCluster',
  'apidestinations.events.amazonaws.com': 'AmazonEventBridgeApiDestinations',
  'cloudwatch-crossaccount.amazonaws.com': 'CloudWatchCrossAccount',
  'config.amazonaws.com': 'Config',
  'delivery.logs.amazonaws.com': 'LogDelivery',
  'ecs.amazonaws.com': 'ECS',
  'elasticache.amazonaws.com': 'ElastiCache',
  'elasticloadbalancing.amazonaws.com': 'ElasticLoadBalancing',
  'email.cognito-idp.amazonaws.com': 'AmazonCognitoIdpEmailService',
  'events.amazonaws.com': 'CloudWatchEvents',
  'guardduty.amazonaws.com': 'AmazonGuardDuty',
  'kafka.amazonaws.com': 'Kafka',
  'lex.amazonaws.com': 'LexBots',
  'opensearchservice.amazonaws.com': 'AmazonOpenSearchService',
  'ops.apigateway.amazonaws.com': 'APIGateway',
  'organizations.amazonaws.com': 'Organizations',
  'rds.amazonaws.com': 'RDS',
  'replication.dynamodb.amazonaws.com': 'DynamoDBReplication',
  'replicator.lambda.amazonaws.com': 'LambdaReplicator',
  'spot.amazonaws.com': 'EC2Spot',
  'ssm.amazonaws.com': 'AmazonSSM',
  'support.amazonaws.com': 'Support',
  'trustedadvisor.amazonaws.com': 'TrustedAdvisor',
};

/** Services of which an account may have several such roles, told apart by a suffix. */
const suffixed = new Set(['autoscaling.amazonaws.com', 'lex.amazonaws.com']);

/** The name of a service's role; undefined for a service that has none. */
export function linkedRoleName(service: string, suffix: string | undefined): string | undefined {
  const name = Object.hasOwn(names, service) ? names[service] : undefined;
  return name && `AWSServiceRoleFor${name}${suffix === undefined ? '' : `_${suffix}`}`;
}

export function takesSuffix(service: string): boolean {
  return suffixed.has(service);
}
