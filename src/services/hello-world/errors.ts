import { ServiceError } from '../../base/errors.ts';
import { greetingsMax } from './limits.ts';

export const greetingNotFound = (language: string): ServiceError =>
  new ServiceError('GreetingNotFoundException', `There is no greeting for the language ${language}.`);

export const tooManyGreetings = (): ServiceError =>
  new ServiceError('TooManyGreetingsException', `There can be at most ${greetingsMax} greetings.`);
