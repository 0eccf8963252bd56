// Settings that a request may carry: what is not implemented is refused by name, never accepted and ignored.
import { errors } from '../errors.ts';
import { ephemeralMegabytesMax, ephemeralMegabytesMin, memoryMegabytesMax, memoryMegabytesMin, timeoutSecondsMax } from '../limits.ts';

// Values that say what is the case anyway.
const neutral: Readonly<Record<string, unknown>> = {
  PackageType: 'Zip',
};

/** Throws for the first member that is neither in `implemented` nor empty nor neutral. Members of members are named `Outer.Inner`. */
export function refuseUnimplemented(input: object, implemented: ReadonlySet<string>, prefix = ''): void {
  for (const [member, value] of Object.entries(input)) {
    const name = prefix + member;
    if (implemented.has(name) || isEmpty(value) || neutral[name] === value) continue;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
      refuseUnimplemented(value, implemented, `${name}.`);
    } else {
      throw errors.notSupported(`the setting ${name}`, advice[name] ?? '');
    }
  }
}

const advice: Readonly<Record<string, string>> = {
};

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}

export interface Sizes {
  readonly MemorySize?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly EphemeralStorage?: { readonly Size?: number | undefined } | undefined;
  readonly Architectures?: readonly string[] | undefined;
}

/** The true ranges; the model's own are wider in places. */
export function requireSizes({ MemorySize, Timeout, EphemeralStorage, Architectures }: Sizes): void {
  requireRange('memorySize', MemorySize, memoryMegabytesMin, memoryMegabytesMax);
  requireRange('timeout', Timeout, 1, timeoutSecondsMax);
  requireRange('ephemeralStorage.size', EphemeralStorage?.Size, ephemeralMegabytesMin, ephemeralMegabytesMax);
  if (Architectures !== undefined && Architectures.length > 1) {
    throw errors.validation(`[${Architectures.join(', ')}]`, 'architectures', 'Member must have length less than or equal to 1');
  }
}

function requireRange(member: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined) return;
  if (value < min) throw errors.validation(value, member, `Member must have value greater than or equal to ${min}`);
  if (value > max) throw errors.validation(value, member, `Member must have value less than or equal to ${max}`);
}
