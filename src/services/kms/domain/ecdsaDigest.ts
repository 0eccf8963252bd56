// ECDSA over a digest that somebody else made (FIPS 186-5, section 6.4; SEC 1, section 4.1): Node.js's own functions hash the message
// themselves, and KMS signs ready digests, whatever hash they come from. Points are multiplied by OpenSSL (ECDH); what is left are
// numbers modulo the order of the curve.

import { createECDH, ECDH, type KeyObject } from 'node:crypto';
import type { Random } from '../../../base/random.ts';
import { InvariantError } from '../../../base/errors.ts';

interface Curve {
  readonly order: bigint;
  readonly prime: bigint;
  readonly bytes: number;
}

// SEC 2, version 2.
const curves: Readonly<Record<string, Curve>> = {
  prime256v1: {
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    prime: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    bytes: 32,
  },
  secp256k1: {
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    prime: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
    bytes: 32,
  },
  secp384r1: {
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    prime: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    bytes: 48,
  },
  secp521r1: {
    order: (1n << 521n) - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
    prime: (1n << 521n) - 1n,
    bytes: 66,
  },
};

/** The signature in DER. */
export function signDigest(privateKey: KeyObject, curveName: string, digest: Uint8Array, random: Random): Buffer {
  const { order, bytes } = requireCurve(curveName);
  const jwk = privateKey.export({ format: 'jwk' });
  const secret = toNumber(Buffer.from(jwk.d ?? '', 'base64url'));
  const z = digestNumber(digest, order);
  for (;;) {
    // Wider than the order, so that the remainder is as good as uniform.
    const k = toNumber(random.bytes(bytes + 16)) % order;
    if (k === 0n) continue;
    const r = multiplyBase(curveName, k, bytes).x % order;
    const s = (inverse(k, order) * (z + r * secret)) % order;
    if (r !== 0n && s !== 0n) return encodeSignature(r, s);
  }
}

export function verifyDigest(publicKey: KeyObject, curveName: string, digest: Uint8Array, signature: Uint8Array): boolean {
  const { order, prime, bytes } = requireCurve(curveName);
  const parsed = parseSignature(signature);
  if (!parsed || parsed.r <= 0n || parsed.r >= order || parsed.s <= 0n || parsed.s >= order) return false;
  const { r, s } = parsed;
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = { x: toNumber(Buffer.from(x, 'base64url')), y: toNumber(Buffer.from(y, 'base64url')) };
  const w = inverse(s, order);
  const u1 = (digestNumber(digest, order) * w) % order;
  const u2 = (r * w) % order;
  const ours = multiply(curveName, point, u2, bytes, prime);
  if (u1 === 0n) return ours.x % order === r;
  const sum = add(multiplyBase(curveName, u1, bytes), ours, prime);
  return sum !== undefined && sum.x % order === r;
}

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

function multiplyBase(curveName: string, factor: bigint, bytes: number): Point {
  const ecdh = createECDH(curveName);
  ecdh.setPrivateKey(toBytes(factor, bytes));
  const point = ecdh.getPublicKey();
  return { x: toNumber(point.subarray(1, 1 + bytes)), y: toNumber(point.subarray(1 + bytes)) };
}

// ECDH tells only the x of a product. Which of the two points it is, is told by the x of the next multiple.
function multiply(curveName: string, point: Point, factor: bigint, bytes: number, prime: bigint): Point {
  const { order } = requireCurve(curveName);
  if (factor === 1n) return point;
  if (factor === order - 1n) return { x: point.x, y: prime - point.y };
  const x = productX(curveName, point, factor, bytes);
  const compressed = Buffer.concat([Buffer.from([2]), toBytes(x, bytes)]);
  const whole = Buffer.from(ECDH.convertKey(compressed, curveName, undefined, undefined, 'uncompressed') as Buffer);
  const y = toNumber(whole.subarray(1 + bytes));
  const next = productX(curveName, point, factor + 1n, bytes);
  return add({ x, y }, point, prime)?.x === next ? { x, y } : { x, y: prime - y };
}

function productX(curveName: string, { x, y }: Point, factor: bigint, bytes: number): bigint {
  const { order } = requireCurve(curveName);
  if (factor === order - 1n) return x;
  const ecdh = createECDH(curveName);
  ecdh.setPrivateKey(toBytes(factor, bytes));
  return toNumber(ecdh.computeSecret(Buffer.concat([Buffer.from([4]), toBytes(x, bytes), toBytes(y, bytes)])));
}

/** Undefined for points whose sum this does not need to know: equal ones (there is no signature where they meet but by chance) and opposite ones. */
function add(a: Point, b: Point, prime: bigint): Point | undefined {
  if (a.x === b.x) return undefined;
  const slope = (modulo(b.y - a.y, prime) * inverse(modulo(b.x - a.x, prime), prime)) % prime;
  const x = modulo(slope * slope - a.x - b.x, prime);
  return { x, y: modulo(slope * (a.x - x) - a.y, prime) };
}

function requireCurve(name: string): Curve {
  const curve = curves[name];
  if (!curve) throw new InvariantError('not a curve that KMS has', { name });
  return curve;
}

/** The leftmost bits of the digest, as many as the order has. */
function digestNumber(digest: Uint8Array, order: bigint): bigint {
  const excess = digest.length * 8 - order.toString(2).length;
  const whole = toNumber(digest);
  return (excess > 0 ? whole >> BigInt(excess) : whole) % order;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulo(value, modulus), modulus, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return modulo(x, modulus);
}

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function toNumber(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes).toString('hex');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}

function toBytes(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
}

// SEQUENCE { INTEGER r, INTEGER s }
function encodeSignature(r: bigint, s: bigint): Buffer {
  const body = Buffer.concat([encodeInteger(r), encodeInteger(s)]);
  const length = body.length < 128 ? [body.length] : [0x81, body.length];
  return Buffer.concat([Buffer.from([0x30, ...length]), body]);
}

function encodeInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const signed = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([2, signed.length]), signed]);
}

function parseSignature(signature: Uint8Array): { readonly r: bigint; readonly s: bigint } | undefined {
  const bytes = Buffer.from(signature);
  const long = bytes[1] === 0x81;
  const bodyAt = long ? 3 : 2;
  if (bytes[0] !== 0x30 || bytes.length !== bodyAt + (bytes[bodyAt - 1] ?? 0)) return undefined;
  const rLength = bytes[bodyAt + 1] ?? 0;
  const sAt = bodyAt + 2 + rLength;
  const sLength = bytes[sAt + 1] ?? 0;
  if (bytes[bodyAt] !== 2 || bytes[sAt] !== 2 || sAt + 2 + sLength !== bytes.length) return undefined;
  const [r, s] = [toNumber(bytes.subarray(bodyAt + 2, sAt)), toNumber(bytes.subarray(sAt + 2))];
  // One signature has one encoding.
  return encodeSignature(r, s).equals(bytes) ? { r, s } : undefined;
}
