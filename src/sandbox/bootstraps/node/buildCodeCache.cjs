// Makes the file that codeCache.cjs reads: loads what the SDK's package.json names, makes each client and sends one request to nobody, so that what
// V8 keeps holds the functions that a function's first steps need. Arguments: the SDK's folder, and the names of its packages. The
// result goes to descriptor 3.
'use strict';

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const codeCache = require('./codeCache.cjs');

const [, , folder, ...names] = process.argv;
const resultFd = 3;
const scripts = new Map();
codeCache.install(folder, (name, script) => scripts.set(name, script));
const load = createRequire(path.join(folder, 'index.js'));

/** Clients of each wire protocol, and a request that wants no parameters. */
const requests = {
  S3Client: 'ListBucketsCommand', DynamoDBClient: 'ListTablesCommand', SQSClient: 'ListQueuesCommand', SNSClient: 'ListTopicsCommand',
  LambdaClient: 'ListFunctionsCommand', STSClient: 'GetCallerIdentityCommand', CloudWatchClient: 'ListMetricsCommand',
};

async function main() {
  for (const name of names) {
    try {
      await use(load(name));
    } catch {
      // A package that does not load here is compiled where it is needed, and fails there in its own words.
    }
  }
  const entries = [...scripts].map(([name, script]) => [name, script.createCachedData()]);
  const bytes = codeCache.encode(entries);
  for (let written = 0; written < bytes.length; ) written += fs.writeSync(resultFd, bytes, written);
}

async function use(loaded) {
  for (const [name, Client] of Object.entries(loaded)) {
    if (!/^[A-Z]\w+Client$/.test(name) || typeof Client !== 'function') continue;
    const client = new Client({
      region: 'us-east-1', endpoint: 'http://127.0.0.1:1', credentials: { accessKeyId: 'none', secretAccessKey: 'none' }, maxAttempts: 1,
      requestHandler: { handle: () => Promise.reject(new Error('nobody is there')), metadata: { handlerProtocol: 'http/1.1' } },
    });
    const Command = Object.prototype.hasOwnProperty.call(requests, name) ? loaded[requests[name]] : undefined;
    if (Command) await client.send(new Command({})).catch(() => undefined);
    client.destroy();
  }
}

// No timer or socket of some client may keep it waiting.
void main().then(() => process.exit(0), () => process.exit(1));
