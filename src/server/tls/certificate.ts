// X.509 certificates in DER, written by hand: the library for it brings nineteen packages and patches the global Reflect. Only what a
// local authority needs (RFC 5280): version 3, ECDSA on P-256 with SHA-256, names of DNS and IP addresses.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { Random } from '../../base/random.ts';

export interface CertifiedKey {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** DNS names and IP addresses; none for an authority. */
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Signs itself and may sign others when undefined. */
  readonly issuer: (CertifiedKey & { readonly commonName: string }) | undefined;
  /** The key to certify, of any kind; a new one otherwise. Whose it is keeps the private one. */
  readonly publicKeyPem?: string;
}

/** Makes a key pair and the certificate for it. */
export function certify(request: CertificateRequest, random: Random): CertifiedKey {
  const { privateKey, publicKey: ownKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = request.publicKeyPem === undefined ? ownKey : createPublicKey(request.publicKeyPem);
  const issuerKey = request.issuer === undefined ? privateKey : createPrivateKey(request.issuer.keyPem);
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(positive(random.bytes(16))),
    ecdsaWithSha256,
    distinguishedName(request.issuer?.commonName ?? request.commonName),
    sequence(time(request.notBeforeMs), time(request.notAfterMs)),
    distinguishedName(request.commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(request, publicKey, createPublicKey(issuerKey)))),
  );
  const certificate = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, issuerKey)));
  return { certificatePem: pem('CERTIFICATE', certificate), keyPem: request.publicKeyPem === undefined ? privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() : '' };
}

function extensions({ issuer, names }: CertificateRequest, own: KeyObject, issuers: KeyObject): Buffer[] {
  const isAuthority = issuer === undefined;
  return [
    extension('2.5.29.19', 'critical', isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()),
    // keyCertSign and cRLSign for an authority, digitalSignature for a server.
    extension('2.5.29.15', 'critical', der(0x03, Buffer.from(isAuthority ? [1, 0x06] : [7, 0x80]))),
    extension('2.5.29.14', 'optional', der(0x04, keyId(own))),
    extension('2.5.29.35', 'optional', sequence(der(0x80, keyId(issuers)))),
    ...(isAuthority ? [] : [extension('2.5.29.37', 'optional', sequence(objectId('1.3.6.1.5.5.7.3.1'))), extension('2.5.29.17', 'optional', sequence(...names.map(alternativeName)))]),
  ];
}

const alternativeName = (name: string): Buffer => (isIP(name) === 0 ? der(0x82, Buffer.from(name, 'latin1')) : der(0x87, addressBytes(name)));

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const words = (text: string): string[] => text.split(':').filter((word) => word !== '');
  const left = words(head);
  const right = words(tail ?? '');
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.concat(all.map((word) => Buffer.from(word.padStart(4, '0'), 'hex')));
}

const keyId = (key: KeyObject): Buffer => createHash('sha1').update(key.export({ type: 'spki', format: 'der' })).digest();

const extension = (id: string, weight: 'critical' | 'optional', content: Buffer): Buffer =>
  sequence(objectId(id), ...(weight === 'critical' ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, content));

const distinguishedName = (commonName: string): Buffer => sequence(der(0x31, sequence(objectId('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));

function time(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replace(/[-:T]|\.\d+/g, '');
  // Two-digit years until 2049, four from then on (RFC 5280, 4.1.2.5).
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) bytes.unshift((left & 0x7f) | 0x80);
  return bytes;
}

// DER integers are signed, and as short as they can be.
function positive(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[0] = ((copy[0] ?? 0) & 0x7f) | 0x40;
  return copy;
}

const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const bitString = (bytes: Buffer): Buffer => der(0x03, Buffer.concat([Buffer.from([0]), bytes]));
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const tagged = (tag: number, content: Buffer): Buffer => der(tag, content);

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
