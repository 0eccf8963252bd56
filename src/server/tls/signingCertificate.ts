import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { certify } from './certificate.ts';

const dayMs = 86_400_000;
const lifeDays = 3_650;

/**
 * A certificate for a public key that signs messages. What clients verify is the signature of a message with the key in it, having fetched
 * it from the service's own name; nobody follows its issuer, which signs this once and is forgotten.
 */
export function createSigningCertificates(wall: Clock, random: Random) {
  return ({ publicKeyPem, commonName, names }: { readonly publicKeyPem: string; readonly commonName: string; readonly names: readonly string[] }): string => {
    const nowMs = wall.now();
    const life = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + lifeDays * dayMs };
    const issuerName = 'Haneul message signing';
    const issuer = { ...certify({ commonName: issuerName, names: [], issuer: undefined, ...life }, random), commonName: issuerName };
    return certify({ commonName, names, issuer, publicKeyPem, ...life }, random).certificatePem;
  };
}
