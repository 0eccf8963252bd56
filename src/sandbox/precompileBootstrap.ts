import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/log.ts';
import type { InstalledInterpreter } from './interpreters.ts';
import { runTool } from './launcher/tools.ts';

const compile = 'import py_compile, sys; py_compile.compile(sys.argv[1], doraise=True)';

/**
 * Has each Python compile our bootstrap once, for all processes that it will run: they find it beside the source, and cannot write there.
 * Resolves when that is over and never rejects; a process that starts without compiles it for itself.
 */
export function createBootstrapCompiler({ runtimeFolder, log }: { readonly runtimeFolder: string; readonly log: Logger }): (interpreter: InstalledInterpreter) => Promise<void> {
  const compiled = new Map<string, Promise<void>>();

  async function make({ path }: InstalledInterpreter): Promise<void> {
    const { code, stderr } = await runTool(path, ['-I', '-S', '-c', compile, join(runtimeFolder, 'bootstrap.py')]);
    if (code !== 0) return log.debug('the runtime could not be compiled ahead: each process does it', { interpreter: path, stderr: stderr.slice(-200) });
    const folder = join(runtimeFolder, '__pycache__');
    // Whatever the umask is: other users read it.
    await chmod(folder, 0o755);
    for (const name of await readdir(folder)) if (name.endsWith('.pyc')) await chmod(join(folder, name), 0o644);
  }

  return (interpreter) => {
    if (interpreter.family !== 'python') return Promise.resolve();
    const known = compiled.get(interpreter.path);
    if (known !== undefined) return known;
    const making = make(interpreter).catch((error: unknown) => log.debug('the runtime could not be compiled ahead', { error: String(error) }));
    compiled.set(interpreter.path, making);
    return making;
  };
}
