/**
 * White space as Python's `str.split()` and `str.strip()` know it, because the reference tools split with
 * them. It differs from JavaScript's `\s`: U+001C-U+001F and U+0085 count, U+FEFF does not.
 */

const spaceClass =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** One code unit of white space. All of them lie in the basic plane. */
export function isSpace(unit: number): boolean {
  if (unit < 0x80)
    return unit === 0x20 || (unit >= 9 && unit <= 13) || (unit >= 0x1c && unit < 0x20);
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0;
  return (
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x1680 ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  );
}

/** @example splitWhitespace("  a\tb ") // ["a", "b"] */
export function splitWhitespace(text: string): string[] {
  const words: string[] = [];
  let begin = -1;
  for (let i = 0; i < text.length; i++) {
    if (isSpace(text.charCodeAt(i))) {
      if (begin >= 0) words.push(text.slice(begin, i));
      begin = -1;
    } else if (begin < 0) {
      begin = i;
    }
  }
  if (begin >= 0) words.push(text.slice(begin));
  return words;
}

export function trimEndWhitespace(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Without any white space, as `"".join(text.split())`. */
export function removeWhitespace(text: string): string {
  return text.replace(new RegExp(`[${spaceClass}]+`, "g"), "");
}
