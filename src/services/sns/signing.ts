// The key that messages are signed with: one for the whole server, made when it is first needed, and kept. Its certificate is what clients
// fetch at SigningCertURL. Making and using the key happens on the threads of Node's own pool, not in the event loop.

import { createDecipheriv, createCipheriv, createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '../../base/random.ts';
import type { Store } from '../../kv/store.ts';
import { type Message, textFor, textToSign } from './domain/notification.ts';
import { everywhere, signing, type SigningRow } from './store.ts';

/** Makes an X.509 certificate for a public key (PEM both). */
export type Certify = (request: { readonly publicKeyPem: string; readonly commonName: string; readonly names: readonly string[] }) => string;

export interface Signer {
  /** The message with the signatures of those of its texts that `protocols` get. */
  signFor(message: Message, protocols: Iterable<string>, baseUrl: string): Promise<Message>;
  certificate(): Promise<{ readonly name: string; readonly pem: string }>;
}

interface OpenKey {
  /** Read once: reading it costs as much as signing. */
  readonly key: KeyObject;
  readonly pem: string;
  readonly name: string;
}

export interface SignerDeps {
  readonly store: Store;
  readonly random: Random;
  readonly sealKey: Uint8Array;
  readonly certify: Certify;
}

export function createSigner(deps: SignerDeps): Signer {
  let opened: Promise<OpenKey> | undefined;
  const open = (): Promise<OpenKey> => {
    opened ??= openKey(deps).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  return {
    async signFor(message, protocols, baseUrl) {
      if (message.topic.name.endsWith('.fifo') && message.type === 'Notification') return message;
      const missing = new Map<string, string>();
      for (const protocol of protocols) {
        const { name, text } = textFor(message, protocol);
        if (message.signatures[name] === undefined) missing.set(name, text);
      }
      if (missing.size === 0) return message;
      const { key } = await open();
      const algorithm = message.signatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1';
      const made = await Promise.all(
        [...missing].map(async ([name, text]): Promise<[string, string]> => [name, (await signLater(algorithm, Buffer.from(textToSign(message, text, { baseUrl })), key)).toString('base64')]),
      );
      return { ...message, signatures: { ...message.signatures, ...Object.fromEntries(made) } };
    },
    async certificate() {
      const { name, pem } = await open();
      return { name, pem };
    },
  };
}

const signLater = promisify<string, Uint8Array, KeyObject, Buffer>((algorithm, data, key, done) => sign(algorithm, data, key, done));

async function openKey({ store, random, sealKey, certify }: SignerDeps): Promise<OpenKey> {
  const kept = (await store.read((tx) => signing.get(tx, everywhere, ['key']))) ?? (await makeKey());
  const pem = kept.certificatePem;
  return { pem, key: createPrivateKey(unseal(kept.keyPem, sealKey)), name: `SimpleNotificationService-${createHash('md5').update(pem).digest('hex')}.pem` };

  async function makeKey(): Promise<SigningRow> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2_048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
    const publicKeyPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
    const certificatePem = certify({ publicKeyPem, commonName: 'sns.amazonaws.com', names: ['sns.amazonaws.com'] });
    const made = { certificatePem, keyPem: seal(privateKey, sealKey, random) };
    return store.transact(async (tx) => {
      const other = await signing.get(tx, everywhere, ['key']);
      if (other) return other;
      signing.set(tx, everywhere, ['key'], made);
      return made;
    });
  }
}

const wrapKey = (sealKey: Uint8Array): Buffer => createHash('sha256').update('sns signing key').update(sealKey).digest();

function seal(text: string, sealKey: Uint8Array, random: Random): string {
  const nonce = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', wrapKey(sealKey), nonce);
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
}

function unseal(sealed: string, sealKey: Uint8Array): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', wrapKey(sealKey), bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
}
