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

/** `ask`; `die` in the middle; `host`: functions may reach this host; `barred`: the host drops what it forwards, as Docker's does. */
const [folder = '', codeFolder = '', mode = 'ask'] = process.argv.slice(2);

function sh(script: string): string {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-ec', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}\n${stderr}`);
  return stdout;
}

const namesOf = (): string[] => [...sh('ip -o link').matchAll(/^\d+: ([^:@]+)/gm)].map(([, name]) => name ?? '');
// Whichever packet filter the tests put into PATH.
const tables = (): string => sh('if command -v nft >/dev/null; then nft list tables; fi; if command -v iptables >/dev/null; then iptables -S; iptables -t nat -S; fi');
const forwarding = (): string => readFileSync('/proc/sys/net/ipv4/conf/outer/forwarding', 'utf8').trim();

// It ends with its standard input, also when this process is killed.
const serve = `process.stdin.resume().on('end', () => process.exit()); require('http').createServer((q, r) => r.end('internet')).listen(80, '::', () => console.log('up'))`;
const internet = spawn('unshare', ['--net', process.execPath, '-e', serve], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(internet.stdout, 'data');
sh(`ip link set lo up; ip link add outer type veth peer name inner netns ${internet.pid}
  ip address add 10.77.0.2/24 dev outer; ip link set outer up; ip route add default via 10.77.0.1
  nsenter --target ${internet.pid} --net sh -ec 'ip link set lo up; ip address add 10.77.0.1/24 dev inner; ip address add 203.0.113.5/32 dev lo; ip address add fd77::1/64 dev inner nodad; ip link set inner up'
  ip address add fd77::2/64 dev outer nodad; ip -6 route add default via fd77::1`);
if (mode === 'barred') sh('iptables -P FORWARD DROP');
createServer((_request, response) => response.end('host')).listen(8080, '0.0.0.0');
for (const port of [8081, 8082]) createServer((_request, response) => response.end('loopback')).listen(port, '127.0.0.1');

const logs: string[] = [];
const sandbox = await openSandbox({
  folder, wall: wallClock, random: cryptoRandom, environment: process.env, slots: { minimum: 0, maximum: 0 }, log: createLogger((record) => logs.push(`${record.text} ${JSON.stringify(record.fields)}`), 'info'),
  allowHost: mode === 'host' ? { closedPorts: () => [8082] } : undefined,
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
/** What should answer has time to. */
const ask = async (environment: typeof one, urls: readonly string[], timeoutMs = 700): Promise<readonly string[]> => {
  const outcome = await environment.invoke({
    requestId: cryptoRandom.bytes(8).toString('hex'), event: Buffer.from(JSON.stringify({ urls, timeoutMs })), deadlineMs: wallClock.now() + 60_000, invokedFunctionArn: 'arn',
  });
  return outcome.kind === 'response' ? (JSON.parse(Buffer.from(outcome.payload).toString()) as string[]) : [outcome.kind];
};
const during = { names: namesOf(), tables: tables(), forwarding: forwarding() };
const gateway = /198\.(18|19)\.\d+\.1\b/.exec(sh('ip -o address'))?.[0] ?? '';
const other = sh('ip route').match(/198\.\d+\.\d+\.\d+/g) ?? [];
const host = 'http://host.haneul.internal';
const answers = {
  public: await ask(one, ['http://203.0.113.5/'], 15_000),
  own: await ask(two, ['http://127.0.0.1:4566/'], 15_000),
  host: await ask(one, [`${host}:8080/`, `${host}:8081/`, `http://${gateway}:8080/`], mode === 'host' ? 15_000 : undefined),
  refused: await ask(one, [
    'http://10.77.0.1/', 'http://10.77.0.2:8080/', 'http://127.0.0.1:8080/', 'http://169.254.169.254/', 'http://[fd77::1]/', `${host}:8082/`, ...other.filter((address) => address !== gateway).map((address) => `http://${address}:8080/`),
  ]),
};
if (mode === 'die') {
  process.stdout.write(`${JSON.stringify({ during })}\n`);
  process.kill(process.pid, 'SIGKILL');
}
await sandbox.close();
process.stdout.write(`${JSON.stringify({ guarantees: sandbox.guarantees, before, during, after: { names: namesOf(), tables: tables(), forwarding: forwarding() }, answers, logs })}\n`);
process.exit(0);
