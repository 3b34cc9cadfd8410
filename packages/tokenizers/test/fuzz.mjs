/**
 * A seeded fuzzer for the file readers: mutates real files and demands that every one is either read, and
 * then encodes and decodes, or refused with a `FormatError`; no other error, no hang, no lost time.
 *
 *   node packages/tokenizers/test/fuzz.mjs [--mutations=100000] [--seed=1] [--seconds=900]
 *
 * needs the built package. About 0.3 ms to 1 ms a mutation, so 100,000 take one to two minutes on an idle
 * core; the script stops with an error when `--seconds` are over before the mutations are done. The test
 * suite runs a short round of the same (fuzz.test.ts).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The small real files that are mutated, by format. @param shared - the folder with goldens/ and data/. */
export function seeds(shared, api) {
  const bytes = (path) => readFileSync(join(shared, path));
  const lines = (path, count) =>
    Buffer.from(`${bytes(path).toString("utf8").split("\n").slice(0, count).join("\n")}\n`);
  const json = (name) => bytes(`goldens/hf/${name}.tokenizer.json`);
  const model = (name) => bytes(`goldens/sentencepiece/${name}.model`);
  const manual = JSON.parse(bytes("goldens/hf/manual.json")).tokenizers;
  const components = JSON.parse(bytes("goldens/hf/components.json")).components;
  const word = { type: "WordLevel", vocab: { a: 0, u: 1 }, unk_token: "u" };
  const stage = ({ kind, config }) => Buffer.from(JSON.stringify({ model: word, [kind]: config }));
  const decodeText = (file) => Buffer.from(file).toString("utf8");
  const merges = api.writeVocabMerges(api.readTokenizerJson(decodeText(json("bytelevel_bpe600"))));
  return [
    { read: (f) => api.readTokenizerJson(decodeText(f)), files: [...manual.map((t) => Buffer.from(JSON.stringify(t.json))), ...components.map(stage)] },
    { read: (f) => api.readTokenizerJson(decodeText(f)), files: ["bytelevel_bpe600", "wordpiece500", "unigram400", "charbpe500_eow"].map(json) },
    { read: (f) => api.readSentencePiece(f), files: ["bpe200_identity", "word_identity", "char_identity", "uni600_identity", "bpe800_identity_bf"].map(model) },
    { read: (f) => api.readTiktoken(f, "fuzz", { preset: "r50k_base" }), files: [lines("data/tokenizers/tiktoken/r50k_base.tiktoken", 300)] },
    { read: (f) => api.readVocabText(decodeText(f)), files: [lines("data/tokenizers/bert-base-uncased/vocab.txt", 300)] },
    { read: (f) => api.readVocabMerges(decodeText(f), merges.merges), files: [Buffer.from(merges.vocab)] },
    { read: (f) => api.readVocabMerges(merges.vocab, decodeText(f)), files: [Buffer.from(merges.merges)] },
  ]; // biome-ignore format: one format a line
}

const splices = [
  "__proto__", "constructor", '"', "\\", "{", "}", "[", "]", ",", ":", "null", "-1", "1e999", "4294967295",
  "99999999999999999999", "\u0000", "\ufffd", "\ud800", " ", "\n", "\t", "▁", "##", "(?:a+)+", "\\p{", "<0x00>",
]; // biome-ignore format: a list

/** One to four random changes. @param rng - an `Rng` of @seq/core. */
export function mutate(file, rng) {
  let out = Buffer.from(file);
  const at = () => rng.integer(out.length + 1);
  for (let times = 1 + rng.integer(4); times > 0 && out.length > 0; times--) {
    const from = at();
    const to = Math.min(out.length, from + rng.integer(rng.uniform() < 0.8 ? 8 : 400));
    switch (rng.integer(7)) {
      case 0:
        out[Math.min(from, out.length - 1)] = rng.integer(256);
        break;
      case 1:
        out[Math.min(from, out.length - 1)] ^= 1 << rng.integer(8);
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, from), out.subarray(to)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, to), out.subarray(from)]);
        break;
      case 4:
        if (rng.uniform() < 0.2) out = out.subarray(0, from);
        break;
      default: {
        const piece = Buffer.from(splices[rng.integer(splices.length)]);
        out = Buffer.concat([
          out.subarray(0, from),
          piece,
          out.subarray(rng.uniform() < 0.5 ? from : to),
        ]);
      }
    }
  }
  return out;
}

const sample = "Hello, wörld! 日本 😀\n\t▁ </s> [CLS] <|endoftext|> 123 aaaa";

/** Runs mutations; returns counts, throws on the first that breaks the rule, naming how to repeat it. */
export function fuzz(
  shared,
  api,
  { seed, mutations, seconds = Number.POSITIVE_INFINITY, slowest = 5000 },
) {
  const sets = seeds(shared, api);
  const counts = { read: 0, refused: 0, refusedInUse: 0 };
  const begin = performance.now();
  for (let i = 0; i < mutations; i++) {
    const rng = new api.Rng(seed * 1_000_003 + i);
    const set = sets[rng.integer(sets.length)];
    const file = mutate(set.files[rng.integer(set.files.length)], rng);
    const before = performance.now();
    const fail = (what, cause) => {
      throw new Error(`fuzz: seed ${seed}, mutation ${i}: ${what}`, { cause });
    };
    let tokenizer;
    try {
      tokenizer = set.read(file);
    } catch (error) {
      if (error?.name !== "FormatError") fail(`${error?.name}: ${error?.message}`, error);
      counts.refused++;
    }
    if (tokenizer !== undefined) {
      try {
        const ids = tokenizer.encodeToIds(sample);
        if (tokenizer.parts.truncation === undefined && tokenizer.parts.padding === undefined) {
          const long = tokenizer.encode(sample).ids;
          if (long.length !== ids.length || long.some((id, k) => id !== ids[k]))
            fail("the two ways give other ids");
        }
        tokenizer.decode(ids.filter((id) => tokenizer.idToToken(id) !== undefined));
        counts.read++;
      } catch (error) {
        // A model that contradicts the text (no unknown token, say) may refuse it, in our own words.
        if (!api.SeqError.is(error)) fail(`${error?.name}: ${error?.message}`, error);
        counts.refusedInUse++;
      }
    }
    const now = performance.now();
    if (now - before > slowest) fail(`took ${Math.round(now - before)} ms`);
    if (now - begin > seconds * 1000) fail(`${seconds} s are over`);
  }
  return counts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) =>
    Number(
      process.argv.find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback,
    );
  const shared =
    process.env.SEQ_SHARED ?? join(fileURLToPath(import.meta.url), "../../../../../shared");
  const api = { ...(await import("@seq/core")), ...(await import("@seq/tokenizers")) };
  const options = {
    seed: option("seed", 1),
    mutations: option("mutations", 100_000),
    seconds: option("seconds", 900),
  };
  const begin = performance.now();
  const counts = fuzz(shared, api, options);
  process.stdout.write(
    `${options.mutations} mutations in ${((performance.now() - begin) / 1000).toFixed(1)} s: ${JSON.stringify(counts)}\n`,
  );
}
