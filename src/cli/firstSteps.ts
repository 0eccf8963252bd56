interface FirstStepsOptions {
  readonly endpoint: string;
  /** Undefined for the default folder, which commands find by themselves. */
  readonly dataFolder: string | undefined;
  readonly inMemory: boolean;
  readonly account: string;
  readonly interpreters: readonly { readonly family: string; readonly version: string }[];
}

/** Three lines to paste after a start: point the tools here, create a function, invoke it. */
export function firstSteps(options: FirstStepsOptions): string[] {
  const { endpoint, dataFolder, inMemory, account, interpreters } = options;
  const families = new Set(interpreters.map((interpreter) => interpreter.family));
  const where = inMemory ? ` --endpoint ${endpoint}` : dataFolder === undefined ? '' : ` --data-dir '${dataFolder.replaceAll("'", `'\\''`)}'`;
  const sample = families.has('python') || !families.has('node') ? pythonSample : nodeSample;
  return [
    `eval "$(npx haneul env${where})"`,
    `${sample.make} && aws lambda create-function --function-name hello --runtime ${sample.runtime} --handler ${sample.handler} ` +
      `--role arn:aws:iam::${account}:role/hello --zip-file fileb://hello.zip`,
    `npx haneul invoke hello --event '{"name": "sky"}' --tail`,
  ];
}

// Python can pack a zip by itself; where it is missing the usual `zip` is the next most likely tool.
const pythonSample = {
  make: `echo 'def handler(event, context): return "Hello, " + event["name"]' > hello.py && python3 -m zipfile -c hello.zip hello.py`,
  runtime: 'python3.12',
  handler: 'hello.handler',
};

const nodeSample = {
  make: `echo 'export const handler = async (event) => "Hello, " + event.name' > hello.mjs && zip -q hello.zip hello.mjs`,
  runtime: 'nodejs22.x',
  handler: 'hello.handler',
};
