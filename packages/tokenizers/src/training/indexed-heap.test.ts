import { Rng } from "@seq/core";
import { expect, test } from "vitest";
import { IndexedHeap } from "./indexed-heap.ts";

test("pops items by priority, then by the smaller tie key", () => {
  const heap = new IndexedHeap(1);
  heap.set(0, 5, 9);
  heap.set(1, 7, 1);
  heap.set(2, 5, 3);
  expect([heap.pop(), heap.pop(), heap.pop(), heap.pop()]).toEqual([1, 2, 0, -1]);
});

test("agrees with sorting after random insertions, changes and removals", () => {
  const rng = new Rng(3);
  const heap = new IndexedHeap(4);
  const entries = new Map<number, number>();
  for (let step = 0; step < 5000; step++) {
    const item = rng.integer(300);
    if (rng.uniform() < 0.25) {
      heap.remove(item);
      entries.delete(item);
    } else {
      const priority = rng.integer(50);
      heap.set(item, priority, item);
      entries.set(item, priority);
    }
    expect(heap.size).toBe(entries.size);
    expect(heap.has(item)).toBe(entries.has(item));
  }
  const expected = [...entries].sort(([a, x], [b, y]) => y - x || a - b);
  for (const [item, priority] of expected) {
    expect(heap.topPriority).toBe(priority);
    expect(heap.pop()).toBe(item);
  }
});
