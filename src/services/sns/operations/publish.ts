import { uuid } from '../../../base/ids.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { SnsDeps } from '../deps.ts';
import { requireTopicArn, type TopicName } from '../domain/arns.ts';
import { type Draft, draftBytes, readContent, readDraft, requireSize, type SentMessage } from '../domain/draft.ts';
import { formatSequence } from '../domain/notification.ts';
import { batchErrors, invalidParameter } from '../errors.ts';
import { batchEntriesMax, messageBytesMax, smsCharactersMax } from '../limits.ts';
import { accessTo, operation, requireRegion, requireTopic, sealingCaller, traceOf } from '../operation.ts';
import { publish as publishTo, type Published } from '../publishing/publish.ts';
import { smsSettings } from '../store.ts';
import { isTelephoneNumber } from '../subscribing.ts';

interface Target {
  readonly TopicArn?: string | undefined;
  readonly TargetArn?: string | undefined;
  readonly PhoneNumber?: string | undefined;
}

export const publish = operation('Publish', {
  access: (input, call, deps) => publishAccess(input, call, deps),
  async handle(input, call, deps) {
    if (input.PhoneNumber !== undefined && input.TopicArn === undefined && input.TargetArn === undefined) return publishText(input.PhoneNumber, input, call, deps);
    const topic = targetOf(input);
    const drafts = (row: Parameters<typeof readDraft>[1]): Draft[] => {
      const draft = readDraft(input, row);
      requireSize(draft);
      return [draft];
    };
    const [done] = await publishTo({ topic, drafts, caller: sealingCaller(call), trace: traceOf(call) }, deps);
    return answerOf(done);
  },
});

async function publishAccess(input: Target, call: Call, { topics }: SnsDeps): Promise<AccessRequest> {
  // A telephone number is no resource: policies that allow text messages have a star.
  if (input.PhoneNumber !== undefined && input.TopicArn === undefined && input.TargetArn === undefined) return { action: 'sns:Publish', resource: '*' };
  const topic = targetOf(input);
  requireRegion(topic, call, input.TopicArn === undefined ? 'TargetArn' : 'TopicArn');
  return accessTo('Publish', topic, await topics.look(topic));
}

function targetOf({ TopicArn, TargetArn, PhoneNumber }: Target): TopicName {
  if ([TopicArn, TargetArn, PhoneNumber].filter((one) => one !== undefined).length > 1) throw invalidParameter('Only one of TopicArn, TargetArn and PhoneNumber can be given');
  const arn = TopicArn ?? TargetArn;
  if (arn === undefined || arn === '') throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter');
  if (/:(endpoint|app)\//.test(arn)) throw invalidParameter('TargetArn Reason: No endpoint found for the target arn specified');
  return requireTopicArn(arn, TopicArn === undefined ? 'TargetArn' : 'TopicArn');
}

function answerOf(done: Published | undefined): { MessageId?: string; SequenceNumber?: string } {
  if (!done) return {};
  return { MessageId: done.messageId, ...(done.sequence === undefined ? {} : { SequenceNumber: formatSequence(done.sequence) }) };
}

async function publishText(number: string, input: SentMessage, { account, region }: Call, { store, random, mailbox }: SnsDeps) {
  if (!isTelephoneNumber(number)) throw invalidParameter(`PhoneNumber Reason: ${number.slice(0, 100)} is not valid to publish to`);
  const content = readContent(input);
  const body = content.byProtocol?.['sms'] ?? content.message;
  if (body.length > smsCharactersMax) throw invalidParameter('Message too long');
  const messageId = uuid(random);
  const textOf = (name: string): string | undefined => {
    const value = content.attributes[name]?.value;
    return typeof value === 'string' ? value : undefined;
  };
  const senderId = textOf('AWS.SNS.SMS.SenderID');
  if (senderId !== undefined && !/^(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$/.test(senderId)) throw invalidParameter('SenderID');
  const type = textOf('AWS.SNS.SMS.SMSType');
  if (type !== undefined && type !== 'Promotional' && type !== 'Transactional') throw invalidParameter('SMSType');
  const place = { account, region };
  await store.transact(async (tx) => {
    const { attributes = {} } = (await smsSettings.get(tx, place, ['settings'])) ?? {};
    const details = { messageId, smsType: type ?? attributes['DefaultSMSType'] ?? 'Promotional' };
    mailbox.put(tx, { kind: 'sms', service: 'sns', ...place, from: senderId ?? attributes['DefaultSenderID'] ?? 'NOTICE', to: number, body, details });
  });
  return { MessageId: messageId };
}

export const publishBatch = operation('PublishBatch', {
  access: (input, call, deps) => publishAccess({ TopicArn: input.TopicArn ?? '' }, call, deps),
  async handle(input, call, deps) {
    const topic = targetOf({ TopicArn: input.TopicArn ?? '' });
    const entries = requireEntries(input.PublishBatchRequestEntries);
    await requireTopic(deps.topics.look(topic));
    if (entries.reduce((sum, entry) => sum + draftBytes(entry), 0) > messageBytesMax) throw batchErrors.tooLong();
    let ids: string[] = [];
    let failed: { Id: string; Code: string; Message: string; SenderFault: boolean }[] = [];
    const drafts = (row: Parameters<typeof readDraft>[1]): Draft[] => {
      // What every message of a FIFO topic must have refuses the batch (recorded from the service).
      if (row.fifo && entries.some(({ MessageGroupId }) => MessageGroupId === undefined)) throw invalidParameter('The MessageGroupId parameter is required for FIFO topics');
      ids = [];
      failed = [];
      const good: Draft[] = [];
      for (const { Id, ...sent } of entries) {
        try {
          good.push(readDraft(sent, row));
          ids.push(Id);
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          failed.push({ Id, Code: codes[error.code] ?? error.code, Message: error.message, SenderFault: true });
        }
      }
      return good;
    };
    const done = await publishTo({ topic, drafts, caller: sealingCaller(call), trace: traceOf(call) }, deps);
    return { Successful: done.map((one, index) => ({ Id: ids[index] ?? '', ...answerOf(one) })), Failed: failed };
  },
});

// In an answer they have the names that they have on the wire.
const codes: Readonly<Record<string, string>> = { InvalidParameterException: 'InvalidParameter', InvalidParameterValueException: 'ParameterValueInvalid' };

type Entry = SentMessage & { readonly Id: string };

function requireEntries(given: readonly (SentMessage & { readonly Id?: string | undefined })[] | undefined): readonly Entry[] {
  const entries = (given ?? []).map((entry): Entry => ({ ...entry, Id: entry.Id ?? '' }));
  if (entries.length === 0) throw batchErrors.empty();
  if (entries.length > batchEntriesMax) throw batchErrors.tooMany();
  if (entries.some(({ Id }) => !/^[A-Za-z0-9_-]{1,80}$/.test(Id))) throw batchErrors.badId();
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) throw batchErrors.notDistinct();
  return entries;
}
