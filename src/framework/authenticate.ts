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
  /** What is left to check once the body is known; undefined where the signature says nothing about it, or is not verified. */
  readonly bodyCheck: BodyCheck | undefined;
  /** Verifies the chunks of an `aws-chunked` body; undefined when the request's own signature could not be verified either. */
  readonly chunkSigner?: ChunkSigner;
}

export interface BodyCheck {
  /** Takes the hex SHA-256 of the body as it came; throws when it and the signature do not belong together. */
  readonly verify: (sha256: string) => void;
  /** False until `verify` has run: the signature covers the body too, so that nobody knows yet who sent the request. */
  readonly isSenderKnown: boolean;
}

/** What the addressed service adds: how it words refusals, and which signing names it takes. */
export interface Addressee {
  readonly protocol: ProtocolName;
  readonly signingNames?: readonly string[];
  readonly bucket?: string | undefined;
}

/**
 * Tells who sent a request from its head alone, before any of its body is read. A signature that covers the body but not its
 * hash in a header can be verified only with the body: `bodyCheck` finishes it. Throws the service's authentication errors.
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
    const bodyCheck = declaredHashCheck(head, authorization, addressee);
    if (via) return { ...(await standIn(via, region, addressee, deps)), bodyCheck };
    const account = /^\d{12}$/.test(authorization.accessKeyId) ? authorization.accessKeyId : deps.defaultAccount;
    return { caller: rootOf(account), account, region, credential, bodyCheck };
  }
  const bodyCheck = judge(head, authorization, credential, addressee, deps);
  const identity = { caller: credential.caller, account: credential.caller.account, region, credential, bodyCheck };
  if (authorization.kind === 'v2' || bodyCheckOf(head, authorization).kind !== 'chunked') return identity;
  return { ...identity, chunkSigner: deps.signatures.continueFrom(authorization, credential.secretAccessKey) };
}

/** The role that a function runs in, in the function's own region. */
export function authenticateVisitor(via: FunctionVisitor, addressee: Addressee, deps: Authenticator): Promise<Identity> {
  return standIn(via, via.region, addressee, deps);
}

/** Where a made-up key outside is the administrator, inside a function it is the role that the function runs in. */
export async function standIn({ accessKeyId }: Pick<FunctionVisitor, 'accessKeyId'>, region: string, { protocol }: Addressee, deps: Authenticator): Promise<Identity> {
  const credential = await deps.credentials.findCredential(accessKeyId);
  if (!credential?.active) throw authenticationError(authenticationFailure('unknown-key'), protocol);
  if (isExpired(credential, deps)) throw authenticationError(authenticationFailure('expired-token'), protocol);
  return { caller: credential.caller, account: credential.caller.account, region, credential, bodyCheck: undefined };
}

function isExpired({ expiresAtMs, expiresBy }: IssuedCredential, deps: Authenticator): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= (expiresBy === 'wall' ? deps.wallNow() : deps.productNow());
}

/** The root user of an account: needs no policy in it. */
export function rootOf(account: string): Caller {
  return { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };
}

/** Who sent an unsigned request: nobody. */
export function anonymous({ defaultAccount, defaultRegion }: Authenticator): Identity {
  const caller: Caller = { kind: 'anonymous', account: defaultAccount };
  return { caller, account: defaultAccount, region: defaultRegion, credential: undefined, bodyCheck: undefined };
}

/** The signature of a made-up key says nothing, but what the head says of the body must be so. */
function declaredHashCheck(head: RequestHead, authorization: Exclude<Authorization, AuthenticationFailure>, { protocol }: Addressee): BodyCheck | undefined {
  const check = bodyCheckOf(head, authorization);
  if (check.kind !== 'compare' || head.headers['x-amz-content-sha256'] === undefined) return undefined;
  return { verify: (sha256) => requireHash(sha256, check.payloadHash, protocol), isSenderKnown: true };
}

function requireHash(sha256: string, declared: string, protocol: ProtocolName): void {
  if (sha256 !== declared.toLowerCase()) throw authenticationError(authenticationFailure('body-hash'), protocol);
}

/** Verifies what the head allows and answers how the rest is verified. */
function judge(
  head: RequestHead,
  authorization: Exclude<Authorization, AuthenticationFailure>,
  credential: IssuedCredential,
  { protocol, signingNames, bucket }: Addressee,
  deps: Authenticator,
): BodyCheck | undefined {
  const refuse = (failure: AuthenticationFailure | undefined): void => {
    if (failure) throw authenticationError(failure, protocol);
  };
  if (!credential.active) refuse(authenticationFailure('inactive-key'));
  if (isExpired(credential, deps)) refuse(authenticationFailure('expired-token'));
  const { secretAccessKey, sessionToken } = credential;
  const nowMs = deps.wallNow();
  if (authorization.kind === 'v2') {
    refuse(verifySignatureV2({ head, credential: authorization, secretAccessKey, sessionToken, bucket, nowMs }));
    return undefined;
  }
  const verifyWith = (payloadHash: string): void =>
    refuse(deps.signatures.verify({ head, credential: authorization, secretAccessKey, sessionToken, payloadHash, nowMs, ...(signingNames ? { signingNames } : {}) }));
  const check = bodyCheckOf(head, authorization);
  if (check.kind === 'hash-first') return { verify: verifyWith, isSenderKnown: false };
  verifyWith(check.payloadHash);
  if (check.kind !== 'compare') return undefined;
  return { verify: (sha256) => requireHash(sha256, check.payloadHash, protocol), isSenderKnown: true };
}

