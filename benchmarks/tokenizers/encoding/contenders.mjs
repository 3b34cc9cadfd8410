/** Ours and the peers: how each is loaded for a task and called. `ids` may be a promise. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shared } from "./texts.mjs";

const folder = join(shared, "data/tokenizers");
const tiktokenNames = { r50k: "r50k_base", cl100k: "cl100k_base", o200k: "o200k_base" };
const gpt = Object.keys(tiktokenNames);
const jsonFile = (task, scratch) =>
  ({
    wordpiece: join(folder, "bert-base-uncased/tokenizer.json"),
    unigram: join(folder, "t5-small/tokenizer.json"),
  })[task] ?? join(scratch, `${task}.json`);

/** Each: the tasks it can do, whether it needs a smaller text, and `load(task, scratch)`. */
export const contenders = {
  "@seq/tokenizers": {
    tasks: [...gpt, "wordpiece", "unigram", "sentencepiece"],
    async load(task, scratch) {
      const { readSentencePiece, readTiktoken, readTokenizerJson } = await import(
        "@seq/tokenizers"
      );
      const tokenizer = gpt.includes(task)
        ? readTiktoken(
            readFileSync(join(folder, `tiktoken/${tiktokenNames[task]}.tiktoken`)),
            task,
            {
              preset: tiktokenNames[task],
            },
          )
        : task === "sentencepiece"
          ? readSentencePiece(readFileSync(join(folder, "albert-base-v2/spiece.model")))
          : readTokenizerJson(readFileSync(jsonFile(task, scratch), "utf8"));
      const options = { addSpecialTokens: false };
      return (text) => tokenizer.encodeToIds(text, options);
    },
  },
  "ai-tokenizer": {
    tasks: ["cl100k", "o200k"],
    async load(task) {
      const { Tokenizer } = await import("ai-tokenizer");
      const encoding = await import(`ai-tokenizer/encoding/${tiktokenNames[task]}`);
      const tokenizer = new Tokenizer(encoding);
      return (text) => tokenizer.encode(text, [], []);
    },
  },
  "gpt-tokenizer": {
    tasks: gpt,
    async load(task) {
      const { encode } = await import(`gpt-tokenizer/encoding/${tiktokenNames[task]}`);
      const options = { disallowedSpecial: new Set() };
      return (text) => encode(text, options);
    },
  },
  tiktoken: {
    tasks: gpt,
    async load(task) {
      const { get_encoding } = await import("tiktoken");
      const encoding = get_encoding(tiktokenNames[task]);
      return (text) => encoding.encode_ordinary(text);
    },
  },
  tokenizers: {
    tasks: [...gpt, "wordpiece", "unigram"],
    slow: true,
    async load(task, scratch) {
      const { Tokenizer } = await import("tokenizers");
      const tokenizer = Tokenizer.fromString(readFileSync(jsonFile(task, scratch), "utf8"));
      return async (text) =>
        (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
    },
  },
  "@huggingface/tokenizers": {
    tasks: ["wordpiece"],
    slow: true,
    async load(task, scratch) {
      const { Tokenizer } = await import("@huggingface/tokenizers");
      const tokenizer = new Tokenizer(
        JSON.parse(readFileSync(jsonFile(task, scratch), "utf8")),
        {},
      );
      return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
    },
  },
  "sentencepiece-js": {
    tasks: ["sentencepiece"],
    slow: true,
    async load() {
      const { SentencePieceProcessor } = await import("sentencepiece-js");
      const processor = new SentencePieceProcessor();
      await processor.load(join(folder, "albert-base-v2/spiece.model"));
      return (text) => processor.encodeIds(text);
    },
  },
};
