import { cutText } from './cutText.ts';
import { eventBytes } from './rows.ts';
import type { RowEvent } from './rows.ts';

/** Events of one stream that wait to be stored: bounded, the oldest give way, and what was lost is told in their place. */
export interface EventQueue {
  /** Returns by how many bytes the queue has grown (or shrunk). */
  add(event: RowEvent, room: number): number;
  /** Takes events of at most `bytesMax` (but at least one) from the front; their number of bytes is subtracted. */
  take(bytesMax: number): { readonly events: RowEvent[]; readonly bytes: number; readonly lostEvents: number };
  /** Puts back what could not be stored. Returns by how many bytes the queue has grown. */
  putBack(events: readonly RowEvent[]): number;
  bytes(): number;
  isEmpty(): boolean;
  /** How many events have come in so far, and how many of them have gone: taken or dropped. */
  arrived(): number;
  departed(): number;
}

export function createEventQueue(bytesMax: number, messageBytesMax: number): EventQueue {
  let events: RowEvent[] = [];
  let front = 0;
  let bytes = 0;
  let arrived = 0;
  let departed = 0;
  let lost = { events: 0, bytes: 0, timestampMs: 0 };

  function dropOldest(): void {
    const event = events[front];
    if (!event) return;
    front += 1;
    departed += 1;
    const size = eventBytes(event.message);
    bytes -= size;
    lost = { events: lost.events + 1, bytes: lost.bytes + size, timestampMs: event.timestampMs };
    compact();
  }

  function compact(): void {
    if (front < 1_024 || front * 2 < events.length) return;
    events = events.slice(front);
    front = 0;
  }

  return {
    add({ timestampMs, message }, room) {
      const before = bytes;
      for (const piece of cutText(message, messageBytesMax)) {
        const size = eventBytes(piece);
        events.push({ timestampMs, message: piece });
        arrived += 1;
        bytes += size;
        while (bytes > bytesMax || bytes - before > room) {
          const had = bytes;
          dropOldest();
          if (bytes === had) break;
        }
      }
      return bytes - before;
    },
    take(takeBytesMax) {
      const taken: RowEvent[] = [];
      let takenBytes = 0;
      const lostEvents = lost.events;
      if (lost.events > 0) {
        const text = `[haneul] ${lost.events} log events (${lost.bytes} bytes) were dropped here: they came faster than they could be stored.\n`;
        taken.push({ timestampMs: lost.timestampMs, message: text });
        lost = { events: 0, bytes: 0, timestampMs: 0 };
      }
      for (let event = events[front]; event; event = events[front]) {
        const size = eventBytes(event.message);
        if (takenBytes > 0 && takenBytes + size > takeBytesMax) break;
        taken.push(event);
        takenBytes += size;
        front += 1;
        departed += 1;
      }
      bytes -= takenBytes;
      compact();
      return { events: taken, bytes: takenBytes, lostEvents };
    },
    putBack(returned) {
      departed -= returned.length;
      events = [...returned, ...events.slice(front)];
      front = 0;
      const returnedBytes = returned.reduce((sum, { message }) => sum + eventBytes(message), 0);
      bytes += returnedBytes;
      return returnedBytes;
    },
    bytes: () => bytes,
    arrived: () => arrived,
    departed: () => departed,
    isEmpty: () => front >= events.length && lost.events === 0,
  };
}
