import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface TestCertificate {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly keyPem: string;
  readonly certificatePem: string;
  /** DER, base64. */
  readonly certificate: string;
}

/** A key pair with a certificate that it signed itself (RFC 5280), as identity providers and uploaders of certificates have them. */
export function createCertificate({ commonName = 'test', keyBits = 2_048, signs = undefined as TestCertificate | undefined, days = 30 } = {}): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: keyBits });
  const issuer = signs ?? { privateKey };
  const algorithm = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), Buffer.from('0500', 'hex'));
  const name = (text: string): Buffer => sequence(der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(text)))));
  const time = (daysFromNow: number): Buffer => der(0x17, Buffer.from(new Date(Date.now() + daysFromNow * 86_400_000).toISOString().replaceAll(/\.\d+|[-:T]/g, '').slice(2)));
  const serial = der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)]));
  const body = sequence(serial, algorithm, name(signs ? 'authority' : commonName), sequence(time(-1), time(days)), name(commonName), publicKey.export({ type: 'spki', format: 'der' }));
  const signature = sign('sha256', body, issuer.privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature]))).toString('base64');
  return {
    privateKey,
    publicKey,
    keyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    certificatePem: `-----BEGIN CERTIFICATE-----\n${certificate.replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`,
    certificate,
  };
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
