import { greetingNotFound } from './errors.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope } from '../../kv/table.ts';

//   greeting   language -> GreetingRow

export interface GreetingRow {
  /** Holds `{name}` where the name goes. */
  readonly text: string;
  readonly timesGreeted: number;
}

export const greetings = defineTable<GreetingRow>('hello-world', 'greeting');

export async function requireGreeting(tx: ReadTransaction, scope: Scope, language: string): Promise<GreetingRow> {
  const greeting = await greetings.get(tx, scope, [language]);
  if (!greeting) throw greetingNotFound(language);
  return greeting;
}
