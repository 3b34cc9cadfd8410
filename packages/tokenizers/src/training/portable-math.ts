/**
 * Logarithm, exponential and digamma from IEEE 754 additions, multiplications and divisions only.
 * `Math.log` may differ in the last bit between engines; these give the same bits everywhere, so that a
 * model trained in a browser equals the one trained in Node. Accurate to about 2 units in the last place.
 */

const ln2High = 0.6931471803691238; // the upper bits of ln 2: k * ln2High is exact
const ln2Low = 1.9082149292705877e-10;

let doubleView: Float64Array | undefined;
let wordView: Uint32Array; // the same eight bytes, low word first on little-endian machines
let high: number; // index of the word with sign, exponent and the top of the fraction

function prepare(): Float64Array {
  const view = new Float64Array(1);
  wordView = new Uint32Array(view.buffer);
  view[0] = 1;
  high = wordView[1] === 0x3ff00000 ? 1 : 0;
  doubleView = view;
  return view;
}

/**
 * Natural logarithm: x = m 2^k with m in [sqrt(1/2), sqrt(2)), s = (m - 1)/(m + 1),
 * ln m = 2 (s + s^3/3 + s^5/5 + ...).
 *
 * @param x - positive and not subnormal; 0 gives -Infinity.
 */
export function log(x: number): number {
  if (x <= 0) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  const view = doubleView ?? prepare();
  view[0] = x;
  const top = wordView[high] as number;
  let k = (top >>> 20) - 1023;
  wordView[high] = (top & 0xfffff) | 0x3ff00000;
  let m = view[0] as number; // [1, 2)
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  // Powers up to s^21: |s| < 0.1716, so the first term left out is below 2^-60.
  const tail =
    z *
    (2 / 3 +
      z *
        (2 / 5 +
          z *
            (2 / 7 +
              z *
                (2 / 9 +
                  z *
                    (2 / 11 +
                      z * (2 / 13 + z * (2 / 15 + z * (2 / 17 + z * (2 / 19 + z * (2 / 21))))))))));
  return k * ln2High + (s * 2 + (s * tail + k * ln2Low));
}

/** The power of two with this exponent, -1022 to 1023. @example powerOf2(-3) // 0.125 */
export function powerOf2(exponent: number): number {
  const view = doubleView ?? prepare();
  wordView[1 - high] = 0;
  wordView[high] = (exponent + 1023) << 20;
  return view[0] as number;
}

/** e^x for -708 < x < 709: x = k ln 2 + r, |r| <= ln(2)/2, and the series of e^r. */
export function exp(x: number): number {
  if (x < -708) return 0;
  const k = Math.round(x / Math.LN2);
  const r = x - k * ln2High - k * ln2Low;
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (r * sum) / n;
  return sum * powerOf2(k);
}

/** x ln x, and 0 at 0. */
export function xLogX(x: number): number {
  return x > 0 ? x * log(x) : 0;
}

/** The derivative of ln Γ for x > 0: recurrence up to 7, then the asymptotic series in 1/(x - 1/2)². */
export function digamma(x: number): number {
  let result = 0;
  let shifted = x;
  for (; shifted < 7; shifted++) result -= 1 / shifted;
  const middle = shifted - 0.5;
  const u = 1 / (middle * middle);
  return result + log(middle) + u * (1 / 24 - u * (7 / 960 - u * (31 / 8064 - u * (127 / 30720))));
}
