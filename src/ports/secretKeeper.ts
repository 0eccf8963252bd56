// Secrets that a service keeps for its users in their account: EventBridge's connections.

export interface KeptSecret {
  readonly account: string;
  readonly region: string;
  /** The whole name, for example `events!connection/orders/…`. */
  readonly name: string;
  readonly text: string;
  readonly description?: string;
}

export interface SecretKeeper {
  /** Makes the secret, or gives it a new value. Answers its ARN. */
  put(secret: KeptSecret): Promise<string>;
  /** Undefined when there is none (any more). */
  read(arn: string): Promise<string | undefined>;
  /** At once, without a recovery window; one that is not there is no error. */
  remove(arn: string): Promise<void>;
}
