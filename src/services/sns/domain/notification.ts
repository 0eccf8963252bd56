// What subscribers get, as the service writes it.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html

import { subscriptionArn, topicArn, type TopicName } from './arns.ts';
import type { MessageContent } from './draft.ts';
import { describeAttributes } from './messageAttributes.ts';

export type MessageType = 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';

/** A message on its way. */
export interface Message {
  readonly type: MessageType;
  readonly topic: TopicName;
  readonly messageId: string;
  readonly timestampMs: number;
  readonly content: MessageContent;
  /** By the name of the text that they are for: a protocol, or `default`. */
  readonly signatures: Readonly<Record<string, string>>;
  readonly signatureVersion: '1' | '2';
  readonly groupId?: string;
  readonly dedupId?: string;
  /** Of a FIFO topic. */
  readonly sequence?: number;
  readonly replayed?: true;
  /** The X-Amzn-Trace-Id of whoever published: it is passed through. */
  readonly trace?: string;
  /** Of a confirmation. */
  readonly token?: string;
}

/** Where the reader of a message finds things. */
export interface Links {
  readonly subscriptionId: string;
  /** The address of this server that the subscriber uses. */
  readonly baseUrl: string;
  /** The file name of the certificate. */
  readonly certificate: string;
}

/** Which of a message's texts a protocol gets. */
export function textFor({ content: { message, byProtocol } }: Pick<Message, 'content'>, protocol: string): { readonly name: string; readonly text: string } {
  const own = byProtocol !== undefined && Object.hasOwn(byProtocol, protocol) ? byProtocol[protocol] : undefined;
  return own === undefined ? { name: 'default', text: message } : { name: protocol, text: own };
}

export const certificateUrl = ({ region }: TopicName, certificate: string): string => `https://sns.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/${certificate}`;

export function confirmationUrl(baseUrl: string, topic: TopicName, token: string): string {
  return `${baseUrl}/?Action=ConfirmSubscription&TopicArn=${topicArn(topic)}&Token=${token}`;
}

export function unsubscribeUrl(baseUrl: string, topic: TopicName, subscriptionId: string): string {
  return `${baseUrl}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn(topic, subscriptionId)}`;
}

/** The text that is signed ("Verifying the signatures of Amazon SNS messages"): names and values in the order of the names. */
export function textToSign(message: Message, text: string, links: Pick<Links, 'baseUrl'>): string {
  const { type, messageId, timestampMs, topic, token, content } = message;
  const members: readonly (readonly [string, string | undefined])[] = [
    ['Message', text],
    ['MessageId', messageId],
    ['Subject', type === 'Notification' ? content.subject : undefined],
    ['SubscribeURL', token === undefined ? undefined : confirmationUrl(links.baseUrl, topic, token)],
    ['Timestamp', new Date(timestampMs).toISOString()],
    ['Token', token],
    ['TopicArn', topicArn(topic)],
    ['Type', type],
  ];
  return members.map(([name, value]) => (value === undefined ? '' : `${name}\n${value}\n`)).join('');
}

/** The JSON document that queues, HTTP endpoints and readers of email-json get. */
export function formatNotification(message: Message, protocol: string, links: Links): string {
  const { name, text } = textFor(message, protocol);
  const { type, messageId, topic, timestampMs, token, content } = message;
  const signature = signatureMembers(message, name, links, 'SigningCertURL');
  const attributes = describeAttributes(content.attributes);
  const members: readonly (readonly [string, unknown])[] = [
    ['Type', type],
    ['MessageId', messageId],
    ['SequenceNumber', message.sequence === undefined ? undefined : formatSequence(message.sequence)],
    ['Token', token],
    ['TopicArn', topicArn(topic)],
    ['Subject', content.subject],
    ['Message', text],
    ['SubscribeURL', token === undefined ? undefined : confirmationUrl(links.baseUrl, topic, token)],
    ['Timestamp', new Date(timestampMs).toISOString()],
    ...Object.entries(signature),
    ['UnsubscribeURL', type === 'Notification' ? unsubscribeUrl(links.baseUrl, topic, links.subscriptionId) : undefined],
    ['Replayed', message.replayed],
  ];
  const lines = members.filter(([, value]) => value !== undefined).map(([member, value]) => `  "${member}" : ${JSON.stringify(value)}`);
  if (attributes) lines.push(`  "MessageAttributes" : {\n${Object.entries(attributes).map(([key, value]) => `    ${JSON.stringify(key)} : ${JSON.stringify(value)}`).join(',\n')}\n  }`);
  return `{\n${lines.join(',\n')}\n}`;
}

/** What functions are invoked with. */
export function formatLambdaEvent(message: Message, links: Links): string {
  const { name, text } = textFor(message, 'lambda');
  const { type, messageId, topic, timestampMs, content } = message;
  const sns = {
    ...signatureMembers(message, name, links, 'SigningCertUrl'),
    Timestamp: new Date(timestampMs).toISOString(),
    MessageId: messageId,
    Message: text,
    MessageAttributes: describeAttributes(content.attributes) ?? {},
    Type: type,
    UnsubscribeUrl: unsubscribeUrl(links.baseUrl, topic, links.subscriptionId),
    TopicArn: topicArn(topic),
    Subject: content.subject ?? null,
  };
  return JSON.stringify({ Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn: subscriptionArn(topic, links.subscriptionId), Sns: sns }] });
}

// Messages of FIFO topics carry none, as recorded from the service.
function signatureMembers({ signatures, signatureVersion, topic }: Message, name: string, links: Links, urlName: string): Record<string, string> {
  const signature = signatures[name];
  return signature === undefined ? {} : { SignatureVersion: signatureVersion, Signature: signature, [urlName]: certificateUrl(topic, links.certificate) };
}

/** Twenty digits, as the service writes them. */
export const formatSequence = (sequence: number): string => `1${String(sequence).padStart(19, '0')}`;
