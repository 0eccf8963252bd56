import type { Readable } from 'node:stream';
import type { Clock, MovableClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import type { AuthorizationMessages } from '../framework/authorizationMessages.ts';
import type { DenialLog } from '../framework/denialLog.ts';
import type { BoundService } from '../framework/service.ts';
import type { AccessUse } from '../ports/accessUse.ts';
import type { AuditTrail } from '../ports/auditTrail.ts';
import type { FunctionGate } from '../ports/functionGate.ts';
import type { CredentialDirectory } from '../ports/identity.ts';
import type { Sandbox } from '../sandbox/types.ts';
import type { AccessSummary } from '../services/iam/describeAccess.ts';
import type { Organization } from '../services/iam/organization.ts';
import type { ServerOptions } from './options.ts';
import type { ServerMailbox } from './mailbox.ts';
import type { RootKey } from './secrets.ts';
import type { Storage } from './storage.ts';

/** What outlives a reset. */
export interface Foundation {
  readonly options: ServerOptions;
  readonly storage: Storage;
  readonly sandbox: Sandbox;
  readonly functionGate: FunctionGate;
  readonly sealKey: Uint8Array;
  /** Only where unknown keys are not trusted. */
  readonly rootKey: RootKey | undefined;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The services over one life of the data: a reset closes one composition and makes the next. */
export interface Composition {
  readonly services: ReadonlyMap<string, BoundService>;
  readonly credentials: CredentialDirectory;
  readonly messages: AuthorizationMessages;
  readonly use: AccessUse;
  readonly audit: AuditTrail;
  /** What was denied of late, to callers and to services that act by themselves: for `haneul why`. */
  readonly denials: DenialLog;
  /** The service control policies that the operator has set. */
  readonly organization: Organization;
  readonly mailbox: ServerMailbox;
  /** What a user or role may do and when it last did; undefined when there is none of this ARN. */
  accessReport(arn: string): Promise<AccessSummary | undefined>;
  readonly clock: MovableClock;
  /** Makes the clock's offset durable, then moves it. */
  advanceClock(milliseconds: number): Promise<void>;
  /** What a `/lambda-code/<token>` link leads to; undefined when it is not valid (any more). */
  findCodeDownload(token: string): CodeArchive | undefined;
  /** Resolves when the output of functions so far is stored. */
  settle(): Promise<void>;
  /** Ends answers that would go on for hours, so that a stop need not wait for them. */
  endLongAnswers(): void;
  /** Stops background work and every environment; what is acknowledged is already on disk. */
  close(): Promise<void>;
}

export interface CodeArchive {
  readonly fileName: string;
  open(): Promise<Readable>;
}
