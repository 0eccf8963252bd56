import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce, installStep, type Missing } from './installOnce.ts';

/** A virtual environment under `.cache/` that holds exactly these packages; answers its interpreter, or why there is none. */
export async function requirePythonPackages(name: string, packages: readonly string[]): Promise<string | Missing> {
  const python = ['/usr/bin/python3', '/usr/local/bin/python3', '/opt/homebrew/bin/python3'].find((path) => existsSync(path));
  if (python === undefined) return { missing: `not run: ${name} needs python3` };
  const folder = await installOnce(`python-${name}-${packages.join('-').replaceAll('==', '-')}`, async (target) => {
    await installStep(python, ['-m', 'venv', join(target, 'venv')], target);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--retries', '2', '--timeout', '30', '--disable-pip-version-check'];
    await installStep(join(target, 'venv/bin/python'), [...pip, ...packages], target);
  });
  return typeof folder === 'string' ? join(folder, 'venv/bin/python') : folder;
}
