// A request to a function URL, from the address to the answer: preflight, authorisation, event, invocation, response.
import { Readable } from 'node:stream';
import { ServiceError } from '../../../base/errors.ts';
import { AccessDeniedError } from '../../../framework/accessDenied.ts';
import type { Call } from '../../../framework/context.ts';
import type { FrontAnswer, FrontRequest } from '../../../framework/front.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { acceptTrace } from '../domain/trace.ts';
import { findInvocable, runInvocable } from '../invocations/invocable.ts';
import { streamInvocation } from '../invocations/responseStream.ts';
import type { StreamedInvocation } from '../invocations/responseStream.ts';
import { requestPayloadBytesMax, urlPreludeBytesMax } from '../limits.ts';
import type { InvocationResult } from '../environments/executionEnvironment.ts';
import type { LambdaContext } from '../operation.ts';
import type { ResponseReceiver } from '../../../sandbox/types.ts';
import { findPolicy } from '../store.ts';
import { crossOriginHeaders, preflightHeaders } from './crossOrigin.ts';
import { httpAnswer, httpHead, readPrelude } from './urlAnswer.ts';
import type { HttpHead } from './urlAnswer.ts';
import { urlEvent } from './urlEvent.ts';
import type { UrlRequest } from './urlEvent.ts';
import { findUrlById } from './urlStore.ts';
import type { UrlRow } from './urlStore.ts';

/** Answers what is for a function URL; undefined for the operations of the API. */
export async function answerFunctionUrl(request: FrontRequest, context: LambdaContext): Promise<FrontAnswer | undefined> {
  const { functionUrl, head, requestId } = request;
  if (functionUrl === undefined) return undefined;
  const found = await context.store.read((tx) => findUrlById(tx, functionUrl.urlId));
  if (found === undefined || (functionUrl.region ?? found.reference.region) !== found.reference.region) return refusal(404, 'ResourceNotFoundException', { Message: null });
  const { row, reference } = found;
  const preflight = preflightHeaders(row.cors, head.method, head.headers);
  if (preflight !== undefined) return { status: 200, headers: { 'x-amzn-requestid': requestId, ...preflight }, body: '' };
  const traceId = acceptTrace(head.headers['x-amzn-trace-id'], context.clock.now(), context.random);
  const answer = await invoke({ request, row, reference, path: functionUrl.path, urlId: functionUrl.urlId, traceId }, context).catch(answerToFailure);
  return { ...answer, headers: { 'x-amzn-requestid': requestId, 'x-amzn-trace-id': traceId, ...answer.headers, ...crossOriginHeaders(row.cors, head.headers) } };
}

interface Visit {
  readonly request: FrontRequest;
  readonly row: UrlRow;
  readonly reference: FunctionReference;
  readonly path: string;
  readonly urlId: string;
  readonly traceId: string;
}

async function invoke({ request, row, reference, path, urlId, traceId }: Visit, context: LambdaContext): Promise<FrontAnswer> {
  const { head, requestId, sourceIp } = request;
  const identity = row.authType === 'NONE' ? undefined : await request.identify();
  if (identity?.call.caller.kind === 'anonymous') throw new Refused(403, 'AccessDeniedException', { Message: 'Forbidden' });
  const body = await request.readBody(requestPayloadBytesMax, tooLarge);
  identity?.verifyBody(body);
  await requirePermission(identity?.call ?? request.anonymousCall(), { row, reference, request }, context);
  const signer = identity && { caller: identity.call.caller, accessKeyId: identity.accessKeyId };
  const asked: UrlRequest = {
    ...{ urlId, path, body, requestId, traceId, sourceIp, signer },
    region: reference.region,
    method: head.method,
    query: head.query,
    headers: head.headers,
    isSecure: head.secure === true,
    nowMs: context.clock.now(),
  };
  const event = urlEvent(asked);
  if (event.length > requestPayloadBytesMax) throw tooLarge();
  const found = await findInvocable(reference, context);
  const input = { requestId, event, clientContext: undefined, traceId, wantsTail: false };
  if (row.invokeMode === 'RESPONSE_STREAM') {
    const run = (receiver: ResponseReceiver): Promise<InvocationResult> => runInvocable(found, { ...input, receiver }, context);
    return answerStreamed(await streamInvocation(run, request.signal).catch(notRun));
  }
  const result = await runInvocable(found, input, context).catch(notRun);
  if (result.failed) throw functionFailed(result.outcome);
  const answer = httpAnswer(result.payload);
  if (answer === undefined) throw functionFailed('malformed');
  return answer;
}

/** A function that could not run for its role, its runtime or its package fails like one that failed. */
function notRun(error: unknown): never {
  if (!(error instanceof ServiceError) || error.code === 'TooManyRequestsException' || error.code === 'ServiceException') throw error;
  throw functionFailed(error.code);
}

/**
 * Two permissions, since October 2025: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html. Whom nobody has to know needs both from
 * the function's own policy.
 */
async function requirePermission(call: Call, { row, reference, request }: Pick<Visit, 'row' | 'reference' | 'request'>, { store }: LambdaContext): Promise<void> {
  const isOwnRoot = call.caller.kind === 'root' && call.caller.account === reference.account;
  const policy = isOwnRoot ? undefined : await store.read((tx) => findPolicy(tx, reference, reference.name, reference.qualifier));
  const resource = functionArn(reference, reference.name, reference.qualifier);
  const own = { resource, ...(policy === undefined ? {} : { resourcePolicy: policy.document }) };
  const conditions = { 'lambda:FunctionUrlAuthType': row.authType };
  for (const access of [
    { ...own, action: 'lambda:InvokeFunctionUrl', conditions },
    { ...own, action: 'lambda:InvokeFunction', conditions: { 'lambda:InvokedViaFunctionUrl': 'true' } },
  ]) {
    await call.authorise(access).catch((error: unknown) => {
      if (error instanceof AccessDeniedError && row.authType === 'NONE') {
        request.log.warn('a function URL lets nobody in: the function has no policy for it', { functionArn: resource, remedy: remedyFor(access.action, reference) });
      }
      throw error;
    });
  }
}

function remedyFor(action: string, { name, qualifier }: FunctionReference): string {
  const condition = action === 'lambda:InvokeFunctionUrl' ? '--function-url-auth-type NONE' : '--invoked-via-function-url';
  return `aws lambda add-permission --function-name ${name}${qualifier === undefined ? '' : ` --qualifier ${qualifier}`} --statement-id url-${action.slice(7)} --action ${action} --principal '*' ${condition}`;
}

/** The head comes before the response is complete; what fails later ends the connection, so that nobody takes half for the whole. */
async function answerStreamed({ parts, contentType, result }: StreamedInvocation): Promise<FrontAnswer> {
  const iterator = parts[Symbol.asyncIterator]();
  let first: Buffer = Buffer.alloc(0);
  let head: HttpHead | undefined;
  if (contentType === 'application/vnd.awslambda.http-integration-response') {
    for (;;) {
      const prelude = readPrelude(first);
      if (prelude) {
        ({ head } = prelude);
        first = first.subarray(prelude.bodyStart);
        break;
      }
      const next = await iterator.next();
      if (next.done === true || first.length > urlPreludeBytesMax) break;
      first = Buffer.concat([first, next.value]);
    }
  } else {
    const next = await iterator.next();
    if (next.done !== true) first = Buffer.from(next.value);
    head = httpHead({ headers: { 'content-type': contentType ?? 'application/octet-stream' } });
  }
  const ended = head === undefined || first.length === 0 ? await endedEmpty(iterator, result, head) : undefined;
  if (head === undefined || ended === 'failed') throw functionFailed((await result).outcome);
  return { ...head, body: Readable.from(bodyOf(first, iterator, result), { objectMode: false }) };
}

// Without a byte of the body nothing is lost yet: a failure can still be answered as one.
async function endedEmpty(iterator: AsyncIterator<Uint8Array>, result: StreamedInvocation['result'], head: HttpHead | undefined): Promise<'failed' | undefined> {
  if (head === undefined) {
    await iterator.return?.();
    await result;
    return 'failed';
  }
  const settled = await Promise.race([result.then(({ failed }) => failed), new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)))]);
  return settled === true ? 'failed' : undefined;
}

async function* bodyOf(first: Buffer, iterator: AsyncIterator<Uint8Array>, result: StreamedInvocation['result']): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    if ((await result).failed) throw Object.assign(new Error('the function failed in the middle of its response'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  } finally {
    await iterator.return?.();
  }
}

class Refused extends Error {
  readonly answer: FrontAnswer;

  constructor(status: number, errorType: string, body: object | string) {
    super(errorType);
    this.answer = refusal(status, errorType, body);
  }
}

function refusal(status: number, errorType: string, body: object | string): FrontAnswer {
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': errorType }, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

function tooLarge(): ServiceError {
  return new ServiceError('RequestEntityTooLargeException', `Request must be smaller than ${requestPayloadBytesMax} bytes for the InvokeFunction operation`, { status: 413 });
}

// What the function itself did wrong is nobody's business outside.
const functionFailed = (outcome: string): Refused => new Refused(outcome === 'timeout' ? 504 : 502, 'InternalServerErrorException', 'Internal Server Error');

const forbidden = 'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';

function answerToFailure(error: unknown): FrontAnswer {
  if (error instanceof Refused) return error.answer;
  if (!(error instanceof ServiceError)) throw error;
  if (error instanceof AccessDeniedError) return refusal(403, 'AccessDeniedException', { Message: forbidden });
  if (error.code === 'TooManyRequestsException') return refusal(429, error.code, { ...error.members, message: error.message });
  if (error.status === 413) return refusal(413, error.code, { Message: error.message });
  const { status = 500, code } = error;
  // The signature, or the body: as the API answers it.
  return status < 500 ? refusal(status, code, { message: error.message }) : refusal(status, 'InternalServerErrorException', 'Internal Server Error');
}
