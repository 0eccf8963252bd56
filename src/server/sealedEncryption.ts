// Stands in for KMS until there is one: everything is encrypted with the server's seal key, and there are no keys of users.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { formatArn } from '../base/arn.ts';
import { ServiceError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { Encryption, EncryptionContext, KeyUser } from '../ports/encryption.ts';

const nonceBytes = 12;
const tagBytes = 16;

export function createSealedEncryption(sealKey: Uint8Array, random: Random): Encryption {
  function requireOwn(keyId: string | undefined, { account, region, service }: KeyUser): string {
    if (keyId === undefined || keyId === `alias/aws/${service}`) return formatArn({ service: 'kms', region, account, resource: `alias/aws/${service}` });
    throw new ServiceError('NotFoundException', `Key '${keyId}' does not exist`, { status: 400 });
  }
  function seal(plaintext: Uint8Array, context: EncryptionContext): Uint8Array {
    const nonce = random.bytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
    cipher.setAAD(aadOf(context));
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }
  return {
    async encrypt({ keyId, plaintext, context, user }) {
      return { keyArn: requireOwn(keyId, user), ciphertext: seal(plaintext, context) };
    },
    async decrypt({ ciphertext, context, user }) {
      const bytes = Buffer.from(ciphertext);
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
        decipher.setAAD(aadOf(context));
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        const plaintext = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
        return { plaintext, keyArn: requireOwn(undefined, user) };
      } catch {
        throw new ServiceError('InvalidCiphertextException', '', { status: 400 });
      }
    },
    async generateDataKey({ keyId, context, user }) {
      const keyArn = requireOwn(keyId, user);
      const plaintext = random.bytes(32);
      return { plaintext, ciphertext: seal(plaintext, context), keyArn };
    },
    async requireKey(keyId, user) {
      return { keyArn: requireOwn(keyId, user), awsManaged: true };
    },
  };
}

const aadOf = (context: EncryptionContext): Buffer => Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
