// What services that call HTTP endpoints of their users (EventBridge Pipes) ask of EventBridge's API destinations.

export interface ApiDestinationCall {
  readonly arn: string;
  /** In whose name. */
  readonly roleArn: string | undefined;
  /** Whose the call is. */
  readonly region: string;
  /** The body. */
  readonly input: string;
  readonly parameters?: {
    readonly PathParameterValues?: readonly string[];
    readonly HeaderParameters?: Readonly<Record<string, string>>;
    readonly QueryStringParameters?: Readonly<Record<string, string>>;
  };
  readonly signal: AbortSignal;
}

export type ApiDestinationAnswer =
  | { readonly kind: 'answered'; readonly text: string }
  /** `reason` begins with a code. */
  | { readonly kind: 'retry' | 'rejected'; readonly reason: string };

export interface ApiDestinations {
  exists(arn: string): Promise<boolean>;
  /** No faster than the destination may be called. */
  call(call: ApiDestinationCall): Promise<ApiDestinationAnswer>;
}
