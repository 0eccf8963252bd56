// What extensions are told of logs and of the platform: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html. Each subscription
// has a buffer of its own, bounded; what does not fit is dropped, counted and told of.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { extensionBodyBytesMax, telemetryBacklogBytesMax, telemetryBufferTimes } from '../limits.ts';
import { readText, refuse, replyJson } from './replies.ts';
import { openDestination } from './destination.ts';
import type { Destination } from './destination.ts';
import { parseSubscription } from './subscriptions.ts';
import type { Subscription, TelemetryApi, TelemetryType } from './subscriptions.ts';
import type { TelemetryEvent } from './types.ts';

export interface TelemetryOptions {
  readonly wall: Clock;
  /** Connects to a port of 127.0.0.1 inside the environment. */
  readonly connect: (port: number) => Promise<Socket>;
  /** Told of every subscription, for the log. */
  readonly onSubscribed: (subscription: { readonly name: string; readonly api: TelemetryApi; readonly types: readonly string[] }) => void;
}

export interface Telemetry {
  readonly hasSubscribers: boolean;
  /** Somebody subscribes, or still can. */
  readonly isWanted: boolean;
  /** A request to subscribe, by an extension that has registered. */
  subscribe(api: TelemetryApi, name: string, message: IncomingMessage, response: ServerResponse): void;
  tell(type: TelemetryType, event: TelemetryEvent): void;
  /** Nobody can subscribe any more. */
  closeSubscriptions(): void;
  /** Resolves when what is buffered has been taken, or cannot be. */
  flush(): Promise<void>;
  close(): void;
}

interface Subscriber {
  readonly subscription: Subscription;
  readonly destination: Destination;
  items: string[];
  bytes: number;
  dropped: { records: number; bytes: number };
  cancelTimer: (() => void) | undefined;
  sending: Promise<void> | undefined;
}

export function createTelemetry({ wall, connect, onSubscribed }: TelemetryOptions): Telemetry {
  const subscribers = new Map<string, Subscriber>();
  /** What happened before somebody subscribed, until nobody can any more. */
  let backlog: { readonly type: TelemetryType; readonly event: TelemetryEvent; readonly bytes: number }[] = [];
  let backlogBytes = 0;
  let isOpen = true;

  async function subscribe(api: TelemetryApi, name: string, message: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(message, extensionBodyBytesMax);
    const area = api === 'logs' ? 'Logs' : 'Telemetry';
    if (!isOpen) return refuse(response, 403, `${area}.SubscriptionClosed`, `${area} API subscription is closed already`);
    const subscription = parseSubscription(api, text ?? '');
    if (typeof subscription === 'string') return refuse(response, 400, 'ValidationError', subscription);
    // Subscribing anew replaces what was subscribed to.
    close(subscribers.get(name));
    const destination = openDestination(subscription, connect, wall);
    subscribers.set(name, { subscription, destination, items: [], bytes: 0, dropped: { records: 0, bytes: 0 }, cancelTimer: undefined, sending: undefined });
    replyJson(response, 200, 'OK');
    for (const { type, event } of backlog) give(name, type, event);
    onSubscribed({ name, api, types: subscription.types });
    const about = { name, state: 'Subscribed', types: subscription.types };
    tell('platform', { type: api === 'logs' ? 'platform.logsSubscription' : 'platform.telemetrySubscription', atMs: wall.now(), record: about });
  }

  function tell(type: TelemetryType, event: TelemetryEvent): void {
    if (isOpen) remember(type, event);
    for (const name of subscribers.keys()) give(name, type, event);
  }

  function remember(type: TelemetryType, event: TelemetryEvent): void {
    const bytes = 100 + (typeof event.record === 'string' ? event.record.length : 500);
    if (backlogBytes + bytes > telemetryBacklogBytesMax) return;
    backlogBytes += bytes;
    backlog.push({ type, event, bytes });
  }

  function give(name: string, type: TelemetryType, event: TelemetryEvent): void {
    const subscriber = subscribers.get(name);
    if (subscriber === undefined || !subscriber.subscription.types.includes(type)) return;
    add(subscriber, format(event));
  }

  function add(subscriber: Subscriber, text: string): void {
    const { subscription } = subscriber;
    if (subscriber.bytes + text.length > subscription.maxBytes * telemetryBufferTimes) {
      subscriber.dropped.records += 1;
      subscriber.dropped.bytes += text.length;
      return;
    }
    subscriber.items.push(text);
    subscriber.bytes += text.length;
    if (subscriber.items.length >= subscription.maxItems || subscriber.bytes >= subscription.maxBytes) void send(subscriber);
    else subscriber.cancelTimer ??= wall.at(wall.now() + subscription.timeoutMs, () => void send(subscriber));
  }

  /** Sends what is there, one batch after another. */
  function send(subscriber: Subscriber): Promise<void> {
    subscriber.cancelTimer?.();
    subscriber.cancelTimer = undefined;
    subscriber.sending ??= sendAll(subscriber).finally(() => (subscriber.sending = undefined));
    return subscriber.sending;
  }

  async function sendAll(subscriber: Subscriber): Promise<void> {
    const { subscription, destination } = subscriber;
    while (subscriber.items.length > 0) {
      const batch = subscriber.items.splice(0, subscription.maxItems);
      const bytes = batch.reduce((sum, { length }) => sum + length, 0);
      if (!(await destination.send(batch))) {
        subscriber.dropped.records += batch.length;
        subscriber.dropped.bytes += bytes;
      }
      subscriber.bytes -= bytes;
      const { records: droppedRecords, bytes: droppedBytes } = subscriber.dropped;
      if (droppedRecords === 0 || !subscription.types.includes('platform')) continue;
      subscriber.dropped = { records: 0, bytes: 0 };
      const reason = 'Some logs were dropped because the extension could not take them in time.';
      subscriber.items.push(format({ type: 'platform.logsDropped', atMs: wall.now(), record: { droppedRecords, droppedBytes, reason } }));
      // For the next time: this one cannot take any more now.
      return;
    }
  }

  function close(subscriber: Subscriber | undefined): void {
    subscriber?.cancelTimer?.();
    subscriber?.destination.close();
  }

  return {
    get hasSubscribers() {
      return subscribers.size > 0;
    },
    get isWanted() {
      return isOpen || subscribers.size > 0;
    },
    subscribe: (api, name, message, response) => void subscribe(api, name, message, response).catch(() => response.destroy()),
    tell,
    closeSubscriptions() {
      isOpen = false;
      backlog = [];
    },
    flush: async () => void (await Promise.all([...subscribers.values()].map(send))),
    close() {
      isOpen = false;
      for (const subscriber of subscribers.values()) close(subscriber);
      subscribers.clear();
    },
  };
}

const format = ({ type, atMs, record }: TelemetryEvent): string => JSON.stringify({ time: new Date(atMs).toISOString(), type, record });
