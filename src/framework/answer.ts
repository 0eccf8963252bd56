import type { WireResponse } from '../wire/types.ts';

/** What an answer has besides its output, where the model has no member for it: S3's 206, CORS headers. */
export interface AnswerFacts {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const answerFacts = Symbol('answer facts');

/** The same output with another status or further header fields. */
export function withAnswer<Out extends object>(output: Out, facts: AnswerFacts): Out {
  return Object.assign(output, { [answerFacts]: facts });
}

/** The answer as its handler wants it. */
export function applyAnswer(response: WireResponse, output: object): WireResponse {
  const facts = (output as { readonly [answerFacts]?: AnswerFacts })[answerFacts];
  if (!facts) return response;
  return { ...response, status: facts.status ?? response.status, headers: { ...response.headers, ...facts.headers } };
}
