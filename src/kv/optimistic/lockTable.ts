/** Named first-come-first-served locks within this process. */
export class LockTable {
  private readonly waiters = new Map<string, (() => void)[]>();

  /** Whether nobody holds any lock. */
  get idle(): boolean {
    return this.waiters.size === 0;
  }

  isHeld(name: string): boolean {
    return this.waiters.has(name);
  }

  acquire(name: string): Promise<void> {
    const queue = this.waiters.get(name);
    if (queue === undefined) {
      this.waiters.set(name, []);
      return Promise.resolve();
    }
    return new Promise((resolve) => queue.push(resolve));
  }

  release(name: string): void {
    const next = this.waiters.get(name)?.shift();
    if (next === undefined) this.waiters.delete(name);
    else next();
  }
}
