import { readFileSync } from 'node:fs';

// USER_HZ, which Linux has fixed at 100 for whatever it shows.
const millisecondsPerTick = 10;

/** What all threads of a process have used, in user and kernel mode. Unlike the clock it does not see what else the machine does. */
export function processorMilliseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
}
