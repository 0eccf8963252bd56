import { defineTable } from '../../kv/table.ts';
import type { EventRow } from './domain/describeEvent.ts';

//   event   [time in milliseconds, event id] -> EventRow

export const events = defineTable<EventRow>('cloudtrail', 'event');
