// What a secret's row holds besides its own fields.

export interface RotationRules {
  readonly automaticallyAfterDays?: number;
  readonly duration?: string;
  readonly scheduleExpression?: string;
}

export interface RotationState {
  readonly enabled: boolean;
  readonly functionArn?: string;
  readonly rules?: RotationRules;
  readonly rotatedAtMs?: number;
  readonly nextAtMs?: number;
  /** The run under way, or the one that gave up and will be taken up again. */
  readonly run?: RotationRun;
}

export interface RotationRun {
  /** The version that it makes. */
  readonly token: string;
  /** Index of the next step. */
  readonly step: number;
  /** A run that only asks the function to test: RotateImmediately was false. */
  readonly trial: boolean;
  /** Distinguishes it from runs before and after it: an event of another run does nothing. */
  readonly runId: string;
  /** What PutSecretValue may name as its RotationToken. */
  readonly rotationToken: string;
  readonly gaveUp?: true;
}

export interface Replica {
  readonly region: string;
  readonly kmsKeyId?: string;
  readonly status: 'InSync' | 'Failed' | 'InProgress';
  readonly statusMessage?: string;
  readonly overwrite?: true;
}
