// How external extensions start: a shell starts each program of /opt/extensions beside the runtime, hands on what it prints with its name
// before each line, and tells how it ended; then the shell becomes the runtime.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Variables that only the runtime sees (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html, "Environment variables"). */
const runtimeOnly = [
  'AWS_EXECUTION_ENV', 'AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_XRAY_CONTEXT_MISSING', 'AWS_XRAY_DAEMON_ADDRESS', 'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT', '_AWS_XRAY_DAEMON_ADDRESS', '_AWS_XRAY_DAEMON_PORT', '_HANDLER',
].join(' ');

/** The names of a function's external extensions: every file right below `extensions` of its layers. */
export async function findExternalExtensions(layersFolder: string | undefined): Promise<readonly string[]> {
  if (layersFolder === undefined) return [];
  const names = await readdir(join(layersFolder, 'extensions')).catch((): string[] => []);
  const files = await Promise.all(names.map(async (name) => ((await stat(join(layersFolder, 'extensions', name)).catch(() => undefined))?.isFile() === true ? name : undefined)));
  return files.filter((name) => name !== undefined).sort();
}

/** `mark` is in front of every line that concerns an extension; nobody else knows it when the environment starts. */
export function withExtensions(command: readonly string[], extensionsFolder: string, names: readonly string[], mark: string): readonly string[] {
  // The line that tells of an end has two marks. What a program leaves open keeps the reader, not the runtime.
  const script = `
f=$1; m=$2; shift 2
while [ "$1" != -- ]; do
  n=$1; shift
  ( { ( cd / || exit 126; unset ${runtimeOnly}; exec "$f/$n" ) 2>&1; printf '%s%s\\n' "$m$m" "$?"; } 3<&- 4>&- </dev/null \\
    | while IFS= read -r l || [ -n "$l" ]; do printf '%s%s\\t%s\\n' "$m" "$n" "$l"; done >&2 3<&- 4>&- ) &
done
shift
exec "$@"`;
  return ['/bin/sh', '-c', script, 'sh', extensionsFolder, mark, ...names, '--', ...command];
}

export type ExtensionLine = { readonly kind: 'output'; readonly name: string; readonly text: string } | { readonly kind: 'ended'; readonly name: string; readonly status: number };

/** What a line of the environment's output says of an extension; undefined when it is the function's own. */
export function parseExtensionLine(line: string, mark: string): ExtensionLine | undefined {
  if (!line.startsWith(mark)) return undefined;
  const tab = line.indexOf('\t');
  if (tab < 0) return undefined;
  const name = line.slice(mark.length, tab);
  const text = line.slice(tab + 1);
  const status = text.startsWith(mark + mark) ? /^(\d{1,3})\n?$/.exec(text.slice(2 * mark.length))?.[1] : undefined;
  return status === undefined ? { kind: 'output', name, text } : { kind: 'ended', name, status: Number(status) };
}
