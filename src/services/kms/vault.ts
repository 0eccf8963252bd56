// Key material: made, wrapped for the store, and unwrapped for use. Nothing else sees it in the clear.

import { createCipheriv, createDecipheriv, createHmac, createPrivateKey, generateKeyPair, hkdfSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { assert } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { createMessageKeys, type MessageKeys } from './domain/messageKeys.ts';
import { factsOf, type KeySpec, type SpecFacts } from './domain/keySpecs.ts';
import { materialsCachedMax } from './limits.ts';

/** Raw bytes of symmetric and HMAC keys, the parsed private key of a pair. */
export type Secret = { readonly kind: 'bytes'; readonly bytes: Buffer; readonly messages: MessageKeys } | { readonly kind: 'pair'; readonly privateKey: KeyObject };

/** Ids say nothing about whose they are: one key never finds the material of another. */
export interface MaterialPlace {
  readonly keyId: string;
  readonly materialId: string;
}

export interface Vault {
  /** New material for a key: raw bytes, or a private key as PKCS #8. Pairs are made off the event loop. */
  generate(spec: KeySpec): Promise<Buffer>;
  /** The id of material: the same for the same material of the same key, and telling nothing about it. */
  identify(keyId: string, material: Uint8Array): string;
  /** Encrypts with the root key; `owner` must be the same when it is unwrapped. */
  wrap(material: Uint8Array, owner: string): Buffer;
  /** Undefined where `wrap` did not make it with this owner and this root key. */
  tryUnwrap(wrapped: Uint8Array, owner: string): Buffer | undefined;
  /** Material in use, unwrapped once and kept for a while. */
  open(spec: KeySpec, place: MaterialPlace, wrapped: Uint8Array): Secret;
  cached(place: MaterialPlace): Secret | undefined;
  /** Forgets material that was deleted. */
  forget(place: MaterialPlace): void;
  /** Authenticates texts that clients carry, such as grant tokens. */
  sign(text: string): string;
}

const ivBytes = 12;
const tagBytes = 16;
const generateKeyPairAsync = promisify(generateKeyPair);

/** Everything is derived from `rootKey` (32 bytes), the key that the operator keeps. */
export function createVault({ rootKey, random }: { readonly rootKey: Uint8Array; readonly random: Random }): Vault {
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', rootKey, 'haneul kms', purpose, 32));
  const wrapping = derive('wrap key material');
  const naming = derive('name key material');
  const signing = derive('sign tokens');
  const secrets = new Map<string, Secret>();

  const vault: Vault = {
    generate: async (spec) => await generateMaterial(factsOf(spec), random),
    identify: (keyId, material) => createHmac('sha256', naming).update(`${keyId}\0`).update(material).digest('hex'),
    wrap(material, owner) {
      const iv = random.bytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', wrapping, iv);
      cipher.setAAD(Buffer.from(owner));
      const body = Buffer.concat([cipher.update(material), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    tryUnwrap(wrapped, owner) {
      const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
      if (bytes.length < ivBytes + tagBytes) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', wrapping, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(owner));
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
    open(spec, place, wrapped) {
      const known = vault.cached(place);
      if (known) return known;
      const { materialId } = place;
      const material = vault.tryUnwrap(wrapped, materialId);
      assert(material !== undefined, 'the material of a key cannot be unwrapped: was the seal key replaced?', { materialId });
      const secret = secretOf(factsOf(spec), material);
      secrets.set(nameOf(place), secret);
      if (secrets.size > materialsCachedMax) {
        const [oldest] = secrets.keys();
        if (oldest !== undefined) secrets.delete(oldest);
      }
      return secret;
    },
    cached(place) {
      const name = nameOf(place);
      const known = secrets.get(name);
      if (known) {
        secrets.delete(name);
        secrets.set(name, known);
      }
      return known;
    },
    forget: (place) => void secrets.delete(nameOf(place)),
    sign: (text) => createHmac('sha256', signing).update(text).digest('base64url'),
  };
  return vault;
}

const nameOf = ({ keyId, materialId }: MaterialPlace): string => `${keyId}/${materialId}`;

async function generateMaterial(facts: SpecFacts, random: Random): Promise<Buffer> {
  if (facts.kind === 'symmetric' || facts.kind === 'hmac') return Buffer.from(random.bytes(facts.bytes));
  const { privateKey } = await generatePair(facts);
  return privateKey.export({ type: 'pkcs8', format: 'der' });
}

/** A new pair, made in a thread of its own. */
export async function generatePair(facts: Extract<SpecFacts, { kind: 'rsa' | 'ec' }>): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  return facts.kind === 'rsa' ? await generateKeyPairAsync('rsa', { modulusLength: facts.bits }) : await generateKeyPairAsync('ec', { namedCurve: facts.curve });
}

function secretOf(facts: SpecFacts, material: Buffer): Secret {
  if (facts.kind === 'symmetric' || facts.kind === 'hmac') return { kind: 'bytes', bytes: material, messages: createMessageKeys(material) };
  return { kind: 'pair', privateKey: createPrivateKey({ key: material, format: 'der', type: 'pkcs8' }) };
}
