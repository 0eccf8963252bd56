import { greetingAccess, operation } from '../operation.ts';
import { greetings, requireGreeting } from '../store.ts';

export const greet = operation('Greet', {
  access: ({ language = '' }, call) => greetingAccess('Greet', call, language),
  async handle({ name = '', language = '' }, call, { store }) {
    return store.transact(async (tx) => {
      const { text, timesGreeted } = await requireGreeting(tx, call, language);
      greetings.set(tx, call, [language], { text, timesGreeted: timesGreeted + 1 });
      return { greeting: text.replace('{name}', () => name), timesGreeted: timesGreeted + 1 };
    });
  },
});
