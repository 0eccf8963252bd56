import { createHash } from 'node:crypto';
import type { FunctionVisitor } from '../ports/functionGate.ts';
import type { Caller, CredentialDirectory, IssuedCredential } from '../ports/identity.ts';
import { type AuthenticationFailure, type Authorization, parseAuthorization } from '../wire/authorization.ts';
import { authenticationError, authenticationFailure } from '../wire/authenticationError.ts';
import { bodyCheckOf } from '../wire/body.ts';
import type { ChunkSigner, SignatureVerifier } from '../wire/sigv4.ts';
import { verifySignatureV2 } from '../wire/sigv2.ts';
import type { ProtocolName, RequestHead } from '../wire/types.ts';

export interface Authenticator {
  readonly credentials: CredentialDirectory;
  readonly signatures: SignatureVerifier;
  /** True on loopback in local mode: a key that Haneul never issued is the local root user (design.md §6). */
  readonly trustUnknownKeys: boolean;
  readonly defaultAccount: string;
  readonly defaultRegion: string;
  /** Wall time: moving product time breaks no signature. */
  readonly wallNow: () => number;
  readonly productNow: () => number;
}

/** Who sent a request, and for which account and region. */
export interface Identity {
  readonly caller: Caller;
  readonly account: string;
  readonly region: string;
  readonly credential: IssuedCredential | undefined;
  /**
   * Checks the body against the signature; throws when they do not belong together. Until it has run, the caller is only
   * known where the head alone was signed.
   */
  readonly verifyBody: (body: Uint8Array) => void;
  /** Verifies the chunks of an `aws-chunked` body; undefined when the request's own signature could not be verified either. */
  readonly chunkSigner?: ChunkSigner;
}

/** What the addressed service adds: how it words refusals, and which signing names it takes. */
export interface Addressee {
  readonly protocol: ProtocolName;
  readonly signingNames?: readonly string[];
  readonly bucket?: string | undefined;
}

/**
 * Tells who sent a request from its head alone, before any of its body is read. A signature that covers the body but not its
 * hash in a header can be verified only with the body: `verifyBody` finishes it. Throws the service's authentication errors.
 */
export async function authenticate(
  head: RequestHead,
  addressee: Addressee,
  deps: Authenticator,
  authorization: Authorization | undefined = parseAuthorization(head),
  via?: FunctionVisitor,
): Promise<Identity> {
  if (authorization === undefined) return anonymous(deps);
  if (authorization.kind === 'failure') throw authenticationError(authorization, addressee.protocol);
  const region = authorization.kind === 'v4' && authorization.region !== '' ? authorization.region : deps.defaultRegion;
  const credential = await deps.credentials.findCredential(authorization.accessKeyId);
  if (!credential) {
    if (!deps.trustUnknownKeys) throw authenticationError(authenticationFailure('unknown-key'), addressee.protocol);
    if (via) return await standIn(via, region, addressee, deps);
    const account = /^\d{12}$/.test(authorization.accessKeyId) ? authorization.accessKeyId : deps.defaultAccount;
    return { caller: rootOf(account), account, region, credential, verifyBody: acceptBody };
  }
  const verifyBody = judge(head, authorization, credential, addressee, deps);
  const identity = { caller: credential.caller, account: credential.caller.account, region, credential, verifyBody };
  if (authorization.kind === 'v2' || bodyCheckOf(head, authorization).kind !== 'chunked') return identity;
  return { ...identity, chunkSigner: deps.signatures.continueFrom(authorization, credential.secretAccessKey) };
}

// Where a made-up key outside is the administrator, inside a function it is the role that the function runs in.
async function standIn({ accessKeyId }: FunctionVisitor, region: string, { protocol }: Addressee, deps: Authenticator): Promise<Identity> {
  const credential = await deps.credentials.findCredential(accessKeyId);
  if (!credential?.active) throw authenticationError(authenticationFailure('unknown-key'), protocol);
  if (isExpired(credential, deps)) throw authenticationError(authenticationFailure('expired-token'), protocol);
  return { caller: credential.caller, account: credential.caller.account, region, credential, verifyBody: acceptBody };
}

function isExpired({ expiresAtMs, expiresBy }: IssuedCredential, deps: Authenticator): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= (expiresBy === 'wall' ? deps.wallNow() : deps.productNow());
}

/** The root user of an account: needs no policy in it. */
export function rootOf(account: string): Caller {
  return { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };
}

const acceptBody = (): void => undefined;

function anonymous({ defaultAccount, defaultRegion }: Authenticator): Identity {
  const caller: Caller = { kind: 'anonymous', account: defaultAccount };
  return { caller, account: defaultAccount, region: defaultRegion, credential: undefined, verifyBody: acceptBody };
}

/** Verifies what the head allows and answers how the rest is verified. */
function judge(
  head: RequestHead,
  authorization: Exclude<Authorization, AuthenticationFailure>,
  credential: IssuedCredential,
  { protocol, signingNames, bucket }: Addressee,
  deps: Authenticator,
): Identity['verifyBody'] {
  const refuse = (failure: AuthenticationFailure | undefined): void => {
    if (failure) throw authenticationError(failure, protocol);
  };
  if (!credential.active) refuse(authenticationFailure('inactive-key'));
  if (isExpired(credential, deps)) refuse(authenticationFailure('expired-token'));
  const { secretAccessKey, sessionToken } = credential;
  const nowMs = deps.wallNow();
  if (authorization.kind === 'v2') {
    refuse(verifySignatureV2({ head, credential: authorization, secretAccessKey, sessionToken, bucket, nowMs }));
    return acceptBody;
  }
  const verifyWith = (payloadHash: string): void =>
    refuse(deps.signatures.verify({ head, credential: authorization, secretAccessKey, sessionToken, payloadHash, nowMs, ...(signingNames ? { signingNames } : {}) }));
  const check = bodyCheckOf(head, authorization);
  if (check.kind === 'hash-first') return (body) => verifyWith(sha256(body));
  verifyWith(check.payloadHash);
  if (check.kind !== 'compare') return acceptBody;
  return (body) => {
    if (sha256(body) !== check.payloadHash.toLowerCase()) refuse(authenticationFailure('body-hash'));
  };
}

function sha256(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

