import { ServiceError } from '../base/errors.ts';
import type { AuthenticationFailure, AuthenticationProblem } from './authorization.ts';
import type { ProtocolName } from './types.ts';

/** Says that nobody knows who sent a request. */
export class AuthenticationError extends ServiceError {}

/** The answer to a request that could not be authenticated, as the services of this protocol give it. */
export function authenticationError(failure: AuthenticationFailure, protocol: ProtocolName): AuthenticationError {
  if (protocol === 'restXml') return s3Error(failure);
  const query = protocol === 'awsQuery' || protocol === 'ec2Query';
  const [json, form] = codes[failure.problem];
  const message = failure.problem === 'missing' ? (query ? 'Request is missing Authentication Token' : 'Missing Authentication Token') : failure.message;
  // The services behind awsJson answer 400, those of the other protocols 403.
  const status = protocol === 'awsJson1_0' || protocol === 'awsJson1_1' || protocol === 'rpcv2Cbor' ? 400 : 403;
  return new AuthenticationError(query ? form : json, message, { status });
}

/** A failure made outside of the verifiers: no credential, an unknown or inactive key, an expired session. */
export function authenticationFailure(problem: 'missing' | 'unknown-key' | 'inactive-key' | 'expired-token' | 'body-hash'): AuthenticationFailure {
  return { kind: 'failure', problem, message: messages[problem] };
}

const messages = {
  missing: 'Missing Authentication Token',
  'unknown-key': 'The security token included in the request is invalid.',
  'inactive-key': 'The security token included in the request is invalid.',
  'expired-token': 'The security token included in the request is expired',
  'body-hash': 'The value of x-amz-content-sha256 does not match the calculated value.',
} as const;

const codes: Readonly<Record<AuthenticationProblem, readonly [json: string, form: string]>> = {
  missing: ['MissingAuthenticationTokenException', 'MissingAuthenticationToken'],
  incomplete: ['IncompleteSignatureException', 'IncompleteSignature'],
  'unknown-key': ['UnrecognizedClientException', 'InvalidClientTokenId'],
  'inactive-key': ['UnrecognizedClientException', 'InvalidClientTokenId'],
  'bad-token': ['UnrecognizedClientException', 'InvalidClientTokenId'],
  'expired-token': ['ExpiredTokenException', 'ExpiredToken'],
  'bad-signature': ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  expired: ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  skewed: ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  'wrong-scope': ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  'unsigned-headers': ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  'body-hash': ['InvalidSignatureException', 'SignatureDoesNotMatch'],
};

// S3 API reference, "Error responses": its own codes, messages and statuses.
function s3Error({ problem, message, members }: AuthenticationFailure): AuthenticationError {
  const facts = members === undefined ? {} : { members };
  switch (problem) {
    case 'missing':
      return new AuthenticationError('AccessDenied', 'Access Denied', { status: 403 });
    case 'unknown-key':
    case 'inactive-key':
      return new AuthenticationError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', { status: 403, ...facts });
    case 'bad-token':
      return new AuthenticationError('InvalidToken', 'The provided token is malformed or otherwise invalid.', { status: 400, ...facts });
    case 'expired-token':
      return new AuthenticationError('ExpiredToken', 'The provided token has expired.', { status: 400, ...facts });
    case 'bad-signature':
      return new AuthenticationError('SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided. Check your key and signing method.', { status: 403, ...facts });
    case 'expired':
      return new AuthenticationError('AccessDenied', 'Request has expired', { status: 403, ...facts });
    case 'skewed':
      return new AuthenticationError('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', { status: 403, ...facts });
    case 'unsigned-headers':
      return new AuthenticationError('AccessDenied', 'There were headers present in the request which were not signed', { status: 403, ...facts });
    case 'body-hash':
      return new AuthenticationError('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.", { status: 400, ...facts });
    default:
      return new AuthenticationError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${message}`, { status: 400 });
  }
}
