// What SNS tells CloudWatch of topics. https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html

import type { Clock } from '../../base/clock.ts';
import type { MetricRecorder } from '../../ports/metrics.ts';
import type { TopicName } from './domain/arns.ts';

export interface TopicMetrics {
  published(topic: TopicName, bytes: number): void;
  delivered(topic: TopicName): void;
  /** Never to be delivered. */
  failed(topic: TopicName): void;
  /** Subscribers that did not want a message. */
  filteredOut(topic: TopicName, subscribers: number): void;
}

export function createTopicMetrics(recorder: MetricRecorder, clock: Clock): TopicMetrics {
  function record({ account, region, name: TopicName }: TopicName, name: string, value: number, unit = 'Count'): void {
    recorder.record({ account, region, namespace: 'AWS/SNS', name, dimensions: { TopicName }, unit, value, at: clock.now() });
  }
  return {
    published(topic, bytes) {
      record(topic, 'NumberOfMessagesPublished', 1);
      record(topic, 'PublishSize', bytes, 'Bytes');
    },
    delivered: (topic) => record(topic, 'NumberOfNotificationsDelivered', 1),
    failed: (topic) => record(topic, 'NumberOfNotificationsFailed', 1),
    filteredOut: (topic, subscribers) => record(topic, 'NumberOfNotificationsFilteredOut', subscribers),
  };
}
