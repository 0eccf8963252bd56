// An invocation whose response is read while it is made. What its reader has not taken holds the function back; a reader that goes
// away does not end it: the guide, "Response streaming for Lambda functions": functions "are not interrupted or stopped when the invoking
// client connection is broken".
import type { InvocationResult } from '../environments/executionEnvironment.ts';
import type { InvocationInput } from '../environments/executionEnvironment.ts';

export interface StreamedInvocation {
  /** Of the response; undefined when the invocation ended without one. */
  readonly contentType: string | undefined;
  /** The response, once. Ends when the response does, however that is. */
  readonly parts: AsyncIterable<Uint8Array>;
  /** Settles after the end of the response. Rejects when no environment could serve, or was lost. */
  readonly result: Promise<InvocationResult>;
}

interface Part {
  readonly bytes: Uint8Array;
  readonly taken: () => void;
}

/** Resolves when the response begins, or the invocation has ended without one; rejects when it could not run. */
export async function streamInvocation(run: (receiver: NonNullable<InvocationInput['receiver']>) => Promise<InvocationResult>, signal: AbortSignal): Promise<StreamedInvocation> {
  const waiting: Part[] = [];
  let contentType: string | undefined;
  let hasEnded = false;
  let isUnread = false;
  let wake = (): void => undefined;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));

  function discard(): void {
    isUnread = true;
    for (const { taken } of waiting.splice(0)) taken();
    wake();
  }

  signal.addEventListener('abort', discard, { once: true });
  if (signal.aborted) discard();

  const result = run({
    onPart(bytes, type, taken) {
      contentType ??= type;
      begin();
      if (isUnread || bytes.length === 0) return taken();
      waiting.push({ bytes, taken });
      wake();
    },
  }).finally(() => {
    hasEnded = true;
    signal.removeEventListener('abort', discard);
    wake();
  });

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const next = waiting.shift();
        if (next) {
          yield next.bytes;
          next.taken();
        } else if (hasEnded || isUnread) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      discard();
    }
  }

  await Promise.race([begun, result]);
  // Whoever reads the parts asks for it later.
  result.catch(() => undefined);
  return { get contentType() { return contentType; }, parts: read(), result };
}

/** What InvokeComplete tells about an invocation that failed. */
export function describeFailure({ failed, isMidStream, payload }: InvocationResult): { readonly ErrorCode?: string; readonly ErrorDetails?: string } {
  if (!failed) return {};
  const details = Buffer.from(payload).toString('utf8');
  // An error in the middle of the stream is told as the runtime told it: the guide, "Implementing response streaming in a custom runtime".
  return { ErrorCode: (isMidStream && errorTypeIn(details)) || 'Unhandled', ErrorDetails: details };
}

function errorTypeIn(details: string): string | undefined {
  try {
    const document: unknown = JSON.parse(details);
    if (typeof document === 'object' && document !== null && 'errorType' in document && typeof document.errorType === 'string') return document.errorType;
  } catch {
    // A custom runtime may post anything.
  }
  return undefined;
}

