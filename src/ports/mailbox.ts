// Where e-mails and text messages go that a server without a mail provider cannot send: the user reads them at /_haneul/mailbox.

import type { Transaction } from '../kv/store.ts';

export interface Mail {
  readonly kind: 'email' | 'sms';
  /** The service that sends: `sns`, `cognito-idp`. */
  readonly service: string;
  readonly account: string;
  readonly region: string;
  readonly from: string;
  /** An address, or a telephone number. */
  readonly to: string;
  readonly subject?: string;
  readonly body: string;
  /** Whatever else the sender has to say: the topic, the message's id. */
  readonly details?: Readonly<Record<string, string>>;
}

export interface Mailbox {
  /** Puts a mail as part of `tx`. */
  put(tx: Transaction, mail: Mail): void;
}
