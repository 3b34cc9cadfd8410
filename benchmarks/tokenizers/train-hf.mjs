/** One training run of the npm package `tokenizers`: `train-hf.mjs KIND CORPUS OUT`; prints its figures. */
import { readFileSync, writeFileSync } from "node:fs";
import { Tokenizer } from "tokenizers";

const [, , kind, corpus, out] = process.argv;
const stages = {
  bpe: {
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null,
      end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab: {}, merges: [],
    },
  },
  wordpiece: {
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab: {} },
  },
}[kind]; // biome-ignore format: a table
const empty = { version: "1.0", truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null }; // biome-ignore format: a list
const tokenizer = Tokenizer.fromString(JSON.stringify({ ...empty, ...stages }));

const cpu = process.cpuUsage();
const begin = performance.now();
tokenizer.train([corpus]);
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
const megabytes = process.resourceUsage().maxRSS / 1024;
tokenizer.save(out, false);
if (kind === "wordpiece") {
  const json = JSON.parse(readFileSync(out, "utf8")); // the default trainer leaves [UNK] out
  json.model.vocab["[UNK]"] = Object.keys(json.model.vocab).length;
  writeFileSync(out, JSON.stringify(json));
}
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, megabytes }));
