// The AWS Parameters and Secrets Lambda Extension, as functions find it at http://localhost:2773: a GET with the session token of the
// environment, answered with the permissions of the function's role. It is there without the layer that brings it on AWS.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
// https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html

import { equalText } from '../base/equalText.ts';
import { type ChainDeps, serveApi } from '../framework/chain.ts';
import type { FunctionVisitor } from '../ports/functionGate.ts';
import { secretsExtensionPort } from '../sandbox/limits.ts';
import type { RequestHead, WireResponse } from '../wire/types.ts';
import type { Arrival } from './arrival.ts';

const tokenHeader = 'x-aws-parameters-secrets-token';

interface Wanted {
  readonly target: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Whether a request from inside a function is for the extension: it tells by the port. */
export function isExtensionRequest({ headers }: RequestHead): boolean {
  return headers['host']?.endsWith(`:${secretsExtensionPort}`) === true;
}

/** Answers as the extension does: what the operation answered, with dates as text; a refusal with its code and message. */
export async function answerExtension(arrival: Arrival, via: FunctionVisitor, chain: ChainDeps): Promise<WireResponse> {
  const { head } = arrival;
  const token = head.headers[tokenHeader];
  if (token === undefined || !equalText(token, via.sessionToken)) return plain(401, 'The X-Aws-Parameters-Secrets-Token header must be the AWS_SESSION_TOKEN of the function.');
  const wanted = head.method === 'GET' ? readWanted(head) : undefined;
  if (wanted === undefined) return plain(404, 'The extension answers GET /secretsmanager/get?secretId=… and GET /systemsmanager/parameters/get?name=…');
  const body = Buffer.from(JSON.stringify(wanted.input));
  const headers = { host: head.headers['host'] ?? '', 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': wanted.target, 'content-length': String(body.length) };
  const response = await serveApi(
    { head: { method: 'POST', path: '/', query: '', headers }, sourceIp: arrival.sourceIp, signal: arrival.signal, via, isVouchedFor: true, readBody: async () => body },
    chain,
  );
  return withTextDates(response);
}

function readWanted({ path, query }: RequestHead): Wanted | undefined {
  const parameters = new URLSearchParams(query);
  const get = (name: string): string | undefined => parameters.get(name) ?? undefined;
  switch (path.replace(/\/$/, '')) {
    case '/secretsmanager/get':
      return { target: 'secretsmanager.GetSecretValue', input: { SecretId: get('secretId'), VersionId: get('versionId'), VersionStage: get('versionStage') } };
    case '/systemsmanager/parameters/get': {
      const selector = get('version') ?? get('label');
      const name = get('name');
      return {
        target: 'AmazonSSM.GetParameter',
        input: { Name: name === undefined || selector === undefined ? name : `${name}:${selector}`, WithDecryption: get('withDecryption')?.toLowerCase() === 'true' },
      };
    }
    default:
      return undefined;
  }
}

// The protocol has dates in seconds, the extension in ISO 8601.
function withTextDates(response: WireResponse): WireResponse {
  const { body } = response;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return response;
  const answer = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>;
  const dated = JSON.stringify(answer, (key, value: unknown) => (/^(?:CreatedDate|LastModifiedDate)$/.test(key) && typeof value === 'number' ? new Date(value * 1_000).toISOString() : value));
  return { status: response.status, headers: { 'content-type': 'application/json' }, body: dated };
}

const plain = (status: number, text: string): WireResponse => ({ status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` });
