import { MessageChannel } from 'node:worker_threads';

/**
 * Keeps this process alive until the returned function is called. The clocks' timers do not, and a server that shuts down must
 * not end between a function's exit and the removal of what it held.
 */
export function keepAlive(): () => void {
  const { port1 } = new MessageChannel();
  port1.on('message', () => undefined);
  return () => port1.close();
}
