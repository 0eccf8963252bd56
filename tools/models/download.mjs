// Fetches the pinned sources through the registries' ordinary clients and keeps them in .cache/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';

let wheel;

/** The service-2.json of one service (`name/date`) out of botocore's wheel. */
export async function botocoreModel(root, version, path) {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const name = `botocore-${version}-py3-none-any.whl`;
  if (!existsSync(join(cache, name))) run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', `botocore==${version}`, '--dest', cache]);
  wheel ??= unzipSync(readFileSync(join(cache, name)), { filter: (file) => file.name.endsWith('/service-2.json.gz') });
  const file = wheel[`botocore/data/${path}/service-2.json.gz`];
  if (!file) throw new Error(`botocore ${version} has no ${path}`);
  return JSON.parse(gunzipSync(file).toString('utf8'));
}

/** The Smithy JSON AST of a `group:artifact:version`. */
export async function mavenModel(root, coordinates) {
  const files = mavenFiles(root, coordinates, (name) => /^META-INF\/smithy\/.*\.json$/.test(name));
  const [text] = Object.values(files);
  if (!text) throw new Error(`${coordinates} holds no model`);
  return JSON.parse(text);
}

/** The text files of a jar by path, downloading the jar once. */
export function mavenFiles(root, coordinates, wanted) {
  const [, artifact, version] = coordinates.split(':');
  const folder = join(root, '.cache', 'maven');
  mkdirSync(folder, { recursive: true });
  const jar = `${artifact}-${version}.jar`;
  if (!readdirSync(folder).includes(jar)) {
    run('mvn', ['-q', '-B', 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy', `-Dartifact=${coordinates}`, `-DoutputDirectory=${folder}`]);
  }
  const entries = unzipSync(readFileSync(join(folder, jar)), { filter: (file) => wanted(file.name) });
  return Object.fromEntries(Object.entries(entries).map(([name, bytes]) => [name, Buffer.from(bytes).toString('utf8')]));
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (result.error) throw new Error(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} failed: ${(result.stderr + result.stdout).split('\n').find((line) => /ERROR/.test(line)) ?? `exit code ${result.status}`}`);
}
