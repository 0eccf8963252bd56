import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/packageRoot.ts';

/** Haneul's own version, from its package.json. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const value = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof value === 'string' ? value : 'unknown';
}
