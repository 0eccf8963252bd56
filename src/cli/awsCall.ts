import { UserFacingError } from '../base/errors.ts';
import { defaultOptions } from '../server/options.ts';
import { signRequest } from '../wire/sigv4.ts';
import { callerKey } from './credentials.ts';
import { sendHttp, type HttpAnswer } from './httpRequest.ts';
import { notRunning, parseJson, type ServerLocation } from './serverConnection.ts';
import type { Terminal } from './terminal.ts';

export interface AwsCall {
  /** The signing name, for example `lambda`. */
  readonly service: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Default 30 s. */
  readonly idleMs?: number;
  readonly signal?: AbortSignal;
}

/** An error that the service answered, in its own words. */
export class AwsError extends UserFacingError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'AwsError';
    this.code = code;
  }
}

/** One signed call of the server's public API. Throws {@link AwsError} for what the service refuses. */
export async function callAws(location: ServerLocation, terminal: Terminal, call: AwsCall): Promise<HttpAnswer> {
  const { service, method, body = '', idleMs = 30_000, signal } = call;
  const url = new URL(call.path, location.endpoint);
  const region = terminal.environment['AWS_REGION'] || terminal.environment['AWS_DEFAULT_REGION'] || defaultOptions.region;
  const signing = { method, url: url.href, service, region, nowMs: terminal.clock.now(), body, ...(call.headers ? { headers: call.headers } : {}) };
  const headers = signRequest(signing, callerKey(location, terminal));
  let answer: HttpAnswer;
  try {
    answer = await sendHttp({ method, url, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, body, idleMs, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw notRunning(location, error);
  }
  if (answer.status >= 300) throw readError(answer);
  return answer;
}

function readError(answer: HttpAnswer): AwsError {
  const content = parseJson(answer.body);
  const members = typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
  const code = String(answer.headers['x-amzn-errortype'] ?? members['__type'] ?? members['code'] ?? `HTTP ${answer.status}`);
  const message = String(members['message'] ?? members['Message'] ?? answer.body.toString('utf8').slice(0, 300));
  return new AwsError(code.replace(/:.*$/, '').replace(/^.*#/, ''), message);
}
