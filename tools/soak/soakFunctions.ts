// The functions of a soak, and what each must answer.

import assert from 'node:assert/strict';

export interface SoakFunction {
  readonly name: string;
  readonly Runtime: 'nodejs20.x' | 'python3.11' | 'provided.al2023';
  readonly Timeout: number;
  readonly files: Readonly<Record<string, string>>;
  /** Its part of all invocations; those that take long or a new process come seldom. */
  readonly share: number;
  /** Throws when an answer is not what this function gives. */
  readonly check: (answer: SoakAnswer, sent: number) => void;
}

export interface SoakAnswer {
  readonly error: string | undefined;
  readonly text: string;
}

const node = (body: string): Record<string, string> => ({ 'index.js': `exports.handler = async (event) => { ${body} };` });
const python = (body: string): Record<string, string> => ({ 'index.py': `import os, time\ndef handler(event, context):\n    ${body}\n` });

const gives = ({ error, text }: SoakAnswer, sent: number): void => {
  assert.equal(error, undefined, text);
  assert.equal((JSON.parse(text) as { sent?: number }).sent, sent, text);
};
const fails = (pattern: RegExp) => ({ error, text }: SoakAnswer): void => {
  assert.equal(error, 'Unhandled', text);
  assert.match(text, pattern);
};

// Long enough for a machine that has much else to do.
const js = { Runtime: 'nodejs20.x', Timeout: 60 } as const;
const py = { Runtime: 'python3.11', Timeout: 60 } as const;

export const soakFunctions: readonly SoakFunction[] = [
  { name: 'node', ...js, files: node('console.log("a line", event.sent); return { sent: event.sent };'), share: 12, check: gives },
  { name: 'node-large', ...js, files: node('return { sent: event.sent, filler: "x".repeat(2_000_000) };'), share: 2, check: gives },
  { name: 'node-throws', ...js, files: node('throw new TypeError(`no ${event.sent}`);'), share: 4, check: fails(/TypeError/) },
  { name: 'node-times-out', ...js, Timeout: 1, files: node('await new Promise((resolve) => setTimeout(resolve, 60_000));'), share: 1, check: fails(/Task timed out after 1\.00 seconds/) },
  { name: 'node-hangs', ...js, Timeout: 1, files: node('for (;;);'), share: 1, check: fails(/Task timed out after 1\.00 seconds/) },
  { name: 'node-eats', ...js, files: node('const all = []; for (;;) all.push(Buffer.alloc(8_000_000, 1));'), share: 1, check: fails(/Runtime\.(OutOfMemory|ExitError)/) },
  { name: 'node-exits', ...js, files: node('process.exit(3);'), share: 1, check: fails(/Runtime\.ExitError/) },
  { name: 'node-litters', ...js, files: node('const fs = require("node:fs"); fs.writeFileSync(`/tmp/${event.sent}`, "x".repeat(100_000)); require("node:child_process").spawn("/bin/sleep", ["600"], { detached: true, stdio: "ignore" }).unref(); return { sent: event.sent };'), share: 1, check: gives },
  { name: 'python', ...py, files: python('print("a line", event["sent"]); return {"sent": event["sent"]}'), share: 8, check: gives },
  { name: 'python-raises', ...py, files: python('raise ValueError(event["sent"])'), share: 3, check: fails(/ValueError/) },
  { name: 'python-times-out', ...py, Timeout: 1, files: python('time.sleep(60)'), share: 1, check: fails(/Task timed out after 1\.00 seconds/) },
  { name: 'python-eats', ...py, files: python('kept = [bytes([1]) * 8_000_000 for _ in range(10_000)]'), share: 1, check: fails(/Runtime\.(OutOfMemory|ExitError)/) },
  { name: 'python-dies', ...py, files: python('os.kill(os.getpid(), 9)'), share: 1, check: fails(/Runtime\.ExitError/) },
  {
    name: 'shell', Runtime: 'provided.al2023', Timeout: 60, share: 2, check: gives,
    files: {
      bootstrap: `#!/bin/bash
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  event=$(curl -sS -D /tmp/head "$api/next")
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\([0-9a-f-]*\\).*/\\1/ip' /tmp/head)
  curl -sS -o /dev/null -d "$event" "$api/$id/response"
done
`,
    },
  },
];
