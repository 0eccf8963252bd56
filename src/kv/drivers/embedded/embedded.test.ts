import { silentLogger } from '../../../base/log.ts';
import { describeStore } from '../../suite.ts';
import { openEmbeddedStore } from './openEmbeddedStore.ts';

describeStore('embedded', {
  durable: true,
  open: ({ folder, clock, random }) => openEmbeddedStore({ folder, clock, random, log: silentLogger }),
});
