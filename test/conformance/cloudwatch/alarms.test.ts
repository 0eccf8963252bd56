// Alarms: from a failing function to a message in a queue, by way of a topic.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  GetMetricStatisticsCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { createFunction, invoke } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let client: CloudWatchClient;
let sns: SNSClient;
const scene = useServer({}, async ({ server }) => {
  client = new CloudWatchClient(sdkConfig(server.endpoint));
  sns = new SNSClient(sdkConfig(server.endpoint));
});
after(() => {
  client.destroy();
  sns.destroy();
});

const alarmOf = async (name: string) => {
  const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return [...MetricAlarms, ...CompositeAlarms][0];
};

async function makeTopic(): Promise<{ topic: string; QueueUrl: string }> {
  const { sqs } = scene().aws;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'alerts' }));
  const queue = 'arn:aws:sqs:us-east-1:000000000000:alerts';
  const { TopicArn: topic = '' } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queue, Condition: { ArnEquals: { 'aws:SourceArn': topic } } }],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: queue, Attributes: { RawMessageDelivery: 'true' } }));
  return { topic, QueueUrl };
}

test('a function that fails puts its alarm into ALARM, and the topic hears of it', async () => {
  const { aws, roleArn, server } = scene();
  const { topic, QueueUrl } = await makeTopic();
  const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => { throw new Error("no"); };' } });
  const metric = { Namespace: 'AWS/Lambda', MetricName: 'Errors', Dimensions: [{ Name: 'FunctionName', Value: FunctionName }] };
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: 'errors',
      ...metric,
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [topic],
      Tags: [{ Key: 'team', Value: 'one' }],
    }),
  );
  assert.equal((await alarmOf('errors'))?.StateValue, 'INSUFFICIENT_DATA');
  await invoke(aws.lambda, FunctionName);
  await server.clock.advance(2 * 60_000);
  const { Messages: [message] = [] } = await aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  const told = JSON.parse(message?.Body ?? '{}') as { AlarmName?: string; NewStateValue?: string; Trigger?: { MetricName?: string } };
  assert.deepEqual([told.AlarmName, told.NewStateValue, told.Trigger?.MetricName], ['errors', 'ALARM', 'Errors']);
  const { AlarmHistoryItems = [] } = await client.send(new DescribeAlarmHistoryCommand({ AlarmName: 'errors', HistoryItemType: 'Action' }));
  assert.equal(AlarmHistoryItems[0]?.HistorySummary, `Successfully executed action ${topic}`);
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsForMetricCommand(metric));
  assert.deepEqual(MetricAlarms.map(({ AlarmName, Statistic, Threshold }) => [AlarmName, Statistic, Threshold]), [['errors', 'Sum', 1]]);
});

test('a composite alarm follows its children, and states are set by hand', async () => {
  const common = { Namespace: 'Shop', MetricName: 'Orders', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'LessThanThreshold' } as const;
  for (const AlarmName of ['a', 'b']) await client.send(new PutMetricAlarmCommand({ AlarmName, ...common }));
  await client.send(new PutCompositeAlarmCommand({ AlarmName: 'either', AlarmRule: 'ALARM(a) OR ALARM(b)' }));
  await client.send(new SetAlarmStateCommand({ AlarmName: 'b', StateValue: 'ALARM', StateReason: 'by hand' }));
  assert.equal((await alarmOf('either'))?.StateValue, 'ALARM');
  await client.send(new DisableAlarmActionsCommand({ AlarmNames: ['either'] }));
  assert.equal((await alarmOf('either'))?.ActionsEnabled, false);
  await client.send(new EnableAlarmActionsCommand({ AlarmNames: ['either'] }));
  const ResourceARN = (await alarmOf('a'))?.AlarmArn ?? '';
  await client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'team', Value: 'one' }] }));
  assert.deepEqual((await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags, [{ Key: 'team', Value: 'one' }]);
  await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['team'] }));
  await expectRefusal(client.send(new DeleteAlarmsCommand({ AlarmNames: ['a'] })), { name: /Validation/, status: 400, message: /depending on it/ });
  await client.send(new DeleteAlarmsCommand({ AlarmNames: ['either', 'a', 'b'] }));
  assert.equal(await alarmOf('either'), undefined);
  await expectRefusal(client.send(new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'OK', StateReason: 'gone' })), { name: 'ResourceNotFound', status: 404 });
});

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
test('an alarm that changes is an event on the default bus, and invokes the function that it names', async () => {
  const { aws, roleArn, server } = scene();
  const events = new EventBridgeClient(sdkConfig(server.endpoint));
  try {
    const { QueueUrl = '' } = await aws.sqs.send(new CreateQueueCommand({ QueueName: 'alarm-events' }));
    const queue = 'arn:aws:sqs:us-east-1:000000000000:alarm-events';
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queue }] });
    await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await events.send(new PutRuleCommand({ Name: 'alarms', EventPattern: '{"source":["aws.cloudwatch"],"detail-type":["CloudWatch Alarm State Change"],"detail":{"alarmName":["told"],"state":{"value":["ALARM"]}}}' }));
    await events.send(new PutTargetsCommand({ Rule: 'alarms', Targets: [{ Id: 'queue', Arn: queue }] }));
    const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async (event) => console.log("ALARM", event.alarmData.alarmName, event.alarmData.state.value);' } });
    const functionArn = `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`;
    await aws.lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 'alarm', Action: 'lambda:InvokeFunction', Principal: 'lambda.alarms.cloudwatch.amazonaws.com' }));
    const metric = { Namespace: 'Shop', MetricName: 'Told', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' } as const;
    await client.send(new PutMetricAlarmCommand({ AlarmName: 'told', ...metric, AlarmActions: [functionArn] }));
    await client.send(new SetAlarmStateCommand({ AlarmName: 'told', StateValue: 'ALARM', StateReason: 'by hand' }));
    const { Messages: [message] = [] } = await aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    const { source, resources, detail } = JSON.parse(message?.Body ?? '{}') as { source: string; resources: string[]; detail: { alarmName: string; previousState: { value: string } } };
    assert.deepEqual([source, resources, detail.alarmName, detail.previousState.value], ['aws.cloudwatch', ['arn:aws:cloudwatch:us-east-1:000000000000:alarm:told'], 'told', 'INSUFFICIENT_DATA']);
    for (;;) {
      const { events: lines = [] } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: 'ALARM' })).catch(() => ({ events: [] }));
      if (lines.some(({ message: line }) => line?.includes('ALARM told ALARM'))) break;
    }
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    const nowMs = server.clock.now();
    const range = { Period: 3_600, StartTime: new Date(nowMs - 7_200_000), EndTime: new Date(nowMs + 3_600_000) };
    for (const MetricName of ['TriggeredRules', 'Invocations']) {
      for (let sum = 0; sum === 0; ) {
        const { Datapoints = [] } = await client.send(new GetMetricStatisticsCommand({ Namespace: 'AWS/Events', MetricName, Dimensions: [{ Name: 'RuleName', Value: 'alarms' }], ...range, Statistics: ['Sum'] }));
        sum = Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
        assert.ok(sum <= 1, MetricName);
      }
    }
  } finally {
    events.destroy();
  }
});
