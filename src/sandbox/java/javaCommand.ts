import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { InstalledInterpreter } from '../interpreters.ts';
import type { Placement } from '../launcher/launcher.ts';
import type { EnvironmentSpec } from '../types.ts';
import { heapShare } from './limits.ts';

/** Of the client's jars, in the folder that Maven fills. */
export const jarsFolder = 'jars';
/** Where AWS has them. */
export const javaPackagesPath = '/var/runtime/lib';
export const nativeClientName = 'libaws-lambda-jni.so';

const mainClass = 'com.amazonaws.services.lambda.runtime.api.client.AWSLambda';

/** How a function in Java is started: AWS's client, with the settings that AWS's own start script gives to the virtual machine. */
export function javaCommand(java: InstalledInterpreter, packagesFolder: string, spec: Pick<EnvironmentSpec, 'handler' | 'memoryMegabytes' | 'variables'>, placement: Placement): readonly string[] {
  const folder = placement.packagesFolder ?? javaPackagesPath;
  const archive = sharedArchiveName(java);
  return [
    java.path,
    ...flagsFor(spec, placement.packagesFolder === undefined && existsSync(join(packagesFolder, archive)) ? `${folder}/${archive}` : undefined),
    // The client's own library; without this every function's log begins with a warning.
    ...(majorOf(java) >= 22 ? ['--enable-native-access=ALL-UNNAMED'] : []),
    '-Djava.net.preferIPv4Stack=true',
    ...(existsSync(join(packagesFolder, nativeClientName)) && isGlibc() ? [`-Dcom.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI=${folder}/${nativeClientName}`] : []),
    '-cp', classPath(packagesFolder, folder), mainClass, spec.handler,
  ];
}

/**
 * What AWS gives the virtual machine by itself (https://docs.aws.amazon.com/lambda/latest/dg/java-customization.html): quick compilation, the serial collector, a heap by memory.
 * A function's JAVA_TOOL_OPTIONS is read before the command line, which would win over it; so what it speaks of is left to it.
 */
function flagsFor({ variables, memoryMegabytes }: Pick<EnvironmentSpec, 'memoryMegabytes' | 'variables'>, archive: string | undefined): string[] {
  const own = variables['JAVA_TOOL_OPTIONS'] ?? '';
  const unless = (spoken: RegExp, ...flags: readonly string[]): readonly string[] => (spoken.test(own) ? [] : flags);
  return [
    ...unless(/-XX:\+Use\w+GC\b/, '-XX:+UseSerialGC'),
    ...unless(/Tiered|-Xint\b|-Xcomp\b/, '-XX:+TieredCompilation', '-XX:TieredStopAtLevel=1'),
    ...unless(/-Xmx|MaxHeapSize|MaxRAM/, `-XX:MaxHeapSize=${Math.ceil(memoryMegabytes * 1024 * heapShare)}k`),
    ...unless(/-Xshare|SharedArchiveFile|AOTCache/, '-Xshare:auto', ...(archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off'])),
  ];
}

export const majorOf = ({ version }: InstalledInterpreter): number => Number(version.split('.')[0]);

/** Every jar of a host folder by name, as paths below `inside`: a `*` would leave their order to the file system. */
export function classPath(packagesFolder: string, inside: string): string {
  return readdirSync(packagesFolder).filter((name) => name.endsWith('.jar')).sort().map((name) => `${inside}/${name}`).join(':');
}

/** Another build of the same version may lie at the path one day; it would read the archive in vain. */
export function sharedArchiveName({ version, path }: InstalledInterpreter): string {
  const build = createHash('sha256').update(`${path} ${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`).digest('hex').slice(0, 8);
  return `java-${version}-${process.arch}-${build}.jsa`;
}

const isGlibc = (): boolean => ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].some((path) => existsSync(path));
