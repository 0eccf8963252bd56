import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ServiceError } from '../base/errors.ts';
import { authenticate } from '../framework/authenticate.ts';
import { type ApiRequest, type ChainDeps, crossOriginHeaders, mayBeAsked, serveApi } from '../framework/chain.ts';
import type { FunctionVisitor } from '../ports/functionGate.ts';
import { functionUrlAddress, type FunctionUrlAddress } from '../wire/functionUrl.ts';
import type { RequestHead, WireResponse } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';
import { BodyError } from './body.ts';
import type { Composition } from './composition.ts';
import { type ControlTarget, controlAnswer, controlBodyBytesMax, isControlPath, isPublicControlPath, isUpload, serveControl } from './control.ts';
import { answerExtension, isExtensionRequest } from './secretsExtension.ts';
import { isForeignPage, isLocalPage, refuseForeignHost, refuseForeignRequest, refuseWebsiteScript, sandboxPage } from './hostGuard.ts';
import type { Platform } from './platform.ts';

const codePath = '/lambda-code/';

/** Answers one request on the one port: a control endpoint, a code download, or an API operation. */
export async function answerArrival(arrival: Arrival, platform: Platform, control: ControlTarget, via?: FunctionVisitor): Promise<WireResponse> {
  const { head } = arrival;
  const { chain } = platform.current();
  const listener = { loopback: chain.trustUnknownKeys || via !== undefined };
  const functionUrl = functionUrlAddress(head);
  if (functionUrl) return await answerFunctionUrl(arrival, functionUrl, platform, listener, via);
  const letIn = refuseForeignHost(head, listener) === undefined && isForeignPage(head) && !isControlPath(head.path) ? await letPageIn(head, platform) : undefined;
  const refusal = (letIn ? undefined : refuseForeignRequest(head, listener)) ?? (listener.loopback ? refuseWebsiteScript(head) : undefined);
  if (refusal !== undefined) return controlAnswer(403, { __type: 'ForbiddenException', message: refusal });
  if (via && (isControlPath(head.path) || head.path.startsWith(codePath))) return refuseFunction();
  // Whoever may subscribe could otherwise make SNS itself drive the server.
  if (isControlPath(head.path) && head.headers['x-amz-sns-message-type'] !== undefined) return controlAnswer(403, { __type: 'ForbiddenException', message: 'Messages of SNS are not taken here.' });
  if (isControlPath(head.path)) return await answerControl(arrival, chain, control);
  try {
    return await platform.use(async (state) => {
      if (head.path.startsWith(codePath)) return await answerCodeDownload(head, state.composition);
      if (via && isExtensionRequest(head)) return await answerExtension(arrival, via, state.chain);
      // A bucket lets pages in to what their user has signed for; a key that they make up themselves must not be the administrator's.
      const known = letIn && !isLocalPage(head) ? { ...state.chain, trustUnknownKeys: false } : state.chain;
      const response = await serveApi(new ApiArrival(arrival, via), known);
      const shown = listener.loopback ? sandboxPage(head, response) : response;
      return letIn ? { ...shown, headers: { ...shown.headers, ...letIn } } : shown;
    });
  } catch (error) {
    if (error instanceof ServiceError) return controlAnswer(error.status ?? 500, { __type: error.code, message: error.message });
    throw error;
  }
}

// Pages of any origin may ask a function URL, as on AWS: its own CORS settings decide what they may read. Nothing else is served at such an
// address, whatever the path. A name that is not this server's is refused here too, lest a rebound one gets around that.
async function answerFunctionUrl(
  arrival: Arrival,
  { region }: FunctionUrlAddress,
  platform: Platform,
  listener: { readonly loopback: boolean },
  via: FunctionVisitor | undefined,
): Promise<WireResponse> {
  const { head } = arrival;
  const refusal = refuseForeignHost(head, listener);
  if (refusal !== undefined) return controlAnswer(403, { __type: 'ForbiddenException', message: refusal });
  return await platform.use(async ({ chain }) => {
    const known = isForeignPage(head) && !isLocalPage(head) ? { ...chain, trustUnknownKeys: false } : chain;
    const response = await serveApi(new ApiArrival(arrival, via), known);
    // By path it has the server's own origin, which a page of the function must not have.
    return region === undefined ? sandboxPage({ ...head, method: 'GET' }, response) : response;
  });
}

// What a page of another origin may ask: whether it may (a preflight), and then what the resource itself lets it; without an Origin, to show
// what everybody may read or what a presigned URL lets its holder read: nobody can make one up for a key that Haneul has issued. Answers
// the header fields for it.
async function letPageIn(head: RequestHead, platform: Platform): Promise<Readonly<Record<string, string>> | undefined> {
  const { chain } = platform.current();
  if (head.method === 'OPTIONS' && head.headers['access-control-request-method'] !== undefined) return mayBeAsked(head, chain) ? {} : undefined;
  if (head.headers['origin'] !== undefined) return await platform.use((state) => crossOriginHeaders(head, state.chain));
  const isRead = (head.method === 'GET' || head.method === 'HEAD') && head.headers['authorization'] === undefined;
  return isRead && mayBeAsked(head, chain) ? {} : undefined;
}

// Steering the server, and packages behind a link that is its own permission, are for those outside.
function refuseFunction(): WireResponse {
  return controlAnswer(403, { __type: 'AccessDeniedException', message: 'Functions cannot reach this path: it is served outside of them only.' });
}

/** An arrival as the chain takes it: what is wrong with a body is said as an API answer. */
class ApiArrival implements ApiRequest {
  readonly head: RequestHead;
  readonly sourceIp: string;
  readonly via: FunctionVisitor | undefined;
  readonly #arrival: Arrival;

  constructor(arrival: Arrival, via: FunctionVisitor | undefined) {
    this.head = arrival.head;
    this.sourceIp = arrival.sourceIp;
    this.via = via;
    this.#arrival = arrival;
  }

  get signal(): AbortSignal {
    return this.#arrival.signal;
  }

  readBody(bytesMax: number, tooLarge: () => ServiceError): Promise<Uint8Array> {
    return readApiBody(this.#arrival, bytesMax, tooLarge);
  }

  get readPieces(): ApiRequest['readPieces'] {
    const read = this.#arrival.readPieces;
    return read && ((bytesMax, tooLarge, onPiece) => explainBodyErrors(read(bytesMax, onPiece), tooLarge));
  }

  get streamBody(): (() => Readable) | undefined {
    return this.#arrival.stream;
  }
}

function readApiBody(arrival: Arrival, bytesMax: number, tooLarge: () => ServiceError): Promise<Uint8Array> {
  return explainBodyErrors(arrival.readBody(bytesMax), tooLarge);
}

async function explainBodyErrors<Body>(reading: Promise<Body>, tooLarge: () => ServiceError): Promise<Body> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    if (error.failure === 'too-large') throw tooLarge();
    if (error.failure === 'overloaded') throw new ServiceError('ServiceUnavailable', 'Too many large requests at once; try again.', { status: 503 });
    if (error.failure === 'slow') throw new ServiceError('RequestTimeout', 'The body of the request did not arrive in time.', { status: 408 });
    throw new ServiceError('RequestAborted', 'The request ended before its body was complete.', { status: 400 });
  }
}

// Whoever may act as root may steer the server; on a trusting loopback listener that is everybody who reaches it.
async function answerControl(arrival: Arrival, chain: ChainDeps, control: ControlTarget): Promise<WireResponse> {
  const { head } = arrival;
  try {
    const upload = isUpload(head) ? arrival.stream : undefined;
    // A signature that covers an upload could only be verified after it: where signatures count it must be signed as UNSIGNED-PAYLOAD.
    const body = upload ? new Uint8Array() : await readApiBody(arrival, controlBodyBytesMax, () => new ServiceError('TooLarge', 'The body is too large.', { status: 413 }));
    if (!chain.trustUnknownKeys && !isPublicControlPath(head.path)) await requireRoot(head, body, chain);
    return await serveControl(control, { method: head.method, path: head.path, query: head.query, body, ...(upload ? { upload: upload() } : {}) });
  } catch (error) {
    if (error instanceof ServiceError) return controlAnswer(error.status ?? 403, { __type: error.code, message: error.message });
    throw error;
  }
}

async function requireRoot(head: RequestHead, body: Uint8Array, chain: ChainDeps): Promise<void> {
  const { caller, bodyCheck } = await authenticate(head, { protocol: 'restJson1' }, chain);
  bodyCheck?.verify(createHash('sha256').update(body).digest('hex'));
  if (caller.kind !== 'root') throw new ServiceError('AccessDeniedException', 'Control endpoints take requests signed with the root key.', { status: 403 });
}

async function answerCodeDownload(head: RequestHead, composition: Composition): Promise<WireResponse> {
  const archive = head.method === 'GET' ? composition.findCodeDownload(head.path.slice(codePath.length)) : undefined;
  if (!archive) return controlAnswer(403, { __type: 'AccessDenied', message: 'This link is not valid, or no longer.' });
  const headers = { 'content-type': 'application/zip', 'content-disposition': `attachment; filename="${archive.fileName}"` };
  return { status: 200, headers, body: await archive.open() };
}
