// Stands in for a client package: one class for each operation, with the types of what goes in and out. Types only.

declare class Command<Input extends object, Output extends object> {
  readonly input: Input;
  resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: Output }>;
}

export declare class DeleteGreetingCommand extends Command<{ language: string | undefined }, object> {}

export declare class GreetCommand extends Command<
  { name: string | undefined; language: string | undefined },
  { greeting?: string | undefined; timesGreeted?: number | undefined }
> {}

export declare class PutGreetingCommand extends Command<
  { language: string | undefined; text: string | undefined },
  { greetingArn?: string | undefined }
> {}
