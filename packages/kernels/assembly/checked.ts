/**
 * Loads and stores of the checked build, which tests run over random shapes: `compile.mjs` puts these in
 * the place of the built-in ones. Each access must lie in one of the ranges that the caller declared by
 * `allow`, a table of [start, end) pairs; anything else traps.
 */
let ranges: usize = 0;
let rangeCount: i32 = 0;

export function allow(table: usize, count: i32): void {
  ranges = table;
  rangeCount = count;
}

function check(address: usize, size: usize): void {
  for (let i = 0; i < rangeCount; i++) {
    const start = load<u32>(ranges + (<usize>i << 3));
    const end = load<u32>(ranges + (<usize>i << 3), 4);
    if (address >= start && address + size <= end) return;
  }
  unreachable();
}

export function vectorLoad(p: usize, o: usize = 0): v128 {
  check(p + o, 16);
  return v128.load(p + o);
}

export function vectorStore(p: usize, v: v128, o: usize = 0): void {
  check(p + o, 16);
  v128.store(p + o, v);
}

export function splatLoad(p: usize, o: usize = 0): v128 {
  check(p + o, 4);
  return v128.load32_splat(p + o);
}

/** Eight bytes, each to 16 bits. */
export function extendedLoad(p: usize, o: usize = 0): v128 {
  check(p + o, 8);
  return v128.load_ext<i8>(p + o);
}

export function scalarLoad<T>(p: usize, o: usize = 0): T {
  check(p + o, sizeof<T>());
  return load<T>(p + o);
}

export function scalarStore<T>(p: usize, v: T, o: usize = 0): void {
  check(p + o, sizeof<T>());
  store<T>(p + o, v);
}
