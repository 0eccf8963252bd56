// A sorted map in memory: an array of short sorted arrays. Half a page of code, and at the sizes that occur here (up to some
// hundred thousand keys) as fast as a tree.

interface Chunk<Value> {
  readonly keys: string[];
  readonly values: Value[];
}

const chunkLengthMax = 256;

export class OrderedMap<Value> {
  private chunks: Chunk<Value>[] = [];
  size = 0;

  get(key: string): Value | undefined {
    const chunk = this.chunks[this.chunkOf(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  set(key: string, value: Value): void {
    const index = this.chunkOf(key);
    const chunk = this.chunks[index];
    if (chunk === undefined) {
      this.chunks.push({ keys: [key], values: [value] });
      this.size = 1;
      return;
    }
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      chunk.values[at] = value;
      return;
    }
    this.size += 1;
    if (at === chunk.keys.length) {
      chunk.keys.push(key);
      chunk.values.push(value);
    } else {
      chunk.keys.splice(at, 0, key);
      chunk.values.splice(at, 0, value);
    }
    if (chunk.keys.length > chunkLengthMax) {
      const half = chunkLengthMax / 2;
      this.chunks.splice(index + 1, 0, { keys: chunk.keys.splice(half), values: chunk.values.splice(half) });
    }
  }

  delete(key: string): void {
    const index = this.chunkOf(key);
    const chunk = this.chunks[index];
    if (chunk === undefined) return;
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] !== key) return;
    this.size -= 1;
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    if (chunk.keys.length === 0) this.chunks.splice(index, 1);
  }

  clear(): void {
    this.chunks = [];
    this.size = 0;
  }

  /** Visits the entries with `from <= key < to` in order, until `visit` answers false. The map must not change meanwhile. */
  scan(from: string, to: string, reverse: boolean, visit: (key: string, value: Value) => boolean): void {
    if (this.size === 0 || from >= to) return;
    const step = reverse ? -1 : 1;
    let index = this.chunkOf(reverse ? to : from);
    let chunk = this.chunks[index];
    let at = chunk === undefined ? 0 : reverse ? lowerBound(chunk.keys, to) - 1 : lowerBound(chunk.keys, from);
    while (chunk !== undefined) {
      for (; at >= 0 && at < chunk.keys.length; at += step) {
        const key = chunk.keys[at] as string;
        if (reverse ? key < from : key >= to) return;
        if (!visit(key, chunk.values[at] as Value)) return;
      }
      index += step;
      chunk = this.chunks[index];
      at = reverse && chunk !== undefined ? chunk.keys.length - 1 : 0;
    }
  }

  /** The last chunk whose first key is not above `key`, else the first chunk. */
  private chunkOf(key: string): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.chunks[middle]?.keys[0] as string;
      if (first <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : low - 1;
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
