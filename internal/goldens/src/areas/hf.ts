/** Hugging Face tokenizers: whole tokenizers, hand-made ones, and single components. */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  AlignedText,
  type Encoding,
  Pieces,
  readDecoder,
  readNormalizer,
  readPreTokenizer,
  readTokenizerJson,
  type Tokenizer,
} from "@seq/tokenizers";
import { Checks, differenceOfLists } from "../check.ts";
import type { Area, OracleFile, Verdict } from "../types.ts";

export const hf: Area = {
  name: "hf",
  recognises: ({ json }) => {
    const tool = String(json.meta?.tool ?? "");
    const shape = json.cases ?? json.tokenizers ?? json.components;
    return /tokenizers \(HF|huggingface/i.test(tool) && Array.isArray(shape);
  },
  run: async (file) => {
    if (Array.isArray(file.json.components)) return runComponents(file);
    if (Array.isArray(file.json.tokenizers)) return runManual(file);
    return runTokenizer(file);
  },
};

async function runTokenizer(file: OracleFile): Promise<Verdict> {
  const name = basename(String(file.json.meta.tokenizer));
  const path = join(dirname(file.path), name);
  const tokenizer = readTokenizerJson(readFileSync(path, "utf8"), name);
  const checks = new Checks();
  for (const c of file.json.cases) {
    await checks.run(JSON.stringify(c.line), () => differenceOfCase(tokenizer, c));
  }
  return checks.verdict();
}

async function runManual(file: OracleFile): Promise<Verdict> {
  const checks = new Checks();
  for (const t of file.json.tokenizers) {
    if (t.load_error !== undefined) {
      await checks.run(t.name, () => {
        try {
          readTokenizerJson(t.json, t.name);
          return "loads, expected an error";
        } catch {
          return undefined;
        }
      });
      continue;
    }
    const tokenizer = readTokenizerJson(t.json, t.name);
    for (const c of t.cases) {
      await checks.run(`${t.name} ${JSON.stringify(c.line)}`, () => differenceOfCase(tokenizer, c));
    }
    if (t.batch === undefined) continue;
    const encodings = tokenizer.encodeBatch(t.batch.lines);
    t.batch.encodings.forEach((expected: unknown, i: number) => {
      checks.add(
        `${t.name} batch ${i}`,
        differenceOfEncoding(encodings[i] as Encoding, expected, ""),
      );
    });
  }
  return checks.verdict();
}

// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function differenceOfCase(tokenizer: Tokenizer, c: any): string | undefined {
  if (c.error !== undefined) {
    try {
      tokenizer.encode(c.line);
    } catch {
      return undefined;
    }
    return `encodes, expected the error ${c.error}`;
  }
  const encoding =
    c.pair === undefined ? tokenizer.encode(c.line) : tokenizer.encodePair(c.line, c.pair);
  const plain = { addSpecialTokens: false };
  const normalizer = tokenizer.parts.normalizer;
  return (
    differenceOfEncoding(encoding, c, c.line, c.pair) ??
    (c.pair === undefined
      ? differenceOfLists("encodeToIds", tokenizer.encodeToIds(c.line), c.ids)
      : undefined) ??
    (c.ids_no_special === undefined
      ? undefined
      : differenceOfLists(
          "ids_no_special",
          tokenizer.encodeToIds(c.line, plain),
          c.ids_no_special,
        )) ??
    difference("decode", tokenizer.decode(c.ids), c.decode) ??
    difference(
      "decode_with_special",
      tokenizer.decode(c.ids, { skipSpecialTokens: false }),
      c.decode_with_special ?? c.decode,
    ) ??
    (c.normalized === undefined || normalizer === undefined
      ? undefined
      : difference("normalized", normalizer.normalize(c.line), c.normalized))
  );
}

function difference(name: string, got: string, expected: string): string | undefined {
  return got === expected
    ? undefined
    : `${name} is ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`;
}

function differenceOfEncoding(
  got: Encoding,
  // biome-ignore lint/suspicious/noExplicitAny: as the file has it.
  expected: any,
  line: string,
  pair = "",
): string | undefined {
  const lists: [string, ArrayLike<unknown>, ArrayLike<unknown> | undefined][] = [
    ["ids", got.ids, expected.ids],
    ["tokens", got.tokens, expected.tokens],
    ["word_ids", Array.from(got.wordIds, (id) => (id < 0 ? null : id)), expected.word_ids],
    ["type_ids", got.typeIds, expected.type_ids],
    ["special_tokens_mask", got.specialTokensMask, expected.special_tokens_mask],
    ["attention_mask", got.attentionMask, expected.attention_mask],
    ["offsets", toCodePoints(got, [line, pair]), expected.offsets?.flat()],
  ];
  for (const [name, list, wanted] of lists) {
    const found = wanted === undefined ? undefined : differenceOfLists(name, list, wanted);
    if (found !== undefined) return found;
  }
  const windows = expected.overflowing ?? [];
  if (expected.tokens !== undefined && windows.length !== got.overflowing.length) {
    return `${got.overflowing.length} overflowing, expected ${windows.length}`;
  }
  for (let i = 0; i < windows.length; i++) {
    const found = differenceOfEncoding(got.overflowing[i] as Encoding, windows[i], line, pair);
    if (found !== undefined) return `overflowing[${i}].${found}`;
  }
  return undefined;
}

/** Our offsets count UTF-16 code units, the file's count code points. */
function toCodePoints(encoding: Encoding, texts: readonly string[]): number[] {
  const maps = texts.map(codePointIndex);
  return Array.from(encoding.offsets, (offset, i) => {
    const sequence = encoding.sequenceIds[i >> 1] as number;
    return sequence < 0 ? offset : ((maps[sequence] as Int32Array)[offset] as number);
  });
}

export function codePointIndex(text: string): Int32Array {
  const index = new Int32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    index[i] = count;
    if ((text.codePointAt(i) as number) > 0xffff) index[++i] = count;
    count++;
  }
  index[text.length] = count;
  return index;
}

async function runComponents(file: OracleFile): Promise<Verdict> {
  const checks = new Checks();
  for (const component of file.json.components) {
    const label = `${component.kind} ${JSON.stringify(component.config)}`;
    const inputs: unknown[] = component.inputs ?? file.json.lines;
    for (let i = 0; i < inputs.length; i++) {
      const expected = component.out[i];
      if (expected?.not_run !== undefined) continue;
      await checks.run(`${label} ${JSON.stringify(inputs[i])}`, () =>
        differenceOfComponent(component, inputs[i], expected),
      );
    }
  }
  return checks.verdict();
}

// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function differenceOfComponent(component: any, input: any, expected: any): string | undefined {
  const where = component.kind;
  if (component.kind === "normalizer") {
    const normalizer = readNormalizer(component.config, where);
    const aligned = normalizer.align(new AlignedText(input)).text;
    return (
      difference("out", normalizer.normalize(input), expected) ??
      difference("aligned", aligned, expected)
    );
  }
  if (component.kind === "decoder") {
    const decoded = readDecoder(component.config, where).decodeChain(input).join("");
    return difference("out", decoded, expected);
  }
  const source = new AlignedText(input);
  const pieces = readPreTokenizer(component.config, where).preTokenize(Pieces.whole(source));
  const index = codePointIndex(input);
  const got = pieces.texts().flatMap((text, i) => {
    const begin = pieces.source.sourceBegin(pieces.bounds[2 * i] as number);
    const end = pieces.source.sourceEnd((pieces.bounds[2 * i + 1] as number) - 1);
    return [text, index[begin], index[end]];
  });
  return differenceOfLists("out", got, expected.flat(2));
}
