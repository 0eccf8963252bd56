// Three generations of the AWS command line, unmodified. Version 2 comes out of the npm package in which the CDK carries it
// (a self-contained build for Linux); Debian's 2.9 and PyPI's 1.x stand for the old ones that people still have.

import { createWriteStream, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { open as openZip, type Entry, type ZipFile } from 'yauzl';
import { installOnce, installStep, type Missing } from './installOnce.ts';
import { requirePythonPackages } from './pythonPackages.ts';
import { baseEnvironment, runCommand, type CommandOptions, type CommandResult } from './runCommand.ts';

export type AwsCliGeneration = 'v2' | 'debian' | 'v1';

export interface AwsCli {
  readonly version: string;
  /** CLI 1 has no `--cli-binary-format`: it always takes payloads as they are. */
  readonly takesBinaryFormat: boolean;
  /** `--endpoint-url` for generations older than AWS_ENDPOINT_URL (facts.md), nothing for the others. */
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs a command that must succeed and answers its parsed output (undefined when it printed nothing). */
  json(args: readonly string[], options?: CommandOptions): Promise<unknown>;
}

export interface AwsCliTarget {
  readonly endpoint: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

const v2Package = '@aws-cdk/asset-awscli-v2@2.0.186';
const v1Package = 'awscli==1.44.39';

/** Finds or fetches one generation; what it answers still has to be pointed at a server with {@link pointAt}. */
export async function findAwsCli(generation: AwsCliGeneration): Promise<AwsCliProgram | Missing> {
  if (generation === 'v2') return findV2();
  return generation === 'debian' ? findDebian() : findV1();
}

export interface AwsCliProgram {
  readonly generation: AwsCliGeneration;
  readonly command: string;
  readonly leadingArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
}

/** The command line with the environment that `haneul env` prints. */
export function pointAt(program: AwsCliProgram, target: AwsCliTarget): AwsCli {
  // CLI 2.9 does not know AWS_ENDPOINT_URL. CLI 1 does, except for SQS, which it would look for at the real AWS.
  const readsEndpointVariable = program.generation === 'v2';
  const env = {
    ...baseEnvironment(),
    ...program.env,
    AWS_ACCESS_KEY_ID: target.accessKeyId ?? 'test',
    AWS_SECRET_ACCESS_KEY: target.secretAccessKey ?? 'test',
    ...(target.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: target.sessionToken }),
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: target.endpoint,
    AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  const run = (args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
    runCommand(
      program.command,
      [...program.leadingArgs, ...(readsEndpointVariable ? [] : ['--endpoint-url', target.endpoint]), '--output', 'json', ...args],
      { timeoutMs: 90_000, ...options, env: { ...env, ...options.env } },
    );
  return {
    version: program.version,
    takesBinaryFormat: program.generation !== 'v1',
    run,
    async json(args, options) {
      const result = await run(args, options);
      if (result.exitCode !== 0) throw new Error(`aws ${args.join(' ')} exited with ${result.exitCode}: ${result.stderr.trim()}`);
      return result.stdout.trim() === '' ? undefined : (JSON.parse(result.stdout) as unknown);
    },
  };
}

async function findV2(): Promise<AwsCliProgram | Missing> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return { missing: 'not run: AWS CLI 2 is packaged for x86-64 Linux only' };
  const folder = await installOnce(`awscli-2-${v2Package.split('@').at(-1) ?? ''}`, async (target) => {
    await installStep('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', target, v2Package], target);
    await unpackZip(join(target, 'node_modules/@aws-cdk/asset-awscli-v2/lib/layer.zip'), target, (name) => /^awscli\/v2\/[^/]+\/dist\/./.test(name));
    rmSync(join(target, 'node_modules'), { recursive: true });
  });
  if (typeof folder !== 'string') return folder;
  const versions = join(folder, 'awscli', 'v2');
  const command = join(versions, readdirSync(versions)[0] ?? '', 'dist', 'aws');
  return program('v2', command, [], {});
}

// Packages that hold what Debian's `aws` imports and a minimal Debian lacks.
const debianPackages = [
  'awscli', 'python3-awscrt', 'python3-colorama', 'python3-dateutil', 'python3-docutils', 'python3-jmespath', 'python3-prompt-toolkit',
  'python3-ruamel.yaml', 'python3-ruamel.yaml.clib', 'python3-urllib3', 'python3-wcwidth', 'python3-six', 'python3-roman', 'python3-distro',
  'python3-cryptography', 'python3-cffi-backend',
];

async function findDebian(): Promise<AwsCliProgram | Missing> {
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/python3')) return { missing: "not run: Debian's AWS CLI needs Debian and its python3" };
  const folder = await installOnce('awscli-debian', async (target) => {
    await installStep('apt-get', ['download', '-qq', ...debianPackages], target);
    for (const name of readdirSync(target).filter((file) => file.endsWith('.deb'))) {
      await installStep('dpkg', ['-x', join(target, name), join(target, 'root')], target);
      rmSync(join(target, name));
    }
    await program('debian', '/usr/bin/python3', debianArgs(target), debianEnvironment(target));
  });
  if (typeof folder !== 'string') return folder;
  return program('debian', '/usr/bin/python3', debianArgs(folder), debianEnvironment(folder));
}

const debianArgs = (folder: string): string[] => ['-s', join(folder, 'root/usr/bin/aws')];
const debianEnvironment = (folder: string): Record<string, string> => ({ PYTHONPATH: join(folder, 'root/usr/lib/python3/dist-packages') });

async function findV1(): Promise<AwsCliProgram | Missing> {
  const python = await requirePythonPackages('awscli-1', [v1Package]);
  return typeof python === 'string' ? program('v1', python, ['-m', 'awscli'], {}) : python;
}

async function program(
  generation: AwsCliGeneration,
  command: string,
  leadingArgs: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<AwsCliProgram> {
  const result = await runCommand(command, [...leadingArgs, '--version'], { env: { ...baseEnvironment(), ...env } });
  const version = /aws-cli\/(\S+)/.exec(result.stdout + result.stderr)?.[1];
  if (version === undefined) throw new Error(`${command} --version exited with ${result.exitCode}: ${result.stderr.trim().slice(-200)}`);
  return { generation, command, leadingArgs, env, version };
}

async function unpackZip(path: string, target: string, wanted: (name: string) => boolean): Promise<void> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    openZip(path, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  await new Promise<void>((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', resolve);
    zip.on('entry', (entry: Entry) => {
      if (!wanted(entry.fileName) || entry.fileName.endsWith('/')) return zip.readEntry();
      const file = join(target, entry.fileName);
      mkdirSync(dirname(file), { recursive: true });
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        const mode = (entry.externalFileAttributes >>> 16) & 0o777 || 0o644;
        pipeline(stream, createWriteStream(file, { mode })).then(() => zip.readEntry(), reject);
      });
    });
    zip.readEntry();
  });
}
