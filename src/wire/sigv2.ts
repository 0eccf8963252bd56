// Signature version 2 for S3: boto3 still presigns with it by default (S3 developer guide, "Signing and authenticating REST requests").

import { createHmac } from 'node:crypto';
import type { AuthenticationFailure, V2Credential } from './authorization.ts';
import { clockSkewMsMax } from './limits.ts';
import { equalText } from '../base/equalText.ts';
import type { RequestHead } from './types.ts';

// Sub-resources and response overrides are part of what is signed; every other parameter is not.
const signedParameters = new Set([
  'acl', 'accelerate', 'analytics', 'cors', 'defaultObjectAcl', 'delete', 'inventory', 'lifecycle', 'location', 'logging', 'metrics', 'notification', 'object-lock',
  'ownershipControls', 'partNumber', 'policy', 'policyStatus', 'publicAccessBlock', 'replication', 'requestPayment', 'response-cache-control', 'response-content-disposition',
  'response-content-encoding', 'response-content-language', 'response-content-type', 'response-expires', 'restore', 'retention', 'select', 'select-type', 'tagging', 'torrent',
  'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'website', 'encryption', 'intelligent-tiering', 'legal-hold',
]);

export interface V2Verification {
  readonly head: RequestHead;
  readonly credential: V2Credential;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** The bucket of a virtual-host request: it is part of the resource that is signed. */
  readonly bucket?: string | undefined;
  readonly nowMs: number;
}

/** Undefined when the signature is good, else why it is refused. */
export function verifySignatureV2(verification: V2Verification): AuthenticationFailure | undefined {
  const { credential, sessionToken, nowMs, head } = verification;
  if (credential.expiresAtSeconds * 1000 < nowMs) {
    const members = { Expires: new Date(credential.expiresAtSeconds * 1000).toISOString(), ServerTime: new Date(nowMs).toISOString() };
    return { kind: 'failure', problem: 'expired', message: 'Request has expired', members };
  }
  if (sessionToken !== undefined && !equalText(sessionToken, credential.sessionToken ?? '')) {
    return { kind: 'failure', problem: 'bad-token', message: 'The provided token is malformed or otherwise invalid.' };
  }
  const isHeaderForm = credential.expiresAtSeconds === Number.POSITIVE_INFINITY;
  const date = Date.parse(head.headers['x-amz-date'] ?? head.headers['date'] ?? '');
  if (isHeaderForm && !(Math.abs(nowMs - date) <= clockSkewMsMax)) {
    return { kind: 'failure', problem: 'skewed', message: 'The difference between the request time and the current time is too large.' };
  }
  const stringToSign = stringToSignV2(verification, isHeaderForm);
  const signature = createHmac('sha1', verification.secretAccessKey).update(stringToSign).digest('base64');
  if (equalText(signature, credential.signature)) return undefined;
  return {
    kind: 'failure',
    problem: 'bad-signature',
    message: 'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    members: { AWSAccessKeyId: credential.accessKeyId, StringToSign: stringToSign, SignatureProvided: credential.signature },
  };
}

function stringToSignV2({ head, credential, bucket }: V2Verification, isHeaderForm: boolean): string {
  const amz = Object.entries(head.headers)
    .filter(([name]) => name.startsWith('x-amz-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}\n`)
    .join('');
  // A token in the query takes the place of its header.
  const token = credential.sessionToken !== undefined && head.headers['x-amz-security-token'] === undefined && !isHeaderForm ? `x-amz-security-token:${credential.sessionToken}\n` : '';
  const when = isHeaderForm ? (head.headers['x-amz-date'] === undefined ? (head.headers['date'] ?? '') : '') : String(credential.expiresAtSeconds);
  const resource = `${bucket === undefined ? '' : `/${bucket}`}${head.path}${subresources(head.query)}`;
  return `${head.method}\n${head.headers['content-md5'] ?? ''}\n${head.headers['content-type'] ?? ''}\n${when}\n${amz}${token}${resource}`;
}

function subresources(query: string): string {
  const kept = query.split('&').filter((pair) => signedParameters.has(pair.split('=')[0] ?? '')).sort();
  return kept.length === 0 ? '' : `?${kept.map(decodeValue).join('&')}`;
}

function decodeValue(pair: string): string {
  try {
    return decodeURIComponent(pair.replaceAll('+', ' '));
  } catch {
    return pair;
  }
}
