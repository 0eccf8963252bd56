import type { Readable } from 'node:stream';
import { assert, InvariantError, NoSpaceError, ServiceError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { AuditTrail } from '../ports/auditTrail.ts';
import type { FunctionVisitor } from '../ports/functionGate.ts';
import { AuthenticationError, authenticationError, authenticationFailure } from '../wire/authenticationError.ts';
import { parseAuthorization } from '../wire/authorization.ts';
import { type Codec, codecOf } from '../wire/codecs.ts';
import { checkConstraints } from '../wire/constraints.ts';
import { type Catalogue, type Identification, identify, identifyForm, isForm } from '../wire/identify.ts';
import { type OperationModel, streamingMember } from '../wire/model.ts';
import { withLiftedHeaders } from '../wire/presignedHead.ts';
import { route, type RoutedOperation } from '../wire/route.ts';
import type { ProtocolName, RequestHead, WireResponse } from '../wire/types.ts';
import { applyAnswer } from './answer.ts';
import { anonymous, authenticate, authenticateVisitor, type Authenticator, type Identity } from './authenticate.ts';
import { type FrontAnswer, type FrontRequest, identifyHolder, identifySigner } from './front.ts';
import { AccessDeniedError } from './accessDenied.ts';
import { authorise, authoriseAccess, type AuthorisedRequest, type Authoriser, permitsAccess } from './authorise.ts';
import type { Call } from './context.ts';
import { auditedInput } from './auditedInput.ts';
import type { FailedSignatures } from './failedSignatures.ts';
import { isEncoded, RequestBody } from './requestBody.ts';
import type { BoundOperation, BoundService } from './service.ts';
import type { StreamedBody } from './streamedBody.ts';

/** One API request, as the listener hands it over. */
export interface ApiRequest {
  readonly head: RequestHead;
  readonly sourceIp: string;
  readonly signal: AbortSignal;
  /** Present when it came from inside a function. */
  readonly via?: FunctionVisitor | undefined;
  /** The server asks for that function, which has proved itself otherwise: there is no signature to look at. */
  readonly isVouchedFor?: true;
  /** Reads the body; throws what `tooLarge` makes once it is longer than `bytesMax`. Called at most once. */
  readonly readBody: (bytesMax: number, tooLarge: () => ServiceError) => Promise<Uint8Array>;
  /** The same, handed over piece by piece instead of gathered; each piece is the receiver's to keep or to forget. Absent where bodies only come whole. */
  readonly readPieces?: ((bytesMax: number, tooLarge: () => ServiceError, onPiece: (piece: Buffer) => void) => Promise<void>) | undefined;
  /** The body as it comes, instead: a client that waits to be told so (`Expect: 100-continue`) is told to send it. Absent where bodies only come whole. */
  readonly streamBody?: (() => Readable) | undefined;
}

export interface ChainDeps extends Authenticator, Authoriser {
  readonly catalogue: Catalogue;
  readonly services: ReadonlyMap<string, BoundService>;
  readonly endpointOf: (head: RequestHead) => string;
  readonly newRequestId: () => string;
  readonly failedSignatures: FailedSignatures;
  /** Told of every call that manages something. */
  readonly audit?: AuditTrail;
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
  /** From when it is known who asks for what. */
  asked?: { readonly call: Call; readonly input: Readonly<Record<string, unknown>>; readonly accessKeyId: string | undefined };
  output?: Readonly<Record<string, unknown>>;
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
  let failure: ServiceError | undefined;
  try {
    response = await runSteps(request, requestId, progress, deps);
  } catch (error) {
    const answer = toServiceError(error, request, requestId, deps);
    if (answer instanceof AuthenticationError) deps.failedSignatures.note(senderOf(request));
    failure = answer;
    const { identification, operation } = progress;
    response = codecOf(identification?.protocol ?? 'awsJson1_1').formatError(identification?.service, operation, answer, { requestId });
    if (answer instanceof AccessDeniedError && answer.encodedMessage !== undefined && answer.encodedMessage.length <= explanationCharsMax) response = withExplanation(response, answer.encodedMessage);
    if (answer.headers) response = { ...response, headers: { ...response.headers, ...answer.headers } };
  }
  const served: ServedRequest = {
    service: progress.identification?.service.id,
    operation: progress.operation?.name,
    status: response.status,
    durationMs: Math.round((performance.now() - startedMs) * 1_000) / 1_000,
  };
  deps.recordRequest?.(served);
  if (deps.audit) auditCall(progress, failure, deps.audit);
  tellService(request, requestId, progress, response, { code: failure?.code, durationMs: served.durationMs }, deps);
  deps.log.debug('request', { requestId, ...served, code: failure?.code });
  return response;
}

function tellService({ head, sourceIp }: ApiRequest, requestId: string, progress: Progress, { status, headers, body }: WireResponse, { code, durationMs }: { readonly code: string | undefined; readonly durationMs: number }, deps: ChainDeps): void {
  const service = progress.identification && deps.services.get(progress.identification.service.id);
  if (!service?.answered) return;
  const bytesSent = typeof body === 'string' ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.length : Number(headers['content-length'] ?? headers['Content-Length'] ?? 0);
  const { call, input } = progress.asked ?? {};
  service.answered({ head, bucket: progress.identification?.bucket, requestId, sourceIp, nowMs: deps.productNow(), durationMs, operation: progress.operation?.name, call, input, output: progress.output, status, headers, bytesSent, errorCode: code });
}

function auditCall({ operation, asked, output }: Progress, failure: ServiceError | undefined, audit: AuditTrail): void {
  if (!operation || !asked || !audit.wants(operation.service.id, operation.name)) return;
  const { call, input, accessKeyId } = asked;
  audit.record({
    requestId: call.requestId,
    atMs: call.nowMs,
    account: call.caller.account,
    region: call.region,
    caller: call.caller,
    accessKeyId,
    service: operation.service.id,
    endpointPrefix: operation.service.endpointPrefix,
    operation: operation.name,
    uri: operation.uri,
    input: auditedInput(operation.input, input),
    output: failure || !output || !audit.wantsAnswer(operation.service.id, operation.name) ? {} : auditedInput(operation.output, output),
    error: failure && { code: failure.code, message: failure.message },
    sourceIp: call.sourceIp,
    userAgent: call.head.headers['user-agent'] ?? '',
  });
}

// Clients take about 16 KB of headers in all.
const explanationCharsMax = 4_096;

// For clients whose service, other than EC2, does not put it into its message: `aws sts decode-authorization-message` takes it.
function withExplanation(response: WireResponse, encodedMessage: string): WireResponse {
  return { ...response, headers: { ...response.headers, 'x-haneul-authorization-message': encodedMessage } };
}

async function runSteps(request: ApiRequest, requestId: string, progress: Progress, deps: ChainDeps): Promise<WireResponse> {
  const body = new RequestBody(request, deps.bodyBytesMaxDefault);
  const authorization = parseAuthorization(request.head);
  const isFormRequest = isForm(request.head);
  const identification = identify(request.head, deps.catalogue, authorization) ?? (isFormRequest ? identifyForm(await body.read(), deps.catalogue) : undefined);
  if (!identification) throw unidentified();
  progress.identification = identification;
  const { service: model, protocol } = identification;

  const service = deps.services.get(model.id);
  // Forms that browsers post to buckets are signed inside.
  if (authorization || isFormRequest || service?.front) deps.failedSignatures.requireAllowed(senderOf(request), protocol);
  const fronted = await answerInFront(service, request, requestId, body, identification, deps);
  if (fronted) return fronted;
  const addressee = { protocol, signingNames: model.signingNames, bucket: identification.bucket };
  const { via } = request;
  const identity = via && request.isVouchedFor ? await authenticateVisitor(via, addressee, deps) : await authenticate(request.head, addressee, deps, authorization, via);
  // Forms of the query protocols name their operation in the body. Elsewhere the head does, so that a request is refused before its body is read.
  const early = isFormRequest && isQuery(protocol) ? undefined : route(identification, request.head, undefined);
  if (early) requireSigned(identity, early.operation, identification, service);
  const received = await takeBody({ body, early, service, protocol, identity, request });
  const taken = protocol === 'restXml' ? { ...received, head: withLiftedHeaders(received.head, authorization) } : received;
  const { operation, labels } = early ?? route(identification, taken.head, taken.content);
  progress.operation = operation;
  requireSigned(identity, operation, identification, service);

  const bound = requireImplemented(service, model.id, operation.name);
  const input = parseInput(taken, { operation, labels }, codecOf(protocol));
  if (!service?.checksOwnInput) checkConstraints(operation, input, service?.validationErrorCode ?? 'ValidationException');

  const about = { protocol, credential: identity.credential, service: model.id };
  const nowMs = deps.productNow();
  noteKeyUse(identity, model.id, nowMs, deps);
  const call = createCall({ request, requestId, identity, head: taken.head, operation: operation.name, about, nowMs }, deps);
  progress.asked = { call, input: input as Readonly<Record<string, unknown>>, accessKeyId: identity.credential?.accessKeyId };
  await authorise(bound, input, call, about, deps);
  const output = (await handle(bound, input, call, taken.stream)) as Readonly<Record<string, unknown>>;
  progress.output = output;
  return applyAnswer(codecOf(protocol).formatOutput(operation, output, { requestId }), output);
}

async function answerInFront(service: BoundService | undefined, request: ApiRequest, requestId: string, body: RequestBody, identification: Identification, deps: ChainDeps): Promise<FrontAnswer | undefined> {
  if (identification.functionUrl) return await service?.urls?.(frontRequest(request, requestId, body, identification, deps));
  return await service?.front?.(frontRequest(request, requestId, body, identification, deps));
}

// A function has no address of its own.
function senderOf({ sourceIp, via }: ApiRequest): string {
  return via?.accessKeyId ?? sourceIp;
}

function isQuery(protocol: ProtocolName): boolean {
  return protocol === 'awsQuery' || protocol === 'ec2Query';
}

interface TakenBody {
  /** The head without what only spoke of the coding of the body. */
  readonly head: RequestHead;
  /** One of the three: bytes, a document parsed already, or what the operation reads itself. */
  readonly content?: Uint8Array;
  readonly document?: { readonly value: unknown };
  readonly stream?: StreamedBody;
}

interface BodyTaking {
  readonly body: RequestBody;
  readonly early: RoutedOperation | undefined;
  readonly service: BoundService | undefined;
  readonly protocol: ProtocolName;
  readonly identity: Identity;
  readonly request: ApiRequest;
}

async function takeBody({ body, early, service, protocol, identity, request }: BodyTaking): Promise<TakenBody> {
  const { bodyCheck, chunkSigner } = identity;
  const operation = early?.operation;
  const bound = operation && service?.find(operation.name);
  if (operation && bound && !bound.buffered && streamingMember(operation.input)) {
    const opened = await body.stream({ service, operation, bodyCheck, chunkSigner });
    return { head: opened.head, stream: opened.body };
  }
  const places = bound && body.placesOfLarge({ operation, protocol });
  if (operation && places) return { head: request.head, document: { value: await body.readDocument(places, { service, operation, protocol, bodyCheck }) } };
  const received = await body.read(early && service, operation?.name);
  body.verify(received, bodyCheck);
  if (!isEncoded(request.head, operation)) return { head: request.head, content: received };
  return await body.decode(received, { protocol, service: early && service, operation, chunkSigner });
}

function parseInput({ head, content, document, stream }: TakenBody, { operation, labels }: RoutedOperation, codec: Codec): object {
  if (document) return codec.parseDocument?.(operation, head, labels, document.value) ?? {};
  const input = codec.parseInput(operation, head, labels, content);
  const member = stream && streamingMember(operation.input);
  return member ? Object.assign(input, { [member.name]: stream }) : input;
}

interface CallFacts {
  readonly request: ApiRequest;
  readonly requestId: string;
  readonly identity: Identity;
  readonly head: RequestHead;
  readonly operation: string;
  readonly about: AuthorisedRequest;
  readonly nowMs: number;
}

function createCall({ request, requestId, identity, head, operation, about, nowMs }: CallFacts, deps: ChainDeps): Call {
  const call: Call = {
    requestId,
    account: identity.account,
    region: identity.region,
    caller: identity.caller,
    accessKeyId: identity.credential?.accessKeyId,
    nowMs,
    // Asked for by few operations, and not free to make.
    get signal() {
      return request.signal;
    },
    log: deps.log.with({ requestId, operation }),
    endpoint: deps.endpointOf(head),
    sourceIp: request.sourceIp,
    head,
    authorise: (access) => authoriseAccess(access, call, about, deps),
    permits: (access) => permitsAccess(access, call, about, deps),
  };
  return call;
}

function frontRequest(request: ApiRequest, requestId: string, body: RequestBody, identification: Identification, deps: ChainDeps): FrontRequest {
  const { service, protocol, bucket, functionUrl } = identification;
  const callOf = (identity: Identity): Call => {
    const about = { protocol, credential: identity.credential, service: service.id };
    return createCall({ request, requestId, identity, head: request.head, operation: 'front', about, nowMs: deps.productNow() }, deps);
  };
  return {
    head: request.head,
    requestId,
    bucket,
    functionUrl,
    sourceIp: request.sourceIp,
    signal: request.signal,
    log: deps.log.with({ requestId }),
    readBody: (bytesMax, tooLarge) => request.readBody(bytesMax, tooLarge),
    async identify() {
      const addressee = { protocol, signingNames: service.signingNames };
      // Answered in front, so that the chain sees no error of it.
      const note = (error: unknown): never => {
        if (error instanceof AuthenticationError) deps.failedSignatures.note(senderOf(request));
        throw error;
      };
      const identity = await authenticate(request.head, addressee, deps, parseAuthorization(request.head), request.via).catch(note);
      const accessKeyId = identity.credential?.accessKeyId;
      const verifyBody = (received: Uint8Array): void => {
        try {
          body.verify(received, identity.bodyCheck);
        } catch (error) {
          note(error);
        }
      };
      return { call: callOf(identity), accessKeyId, verifyBody };
    },
    openBody: () => body.openRaw(),
    anonymousCall: () => callOf(anonymous(deps)),
    holderCall: async (holder) => callOf(await identifyHolder(holder, { protocol, via: request.via }, deps)),
    signedCall: async (signed) => callOf(await identifySigner(signed, request.via, deps)),
  };
}

/** Whether the request is for a service that decides itself which pages may read from it. */
export function mayBeAsked(head: RequestHead, deps: Pick<ChainDeps, 'catalogue' | 'services'>): boolean {
  const identification = identify(head, deps.catalogue);
  return identification !== undefined && deps.services.get(identification.service.id)?.crossOrigin !== undefined;
}

/** The header fields that let a page of another origin read the answer; undefined when nothing lets it in. */
export async function crossOriginHeaders(head: RequestHead, deps: Pick<ChainDeps, 'catalogue' | 'services'>): Promise<Readonly<Record<string, string>> | undefined> {
  const identification = identify(head, deps.catalogue);
  const service = identification && deps.services.get(identification.service.id);
  return await service?.crossOrigin?.({ head, bucket: identification?.bucket });
}

async function handle(bound: BoundOperation, input: object, call: Call, stream: StreamedBody | undefined): Promise<object> {
  if (!stream) return await bound.handle(input, call);
  try {
    const output = await bound.handle(input, call);
    // Else nobody has compared the body with what was signed.
    assert(stream.isVerified(), 'an operation answered before it had read its body');
    return output;
  } finally {
    stream.destroy();
  }
}

function noteKeyUse({ credential, account, region }: Identity, service: string, nowMs: number, { use }: ChainDeps): void {
  if (use && credential) use.keyUsed({ accessKeyId: credential.accessKeyId, account, service, region, nowMs });
}

// Only operations that the model marks so are served to anyone; for the rest an unsigned request is refused, never trusted.
function requireSigned(identity: Identity, operation: OperationModel, { protocol }: Identification, service: BoundService | undefined): void {
  if (service?.servesAnonymous) return;
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
