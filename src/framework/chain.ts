import { InvariantError, NoSpaceError, ServiceError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { FunctionVisitor } from '../ports/functionGate.ts';
import { authenticationError, authenticationFailure } from '../wire/authenticationError.ts';
import { parseAuthorization } from '../wire/authorization.ts';
import { codecOf } from '../wire/codecs.ts';
import { checkConstraints } from '../wire/constraints.ts';
import { type Catalogue, type Identification, identify, identifyForm, isForm } from '../wire/identify.ts';
import type { OperationModel } from '../wire/model.ts';
import { route } from '../wire/route.ts';
import type { RequestHead, WireResponse } from '../wire/types.ts';
import { authenticate, type Authenticator, type Identity } from './authenticate.ts';
import { authorise, authoriseAccess, type Authoriser, permitsAccess } from './authorise.ts';
import type { Call } from './context.ts';
import { isEncoded, RequestBody } from './requestBody.ts';
import type { BoundOperation, BoundService } from './service.ts';

/** One API request, as the listener hands it over. */
export interface ApiRequest {
  readonly head: RequestHead;
  readonly sourceIp: string;
  readonly signal: AbortSignal;
  /** Present when it came from inside a function. */
  readonly via?: FunctionVisitor | undefined;
  /** Reads the body; throws what `tooLarge` makes once it is longer than `bytesMax`. Called at most once. */
  readonly readBody: (bytesMax: number, tooLarge: () => ServiceError) => Promise<Uint8Array>;
}

export interface ChainDeps extends Authenticator, Authoriser {
  readonly catalogue: Catalogue;
  readonly services: ReadonlyMap<string, BoundService>;
  readonly endpointOf: (head: RequestHead) => string;
  readonly newRequestId: () => string;
  /** For operations that name no limit of their own. */
  readonly bodyBytesMaxDefault: number;
  readonly log: Logger;
  /** Told of every request that failed because the disk is full. */
  readonly onNoSpace?: (error: NoSpaceError) => void;
  /** Counts what was answered. */
  readonly recordRequest?: (request: ServedRequest) => void;
}

export interface ServedRequest {
  /** As its model is named; undefined when nothing told which service it was for. */
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}

/** What has been learnt about a request so far: a failure at any step is answered in the protocol known by then. */
interface Progress {
  identification?: Identification;
  operation?: OperationModel;
}

/**
 * Serves one API request: identify → authenticate → read → route → parse → constraints → authorise → handle → format.
 * Never rejects: whatever goes wrong becomes an answer of the right protocol, and a bug becomes a 500 with its stack in the log.
 */
export async function serveApi(request: ApiRequest, deps: ChainDeps): Promise<WireResponse> {
  const requestId = deps.newRequestId();
  const startedMs = performance.now();
  const progress: Progress = {};
  let response: WireResponse;
  let code: string | undefined;
  try {
    response = await runSteps(request, requestId, progress, deps);
  } catch (error) {
    const answer = toServiceError(error, request, requestId, deps);
    code = answer.code;
    const { identification, operation } = progress;
    response = codecOf(identification?.protocol ?? 'awsJson1_1').formatError(identification?.service, operation, answer, { requestId });
  }
  const served: ServedRequest = {
    service: progress.identification?.service.id,
    operation: progress.operation?.name,
    status: response.status,
    durationMs: Math.round((performance.now() - startedMs) * 1_000) / 1_000,
  };
  deps.recordRequest?.(served);
  deps.log.debug('request', { requestId, ...served, code });
  return response;
}

async function runSteps(request: ApiRequest, requestId: string, progress: Progress, deps: ChainDeps): Promise<WireResponse> {
  const body = new RequestBody(request, deps.bodyBytesMaxDefault);
  const authorization = parseAuthorization(request.head);
  const isFormRequest = isForm(request.head);
  const identification = identify(request.head, deps.catalogue, authorization) ?? (isFormRequest ? identifyForm(await body.read(), deps.catalogue) : undefined);
  if (!identification) throw unidentified();
  progress.identification = identification;
  const { service: model, protocol } = identification;
  const codec = codecOf(protocol);

  const addressee = { protocol, signingNames: model.signingNames, bucket: identification.bucket };
  const identity = await authenticate(request.head, addressee, deps, authorization, request.via);
  const service = deps.services.get(model.id);
  // REST and JSON requests name their operation in the head, so it is refused before its body is read; forms name it in the body.
  const early = isFormRequest ? undefined : route(identification, request.head, undefined);
  if (early) requireSigned(identity, early.operation, identification);
  const received = await body.read(early && service, early?.operation.name);
  identity.verifyBody(received);
  const { head, content } = isEncoded(request.head)
    ? await body.decode(received, { protocol, service: early && service, operation: early?.operation, chunkSigner: identity.chunkSigner })
    : { head: request.head, content: received };
  const { operation, labels } = early ?? route(identification, head, content);
  progress.operation = operation;
  requireSigned(identity, operation, identification);

  const bound = requireImplemented(service, model.id, operation.name);
  const input = codec.parseInput(operation, head, labels, content);
  if (!service?.checksOwnInput) checkConstraints(operation, input, service?.validationErrorCode ?? 'ValidationException');

  const about = { protocol, credential: identity.credential };
  const call: Call = {
    requestId,
    account: identity.account,
    region: identity.region,
    caller: identity.caller,
    nowMs: deps.productNow(),
    // Asked for by few operations, and not free to make.
    get signal() {
      return request.signal;
    },
    log: deps.log.with({ requestId, operation: operation.name }),
    endpoint: deps.endpointOf(head),
    sourceIp: request.sourceIp,
    head,
    authorise: (access) => authoriseAccess(access, call, about, deps),
    permits: (access) => permitsAccess(access, call, about, deps),
  };
  await authorise(bound, input, call, about, deps);
  const output = await bound.handle(input, call);
  return codec.formatOutput(operation, output as Readonly<Record<string, unknown>>, { requestId });
}

// Only operations that the model marks so are served to anyone; for the rest an unsigned request is refused, never trusted.
function requireSigned(identity: Identity, operation: OperationModel, { protocol }: Identification): void {
  if (identity.caller.kind === 'anonymous' && operation.signed) throw authenticationError(authenticationFailure('missing'), protocol);
}

function unidentified(): ServiceError {
  return new ServiceError('UnknownOperationException', 'Nothing in this request says which service it is for: it is not signed and no path or target of a known service.', {
    status: 404,
  });
}

function requireImplemented(service: BoundService | undefined, serviceId: string, operationName: string): BoundOperation {
  const operation = service?.find(operationName);
  if (operation) return operation;
  // 501 and not 500: the SDKs retry 500, 502, 503 and 504, and a retry cannot help here.
  throw new ServiceError('NotImplemented', `Haneul does not implement ${serviceId}:${operationName} yet.`, { status: 501 });
}

function toServiceError(error: unknown, { signal }: ApiRequest, requestId: string, { log, onNoSpace }: ChainDeps): ServiceError {
  if (error instanceof ServiceError) return error;
  // Whoever waited has gone: what was given up for that reason is no bug, and this answer is read by nobody.
  if (signal.aborted && error === signal.reason) return new ServiceError('RequestAborted', 'The client went away.', { status: 400 });
  const full = noSpaceOf(error);
  if (full) {
    onNoSpace?.(full);
    // 507 and not 500: the SDKs repeat a 500 at once, and nothing changes until somebody makes room.
    return new ServiceError('InsufficientStorage', 'The disk that Haneul keeps its data on is full; nothing was changed. Writes go on as soon as there is room.', {
      status: 507,
      fault: 'server',
    });
  }
  const stack = error instanceof Error ? error.stack : String(error);
  log.error('bug', { requestId, stack, ...(error instanceof InvariantError ? error.fields : {}) });
  return new ServiceError('InternalFailure', `Haneul failed on this request; its log has the details under request id ${requestId}.`, {
    status: 500,
    fault: 'server',
    cause: error,
  });
}

// Threads pass on an error's text only, so the code of a system error is looked for there.
function noSpaceOf(error: unknown): NoSpaceError | undefined {
  if (error instanceof NoSpaceError) return error;
  return error instanceof Error && /^(ENOSPC|EDQUOT): /.test(error.message) ? new NoSpaceError('no space left for what a request had to write') : undefined;
}
