// What a Java virtual machine gets of a function's memory, and what preparing it may take.

/** AWS gives the heap 85 % of the function's memory (its Java runtimes print `-XX:MaxHeapSize=445645k` for 512 MB with -XX:+PrintFlagsFinal). */
export const heapShare = 0.85;

/** The client's library has 0.8 MB. */
export const nativeClientBytesMax = 16 * 1024 * 1024;

/** An archive has some 20 MB and is made in two seconds of processor time. */
export const sharedArchiveBytesMax = 128 * 1024 * 1024;
export const sharedArchiveMs = 120_000;

/** Application class-data sharing is part of every OpenJDK since 10 (JEP 310); AWS's oldest runtime after 8 is 11. */
export const oldestSharing = 11;
