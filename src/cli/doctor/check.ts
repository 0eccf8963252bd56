/** What `haneul doctor` says about one thing. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** The one thing to do about it. */
  readonly remedy?: string;
}
