// A small internet for networkEgress.test.ts, run as root in a network namespace of its own (`unshare --net`): this namespace is the
// host, another one the internet, with one public and one private server. No real interface and no real address is touched.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { wallClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/log.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import { openSandbox } from '../../src/sandbox/openSandbox.ts';
import { node } from './harness.ts';

const [folder = '', codeFolder = '', mode = 'ask'] = process.argv.slice(2);

function sh(script: string): string {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-ec', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}\n${stderr}`);
  return stdout;
}

const namesOf = (): string[] => [...sh('ip -o link').matchAll(/^\d+: ([^:@]+)/gm)].map(([, name]) => name ?? '');
const tables = (): string => sh('nft list tables');
const forwarding = (): string => readFileSync('/proc/sys/net/ipv4/conf/outer/forwarding', 'utf8').trim();

// It ends with its standard input, also when this process is killed.
const serve = `process.stdin.resume().on('end', () => process.exit()); require('http').createServer((q, r) => r.end('internet')).listen(80, '0.0.0.0', () => console.log('up'))`;
const internet = spawn('unshare', ['--net', process.execPath, '-e', serve], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(internet.stdout, 'data');
sh(`ip link set lo up; ip link add outer type veth peer name inner netns ${internet.pid}
  ip address add 10.77.0.2/24 dev outer; ip link set outer up; ip route add default via 10.77.0.1
  nsenter --target ${internet.pid} --net sh -ec 'ip link set lo up; ip address add 10.77.0.1/24 dev inner; ip address add 203.0.113.5/32 dev lo; ip link set inner up'`);
createServer((_request, response) => response.end('host')).listen(8080, '0.0.0.0');

const logs: string[] = [];
const sandbox = await openSandbox({
  folder, wall: wallClock, random: cryptoRandom, environment: process.env, slots: { minimum: 0, maximum: 0 }, log: createLogger((record) => logs.push(`${record.text} ${JSON.stringify(record.fields)}`), 'info'),
});
const start = async (environmentId: string) => {
  const environment = await sandbox.start({
    environmentId, runtime: node, handler: 'index.handler', codeFolder, variables: {}, memoryMegabytes: 1769, ephemeralStorageMegabytes: 512, initTimeoutMs: 10_000,
    onOutput: ({ text }) => void process.stderr.write(text), endpoint: { port: 4566, onConnection: (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nendpoint') },
  });
  const init = await environment.init;
  if (init.kind !== 'ready') throw new Error(JSON.stringify(init));
  return environment;
};
const before = { names: namesOf(), tables: tables(), forwarding: forwarding() };
const [one, two] = await Promise.all([start('one'), start('two')]);
const ask = async (environment: typeof one, urls: readonly string[]): Promise<unknown> => {
  const outcome = await environment.invoke({
    requestId: cryptoRandom.bytes(8).toString('hex'), event: Buffer.from(JSON.stringify({ urls })), deadlineMs: wallClock.now() + 20_000, invokedFunctionArn: 'arn',
  });
  return outcome.kind === 'response' ? JSON.parse(Buffer.from(outcome.payload).toString()) : outcome.kind;
};
const during = { names: namesOf(), tables: tables(), forwarding: forwarding() };
const gateway = /198\.(18|19)\.\d+\.1\b/.exec(sh('ip -o address'))?.[0] ?? '';
const other = sh('ip route').match(/198\.\d+\.\d+\.\d+/g) ?? [];
const answers = {
  public: await ask(one, ['http://203.0.113.5/']),
  own: await ask(two, ['http://127.0.0.1:4566/']),
  refused: await ask(one, ['http://10.77.0.1/', 'http://10.77.0.2:8080/', 'http://127.0.0.1:8080/', `http://${gateway}:8080/`, 'http://169.254.169.254/', ...other.map((address) => `http://${address}:8080/`)]),
};
if (mode === 'die') {
  process.stdout.write(`${JSON.stringify({ during })}\n`);
  process.kill(process.pid, 'SIGKILL');
}
await sandbox.close();
process.stdout.write(`${JSON.stringify({ guarantees: sandbox.guarantees, before, during, after: { names: namesOf(), tables: tables(), forwarding: forwarding() }, answers, logs })}\n`);
process.exit(0);
