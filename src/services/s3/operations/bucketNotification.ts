import { uuid } from '../../../base/ids.ts';
import { parseArn } from '../../../base/arn.ts';
import type { Call } from '../../../framework/context.ts';
import { bucketAccess, bucketArn } from '../access.ts';
import { eventTypes, type NotificationConfiguration, type NotificationRule, overlap } from '../domain/notification.ts';
import { errors } from '../errors.ts';
import { payloadFor } from '../events.ts';
import { operation, type S3Deps } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { readSetting } from '../settings.ts';
import { type Bucket, requireBucket, setSetting } from '../store.ts';

const kind = 'notification';

const getBucketNotificationConfiguration = operation('GetBucketNotificationConfiguration', {
  access: (input, call, deps) => bucketAccess('GetBucketNotification', input, call, deps),
  async handle(input, _call, deps) {
    const { document } = await readSetting<NotificationConfiguration>(deps, input, kind);
    const rulesOf = (wanted: NotificationRule['kind']) => (document?.rules ?? []).filter((rule) => rule.kind === wanted);
    return {
      TopicConfigurations: rulesOf('Topic').map((rule) => ({ ...ruleOutput(rule), TopicArn: rule.arn })),
      QueueConfigurations: rulesOf('Queue').map((rule) => ({ ...ruleOutput(rule), QueueArn: rule.arn })),
      LambdaFunctionConfigurations: rulesOf('LambdaFunction').map((rule) => ({ ...ruleOutput(rule), LambdaFunctionArn: rule.arn })),
      ...(document?.eventBridge ? { EventBridgeConfiguration: {} } : {}),
    };
  },
});

const putBucketNotificationConfiguration = operation('PutBucketNotificationConfiguration', {
  access: (input, call, deps) => bucketAccess('PutBucketNotification', input, call, deps),
  async handle(input, call, deps) {
    const given = input.NotificationConfiguration ?? {};
    const rules = [
      ...(given.TopicConfigurations ?? []).map((one) => ruleOf(deps, 'Topic', one.TopicArn, one)),
      ...(given.QueueConfigurations ?? []).map((one) => ruleOf(deps, 'Queue', one.QueueArn, one)),
      ...(given.LambdaFunctionConfigurations ?? []).map((one) => ruleOf(deps, 'LambdaFunction', one.LambdaFunctionArn, one)),
    ];
    requireDistinct(rules);
    const bucket = await findBucketNow(deps, input.Bucket ?? '');
    const eventBridge = given.EventBridgeConfiguration !== undefined;
    if (eventBridge && !deps.targets.others.has('events')) throw errors.unsupported('Sending notifications to Amazon EventBridge');
    if (input.SkipDestinationValidation !== true) for (const rule of rules) await requireDestination(deps, call, bucket, rule);
    await deps.store.transact(async (tx) => {
      const now = await requireBucket(tx, bucket.name);
      const empty = rules.length === 0 && !eventBridge;
      if (!empty || now.settings.includes(kind)) setSetting(tx, now, kind, empty ? undefined : { rules, eventBridge });
      // "When you configure an event notification on a bucket, S3 sends a test message to the destination": queues and topics.
      for (const rule of rules) if (rule.kind !== 'LambdaFunction') emitTestEvent(deps, tx, call, now, rule);
    });
    return {};
  },
});

export const bucketNotificationOperations = {
  GetBucketNotificationConfiguration: getBucketNotificationConfiguration,
  PutBucketNotificationConfiguration: putBucketNotificationConfiguration,
};

interface GivenRule {
  readonly Id?: string | undefined;
  readonly Events?: readonly string[] | undefined;
  readonly Filter?: { readonly Key?: { readonly FilterRules?: readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[] | undefined } | undefined } | undefined;
}

const services: Readonly<Record<NotificationRule['kind'], string>> = { Topic: 'sns', Queue: 'sqs', LambdaFunction: 'lambda' };

function ruleOf({ random }: S3Deps, kindOfRule: NotificationRule['kind'], arn: string | undefined, given: GivenRule): NotificationRule {
  const events = given.Events ?? [];
  if (events.length === 0) throw errors.malformedXml();
  for (const event of events) {
    if (!eventTypes.has(event)) throw errors.invalidArgument('The event is not supported for notifications', 'Event', event);
    // What this server never does is never told either.
    if (/^s3:(Replication|IntelligentTiering|ReducedRedundancyLostObject)/.test(event)) throw errors.unsupported(`The event ${event}`);
  }
  if (arn === undefined || parseArn(arn)?.service !== services[kindOfRule]) throw errors.invalidArgument('The ARN could not be parsed', `${kindOfRule}Arn`, arn ?? '');
  if (arn.endsWith('.fifo')) throw errors.invalidArgument('Unable to validate the following destination configurations', arn, 'FIFO SQS queues are not supported.');
  let prefix: string | undefined;
  let suffix: string | undefined;
  const names: string[] = [];
  for (const { Name = '', Value = '' } of given.Filter?.Key?.FilterRules ?? []) {
    const name = Name.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix') throw errors.invalidArgument('filter rule name must be either prefix or suffix', 'FilterRule.Name', Name);
    if ((name === 'prefix' ? prefix : suffix) !== undefined) {
      throw errors.invalidArgument(`Cannot specify more than one ${name} rule in a filter.`, 'FilterRule.Name', Name);
    }
    if (Buffer.byteLength(Value) > 1_024) throw errors.invalidArgument('filter value cannot be longer than 1024 bytes', 'FilterRule.Value', Value);
    if (name === 'prefix') prefix = Value;
    else suffix = Value;
    names.push(Name);
  }
  return { id: given.Id ?? uuid(random), kind: kindOfRule, arn, events, prefix, suffix, filterNames: names };
}

function requireDistinct(rules: readonly NotificationRule[]): void {
  if (new Set(rules.map(({ id }) => id)).size < rules.length) throw errors.invalidArgument('Same ID used for multiple configurations. IDs must be unique', 'Id');
  rules.forEach((rule, index) => {
    if (rules.slice(index + 1).some((other) => overlap(rule, other))) {
      throw errors.invalidArgument('Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.');
    }
  });
}

function ruleOutput(rule: NotificationRule) {
  const values = { prefix: rule.prefix, suffix: rule.suffix };
  const filters = (rule.filterNames ?? []).map((name) => ({ Name: (name[0]?.toUpperCase() + name.slice(1).toLowerCase()) as 'prefix', Value: values[name.toLowerCase() as 'prefix'] ?? '' }));
  return { Id: rule.id, Events: [...rule.events] as 's3:ObjectCreated:*'[], ...(filters.length > 0 ? { Filter: { Key: { FilterRules: filters } } } : {}) };
}

async function requireDestination(deps: S3Deps, call: Call, bucket: Bucket, rule: NotificationRule): Promise<void> {
  const about = { service: 's3.amazonaws.com', sourceArn: bucketArn(bucket.name), sourceAccount: bucket.account };
  const refuse = (why: string) => errors.invalidArgument('Unable to validate the following destination configurations', rule.arn, why);
  if (rule.kind === 'LambdaFunction') {
    const verdict = await deps.targets.functions.mayInvoke({ functionArn: rule.arn, ...about });
    if (verdict.kind === 'allowed') return;
    if (verdict.kind === 'denied') call.log.warn('S3 may not invoke this function', { functionArn: rule.arn, remedy: verdict.remedy });
    throw refuse(verdict.kind === 'denied' ? 'Not authorized to invoke function' : 'The destination Lambda function does not exist');
  }
  const ask = deps.targets.others.get(services[rule.kind]);
  if (!ask) throw errors.unsupported(`Sending notifications to ${rule.kind === 'Queue' ? 'Amazon SQS' : 'Amazon SNS'}`);
  const verdict = await ask({ arn: rule.arn, ...about });
  if (verdict.kind === 'allowed') return;
  if (verdict.kind === 'denied') call.log.warn('S3 may not send to this destination', { arn: rule.arn, remedy: verdict.remedy });
  throw refuse(verdict.kind === 'denied' ? 'Permissions on the destination do not allow S3 to publish notifications from this bucket' : `The destination ${rule.kind === 'Queue' ? 'queue' : 'topic'} does not exist`);
}

function emitTestEvent(deps: S3Deps, tx: Parameters<S3Deps['emitter']['emit']>[0], call: Call, bucket: Bucket, rule: NotificationRule): void {
  const event = {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date(call.nowMs).toISOString(),
    Bucket: bucket.name,
    RequestId: call.requestId,
    HostId: Buffer.from(call.requestId).toString('base64'),
  };
  deps.emitter.emit(tx, {
    source: 's3',
    sourceArn: bucketArn(bucket.name),
    target: rule.arn,
    account: bucket.account,
    region: bucket.region,
    callingPrincipal: 's3.amazonaws.com',
    payload: payloadFor(rule, event),
  });
}
