// A task for the tests of the pool.
type EchoInput = { readonly text: string } | { readonly fail: string } | { readonly exit: number } | { readonly hang: true };

export function run(input: EchoInput): Promise<unknown> | unknown {
  if ('fail' in input) throw new Error(input.fail);
  if ('exit' in input) process.exit(input.exit);
  if ('hang' in input) return new Promise(() => undefined);
  return { text: input.text, environment: Object.keys(process.env).length };
}
