// What a service answers besides the operations of its model: S3's browser forms, websites and preflights.

import { createHmac } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ServiceError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { FunctionVisitor } from '../ports/functionGate.ts';
import { authenticationError, authenticationFailure } from '../wire/authenticationError.ts';
import type { FunctionUrlAddress } from '../wire/functionUrl.ts';
import { equalText } from '../base/equalText.ts';
import type { ProtocolName, RequestHead, WireResponse } from '../wire/types.ts';
import { type Authenticator, type Identity, rootOf, standIn } from './authenticate.ts';
import type { Call } from './context.ts';

export type FrontAnswer = WireResponse;

/** A request of which only its service is known yet. */
export interface FrontRequest {
  readonly head: RequestHead;
  readonly requestId: string;
  /** Of a virtual host; the path then starts at the key. */
  readonly bucket: string | undefined;
  /** A request to a function URL. */
  readonly functionUrl: FunctionUrlAddress | undefined;
  readonly sourceIp: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The whole body as it came; throws what `tooLarge` makes for a longer one. */
  readBody(bytesMax: number, tooLarge: () => ServiceError): Promise<Uint8Array>;
  /** Who signed the head, as operations are signed; nobody when it is not signed. Throws the service's authentication errors. */
  identify(): Promise<FrontIdentity>;
  /** Opens the body as it comes. */
  readonly openBody: () => Readable;
  /** A call by nobody, whom only the resource's own policy can let in. */
  anonymousCall(): Call;
  /** A call by whoever signed a policy; throws the service's authentication errors. */
  signedCall(signed: SignedPolicy): Promise<Call>;
  /** A call by whoever was given a token of the service's own, which the service has checked; throws its authentication errors. */
  holderCall(holder: TokenHolder): Promise<Call>;
}

/** Whom a service has given a token to. */
export interface TokenHolder {
  /** Of the key that asked for it; undefined for the root user that keys unknown to Haneul stand for. */
  readonly accessKeyId: string | undefined;
  readonly account: string;
  readonly region: string;
}

export interface FrontIdentity {
  readonly call: Call;
  readonly accessKeyId: string | undefined;
  /** Compares the body with the signature; throws when they do not belong together. Before that the caller is not known for certain. */
  verifyBody(body: Uint8Array): void;
}

/** A base64 policy of a browser form, signed in one of two ways ("Authenticating requests in browser-based uploads using POST"). */
export interface SignedPolicy {
  readonly policy: string;
  readonly accessKeyId: string;
  readonly signature: string;
  readonly sessionToken: string | undefined;
  /** Of version 4; undefined for version 2. */
  readonly scope: { readonly date: string; readonly region: string; readonly service: string } | undefined;
}

/** Who signed a policy. */
export async function identifySigner(signed: SignedPolicy, via: FunctionVisitor | undefined, deps: Authenticator): Promise<Identity> {
  const region = signed.scope?.region ?? deps.defaultRegion;
  const credential = await deps.credentials.findCredential(signed.accessKeyId);
  const refuse = (problem: Parameters<typeof authenticationFailure>[0]) => authenticationError(authenticationFailure(problem), 'restXml');
  if (!credential) {
    if (!deps.trustUnknownKeys) throw refuse('unknown-key');
    if (via) return await standIn(via, region, { protocol: 'restXml' }, deps);
    const account = /^\d{12}$/.test(signed.accessKeyId) ? signed.accessKeyId : deps.defaultAccount;
    return { caller: rootOf(account), account, region, credential: undefined, bodyCheck: undefined };
  }
  // A policy signed for another service's scope is none of S3's ("Credential should be scoped to correct service").
  if (signed.scope && signed.scope.service !== 's3') {
    throw authenticationError({ kind: 'failure', problem: 'wrong-scope', message: "Credential should be scoped to correct service: 's3'. " }, 'restXml');
  }
  const nowMs = credential.expiresBy === 'wall' ? deps.wallNow() : deps.productNow();
  if (!credential.active) throw refuse('inactive-key');
  if (credential.expiresAtMs !== undefined && credential.expiresAtMs <= nowMs) throw refuse('expired-token');
  if (credential.sessionToken !== undefined && !equalText(credential.sessionToken, signed.sessionToken ?? '')) {
    throw authenticationError({ kind: 'failure', problem: 'bad-token', message: '' }, 'restXml');
  }
  if (!equalText(signatureOf(signed, credential.secretAccessKey), signed.signature)) {
    throw authenticationError({ kind: 'failure', problem: 'bad-signature', message: '' }, 'restXml');
  }
  return { caller: credential.caller, account: credential.caller.account, region, credential, bodyCheck: undefined };
}

/** Who holds a token: its key must still be good. */
export async function identifyHolder({ accessKeyId, account, region }: TokenHolder, { protocol, via }: { readonly protocol: ProtocolName; readonly via: FunctionVisitor | undefined }, deps: Authenticator): Promise<Identity> {
  if (accessKeyId === undefined) {
    if (!deps.trustUnknownKeys) throw authenticationError(authenticationFailure('unknown-key'), protocol);
    if (via) return await standIn(via, region, { protocol }, deps);
    return { caller: rootOf(account), account, region, credential: undefined, bodyCheck: undefined };
  }
  const identity = await standIn({ accessKeyId }, region, { protocol }, deps);
  if (!identity.credential?.active) throw authenticationError(authenticationFailure('inactive-key'), protocol);
  return identity;
}

function signatureOf({ policy, scope }: SignedPolicy, secret: string): string {
  if (!scope) return createHmac('sha1', secret).update(policy).digest('base64');
  let key: Buffer | string = `AWS4${secret}`;
  for (const part of [scope.date, scope.region, scope.service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(policy).digest('hex');
}
