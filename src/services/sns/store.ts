import { defineTable, type Scope } from '../../kv/table.ts';

// Every key of the service. Those of the first group lie below the account and region of their topic.
//
//   topic         name                                   -> TopicRow
//   subscription  topic name, id                         -> SubscriptionRow
//   endpoint      topic name, digest of protocol and endpoint -> { id }: who has subscribed already
//   sms           'settings'                             -> SmsSettings
//   number        telephone number                       -> SandboxNumber
//
// Across accounts and regions:
//   dedup         topic id, group or '', id              -> DedupRow: a timer takes it away
//   sequence      topic id, group                        -> { last }: of FIFO topics
//   archive       topic id, published at, sequence, part -> { bytes }: of FIFO topics with an archive
//   signing       'key'                                  -> SigningRow

export interface TopicRow {
  /** Fourteen hexadecimal digits: a topic that is made again under the same name is another one. */
  readonly id: string;
  readonly fifo: boolean;
  readonly createdAtMs: number;
  /** Another with every change of the topic or of a subscription: what was planned by an older one is planned again. */
  readonly revision: string;
  /** As they were given. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly confirmed: number;
  readonly pending: number;
  readonly deleted: number;
  /** Subscriptions with a filter policy. */
  readonly filters: number;
  /** Since when there is an archive. */
  readonly archiveSinceMs?: number;
}

export type Protocol = 'http' | 'https' | 'email' | 'email-json' | 'sms' | 'sqs' | 'lambda';

export interface SubscriptionRow {
  readonly id: string;
  readonly protocol: Protocol;
  readonly endpoint: string;
  /** The account of whoever subscribed. */
  readonly owner: string;
  readonly principal: string;
  /** While it has not been confirmed. */
  readonly token?: string;
  /** Set by the confirmation. */
  readonly authenticated: boolean;
  readonly authenticateOnUnsubscribe: boolean;
  readonly attributes: Readonly<Record<string, string>>;
  /** The address of this server that its links lead to. */
  readonly baseUrl: string;
  readonly createdAtMs: number;
  readonly replay?: ReplayState;
}

export interface ReplayState {
  /** Setting a policy again makes another: what is left of the old one ends. */
  readonly id: string;
  readonly status: 'Pending' | 'In progress' | 'Completed' | 'Failed';
  readonly startMs: number;
  /** Not included. */
  readonly endMs: number;
}

export interface DedupRow {
  readonly untilMs: number;
  readonly messageId: string;
  readonly sequence: number;
}

export interface SmsSettings {
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SandboxNumber {
  readonly status: 'Pending' | 'Verified';
  readonly code: string;
  readonly language: string;
  readonly untilMs: number;
}

export interface SigningRow {
  readonly keyPem: string;
  readonly certificatePem: string;
}

export const everywhere: Scope = { account: '', region: '' };

export const topics = defineTable<TopicRow>('sns', 'topic', { remember: 1_000 });
export const subscriptions = defineTable<SubscriptionRow>('sns', 'subscription');
export const endpoints = defineTable<{ readonly id: string }>('sns', 'endpoint');
export const smsSettings = defineTable<SmsSettings>('sns', 'sms');
export const sandboxNumbers = defineTable<SandboxNumber>('sns', 'number');
export const dedups = defineTable<DedupRow>('sns', 'dedup');
export const sequences = defineTable<{ readonly last: number }>('sns', 'sequence');
export const archive = defineTable<{ readonly bytes: Uint8Array }>('sns', 'archive');
export const signing = defineTable<SigningRow>('sns', 'signing');
