import { tooManyGreetings } from '../errors.ts';
import { greetingsMax } from '../limits.ts';
import { greetingAccess, greetingArn, operation } from '../operation.ts';
import { greetings } from '../store.ts';

export const putGreeting = operation('PutGreeting', {
  access: ({ language = '' }, call) => greetingAccess('PutGreeting', call, language),
  async handle({ language = '', text = '' }, call, { store }) {
    await store.transact(async (tx) => {
      const known = await greetings.get(tx, call, [language]);
      if (!known) {
        // A range is not checked at commit: the guard makes two callers who both count 99 take turns.
        tx.guard(greetings.key(call, []));
        const all = await greetings.list(tx, call, [], { limit: greetingsMax });
        if (all.length >= greetingsMax) throw tooManyGreetings();
      }
      greetings.set(tx, call, [language], { text, timesGreeted: known?.timesGreeted ?? 0 });
    });
    return { greetingArn: greetingArn(call, language) };
  },
});
