/** The word splitting of Tercom, the reference implementation of TER, as sacreBLEU 2.6.0 does it. */
import { splitWhitespace } from "../text/whitespace.ts";

export interface TercomOptions {
  /** Join lines, resolve XML entities, split punctuation off. Default false. */
  readonly normalized?: boolean;
  /** Delete punctuation. Default false. */
  readonly noPunctuation?: boolean;
  /** With `normalized`: each Chinese or Japanese character is a word; with `noPunctuation`: their marks go too. Default false. */
  readonly asianSupport?: boolean;
  /** Default false: everything is lowercased. */
  readonly caseSensitive?: boolean;
}

/** @example tokenizeTercom("It's a cat's toy.", { normalized: true }) // ["it", "'s", "a", "cat", "'s", "toy", "."] */
export function tokenizeTercom(line: string, options: TercomOptions = {}): string[] {
  let text = options.caseSensitive ? line : line.toLowerCase();
  if (text !== "" && options.normalized) {
    text = normalizeWestern(text);
    if (options.asianSupport) text = splitAsian(text);
  }
  if (options.noPunctuation) {
    text = text.replace(/[.,?:;!"()]/g, "");
    if (options.asianSupport) text = text.replace(asianPunctuation, "").replace(fullWidth, "");
  }
  return splitWhitespace(text);
}

const asianPunctuation = /[\u3001\u3002\u3008-\u3011\u3014-\u301f\uff61-\uff65\u30fb]/g;
const fullWidth = /[\uff0e\uff0c\uff1f\uff1a\uff1b\uff01\uff02\uff08\uff09]/g;

function normalizeWestern(text: string): string {
  const joined = text
    .replaceAll("\n-", "")
    .replaceAll("\n", " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  return ` ${joined} `
    .replace(/[{-~[-` -&(-+:-@/]/g, " $& ")
    .replaceAll("'s ", " 's ")
    .replace(/([^0-9])([.,])/g, "$1 $2 ")
    .replace(/([.,])([^0-9])/g, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ");
}

/**
 * The fourth range ends at U+3F22 where U+32FF was meant, so it covers ideographs that the first class
 * split already; and the reference's rules for runs of kana can never match, since the text begins with a
 * space by then. The first is kept and the second left out: scores must agree.
 */
function splitAsian(text: string): string {
  return text
    .replace(/[\u4e00-\u9fff\u3400-\u4dbf]/g, " $& ")
    .replace(/[\u31c0-\u31ef\u2e80-\u2eff]/g, " $& ")
    .replace(/[\u3300-\u33ff\uf900-\ufaff\ufe30-\ufe4f]/g, " $& ")
    .replace(/[\u3200-\u3f22]/g, " $& ")
    .replace(asianPunctuation, " $& ")
    .replace(fullWidth, " $& ");
}
