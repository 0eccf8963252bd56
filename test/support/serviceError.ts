import assert from 'node:assert/strict';

/** What a client of the JavaScript SDK tells about a refusal. */
export interface SeenError {
  readonly name: string;
  readonly message: string;
  readonly $fault: string;
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly [member: string]: unknown;
}

export interface ExpectedError {
  readonly name: string | RegExp;
  readonly status?: number;
  readonly message?: string | RegExp;
}

/** Asserts that a call is refused, and how; every refusal must carry a request id. Answers the error for further looks. */
export async function expectRefusal(call: Promise<unknown>, expected: ExpectedError): Promise<SeenError> {
  const error = (await call.then(
    () => assert.fail('the call was answered, a refusal was expected'),
    (reason: unknown) => reason,
  )) as SeenError;
  if (error instanceof assert.AssertionError) throw error;
  const seen = `${error.name}: ${error.message}`;
  compare(error.name, expected.name, `error name, in ${seen}`);
  if (expected.status !== undefined) assert.equal(error.$metadata?.httpStatusCode, expected.status, `status of ${seen}`);
  if (expected.message !== undefined) compare(error.message, expected.message, `message, in ${seen}`);
  assert.match(error.$metadata?.requestId ?? '', /^[0-9a-f-]{36}$/, `request id of ${seen}`);
  return error;
}

function compare(actual: string, expected: string | RegExp, what: string): void {
  if (typeof expected === 'string') assert.equal(actual, expected, what);
  else assert.match(actual, expected, what);
}
