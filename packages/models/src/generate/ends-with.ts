/** True when the first `length` ids end with one of the sequences, all of it behind the prompt. */
export function endsWith(
  ids: Int32Array,
  length: number,
  promptLength: number,
  sequences: readonly ArrayLike<number>[] = [],
): boolean {
  for (const sequence of sequences) {
    const start = length - sequence.length;
    if (sequence.length === 0 || start < promptLength) continue;
    let k = 0;
    while (k < sequence.length && ids[start + k] === sequence[k]) k++;
    if (k === sequence.length) return true;
  }
  return false;
}
