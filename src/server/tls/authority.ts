import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { BoundedMap } from '../../base/boundedMap.ts';
import type { Clock } from '../../base/clock.ts';
import { systemErrorCode, UserFacingError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { isLoopbackHost } from '../options.ts';
import { certify, type CertifiedKey } from './certificate.ts';

/** What the server shows to clients that speak TLS. */
export interface Certificates {
  /** For a client that asks for `serverName`. */
  contextFor(serverName: string): SecureContext;
  /** For a client that names none; the same object until it is renewed. */
  unnamed(): CertifiedKey;
  /** The certificate to trust; undefined when the operator gave one, which clients trust by other means. */
  authorityPem(): string | undefined;
}

const dayMs = 86_400_000;
// Apple refuses server certificates that live longer than 825 days, and ours cost nothing to make again.
const leafDays = 365;
const authorityDays = 3_650;
const renewBeforeMs = 30 * dayMs;
const issuedMax = 64;
const authorityName = 'Haneul local authority';
const authorityFile = 'authority.pem';

/** A certificate that the operator brings, with its chain, and its key. */
export function loadCertificates(certificateFile: string, keyFile: string): Certificates {
  try {
    const key = { certificatePem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') };
    const context = contextOf(key);
    return { contextFor: () => context, unnamed: () => key, authorityPem: () => undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserFacingError(`The certificate ${certificateFile} cannot be used with the key ${keyFile}: ${reason}`, 'Both are PEM files: --tls-cert FULLCHAIN.pem --tls-key KEY.pem');
  }
}

interface IssuedKey extends CertifiedKey {
  readonly context: SecureContext;
  readonly renewAtMs: number;
}

/**
 * An authority of this server's own, made when it is first needed and kept in the data folder (in memory without one), that certifies
 * the names by which this machine is reached: those of loopback, `host`, and the machine's own. `haneul trust` makes clients trust it.
 */
export function createAuthority(options: { readonly dataFolder: string | undefined; readonly host: string; readonly wall: Clock; readonly random: Random }): Certificates {
  const { dataFolder, host, wall, random } = options;
  const issued = new BoundedMap<string, IssuedKey>(issuedMax);
  const ownNames = [...new Set(['localhost', '127.0.0.1', '::1', host, hostname()])].filter(isCertifiable);
  let authority: CertifiedKey | undefined;
  const requireAuthority = (): CertifiedKey => (authority ??= loadAuthority(dataFolder, wall, random));

  function issue(name: string): IssuedKey {
    const known = issued.get(name);
    const nowMs = wall.now();
    if (known && nowMs < known.renewAtMs) return known;
    const names = name === '' ? ownNames : [name];
    const notAfterMs = nowMs + leafDays * dayMs;
    const issuer = { ...requireAuthority(), commonName: authorityName };
    const made = certify({ commonName: names[0] ?? 'localhost', names, notBeforeMs: nowMs - dayMs, notAfterMs, issuer }, random);
    const key = { certificatePem: made.certificatePem + issuer.certificatePem, keyPem: made.keyPem };
    const kept = { ...key, context: contextOf(key), renewAtMs: notAfterMs - renewBeforeMs };
    issued.set(name, kept);
    return kept;
  }

  return {
    contextFor(serverName) {
      const name = serverName.toLowerCase();
      // `bucket.localhost` has no wildcard that clients accept, so such names are certified as they are asked for.
      const isOfLoopback = isLoopbackHost(name) && !ownNames.includes(name) && isCertifiable(name);
      return issue(isOfLoopback || signingHost.test(name) ? name : '').context;
    },
    unnamed: () => issue(''),
    authorityPem: () => requireAuthority().certificatePem,
  };
}

const contextOf = ({ certificatePem, keyPem }: CertifiedKey): SecureContext => createSecureContext({ cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' });

// Where clients fetch the certificates that messages of SNS are signed with: whoever makes the name lead here means this server.
const signingHost = /^sns\.[a-z0-9-]{1,30}\.amazonaws\.com(\.cn)?$/;

const isCertifiable = (name: string): boolean => /^[a-z0-9.:-]{1,253}$/i.test(name) && name !== '0.0.0.0' && name !== '::';

// One file for both, so that a crash in between cannot leave a certificate without its key.
function loadAuthority(dataFolder: string | undefined, wall: Clock, random: Random): CertifiedKey {
  const path = dataFolder === undefined ? undefined : join(dataFolder, authorityFile);
  const kept = path === undefined ? undefined : readAuthority(path);
  if (kept) return kept;
  const nowMs = wall.now();
  const made = certify({ commonName: authorityName, names: [], notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + authorityDays * dayMs, issuer: undefined }, random);
  if (path !== undefined) {
    writeFileSync(`${path}.new`, made.certificatePem + made.keyPem, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
  }
  return made;
}

function readAuthority(path: string): CertifiedKey | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const keyAt = text.indexOf('-----BEGIN PRIVATE KEY-----');
    if (keyAt > 0) return { certificatePem: text.slice(0, keyAt), keyPem: text.slice(keyAt) };
    throw new UserFacingError(`${path} is damaged.`, 'Remove it: the server makes a new authority, which clients must be told to trust again (npx haneul trust).');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
