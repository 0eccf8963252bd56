import { describeStore } from '../../suite.ts';
import { openMemoryStore } from './openMemoryStore.ts';

describeStore('memory', { durable: false, open: async ({ clock, random }) => openMemoryStore({ clock, random }) });
