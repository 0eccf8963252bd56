export interface NotificationRule {
  readonly id: string;
  readonly kind: 'Queue' | 'Topic' | 'LambdaFunction';
  readonly arn: string;
  /** As configured: `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
  /** The spelling of the filter's names, given back as they came. */
  readonly filterNames?: readonly string[] | undefined;
}

export interface NotificationConfiguration {
  readonly rules: readonly NotificationRule[];
  readonly eventBridge: boolean;
}

/** Whether a rule asks for an event of this name and key. */
export function matchesNotification(rule: NotificationRule, eventName: string, key: string): boolean {
  return key.startsWith(rule.prefix ?? '') && key.endsWith(rule.suffix ?? '') && rule.events.some((pattern) => covers(pattern, eventName));
}

function covers(pattern: string, eventName: string): boolean {
  const wanted = pattern.replace(/^s3:/, '');
  return wanted === eventName || (wanted.endsWith(':*') && eventName.startsWith(wanted.slice(0, -1)));
}

/** "Supported event types for SQS, SNS, and Lambda". */
export const eventTypes = new Set([
  's3:TestEvent', 's3:ObjectCreated:*', 's3:ObjectCreated:Put', 's3:ObjectCreated:Post', 's3:ObjectCreated:Copy', 's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*', 's3:ObjectRemoved:Delete', 's3:ObjectRemoved:DeleteMarkerCreated', 's3:ObjectRestore:*', 's3:ObjectRestore:Post', 's3:ObjectRestore:Completed',
  's3:ObjectRestore:Delete', 's3:ReducedRedundancyLostObject', 's3:Replication:*', 's3:Replication:OperationFailedReplication', 's3:Replication:OperationMissedThreshold',
  's3:Replication:OperationReplicatedAfterThreshold', 's3:Replication:OperationNotTracked', 's3:LifecycleExpiration:*', 's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated', 's3:LifecycleTransition', 's3:IntelligentTiering', 's3:ObjectTagging:*', 's3:ObjectTagging:Put', 's3:ObjectTagging:Delete',
  's3:ObjectAcl:Put',
]);

/** Whether two rules could both be about one event: S3 takes no two of them ("Filter rules that overlap"). */
export function overlap(a: NotificationRule, b: NotificationRule): boolean {
  const events = a.events.some((one) => b.events.some((other) => covers(one, other.replace(/^s3:/, '')) || covers(other, one.replace(/^s3:/, ''))));
  return events && extend(a.prefix ?? '', b.prefix ?? '', 'startsWith') && extend(a.suffix ?? '', b.suffix ?? '', 'endsWith');
}

function extend(a: string, b: string, how: 'startsWith' | 'endsWith'): boolean {
  return a[how](b) || b[how](a);
}
