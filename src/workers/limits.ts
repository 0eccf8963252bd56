/** Heap of one worker thread, in MB: an unzip streams and needs a few; a runaway task dies instead of the server. */
export const workerHeapMegabytesMax = 256;
/** Tasks that wait for a thread; each holds its input in memory. */
export const queuedTasksMax = 256;
