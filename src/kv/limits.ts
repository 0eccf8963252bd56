// Limits that every engine keeps, so that no service leans on a roomier one (research: LMDB keys end at 1,978 bytes
// with 4 KB pages, FoundationDB values at 100 KB, its transactions at 10 MB and 5 s).

export const keyBytesMax = 1_900;
export const valueBytesMax = 96 * 1024;
export const transactionBytesMax = 10 * 1024 * 1024;
export const transactionMsMax = 5_000;
export const rangeLimitMax = 10_000;
