/**
 * Only a tokenizer: learn one from a few lines, look at what it learned, save it and load it again.
 *
 *   npx pnpm@12 build && npx pnpm@12 --filter @seq-examples/tokenizer-only start    # under a second
 */
import { readTokenizerJson, trainTokenizer, writeTokenizerJson } from "@seq/tokenizers";

const lines = [
  "low lower lowest",
  "new newer newest",
  "wide wider widest",
  "the newest lowest widest thing",
];

// Byte-level BPE: no text is unknown to it, spaces belong to the pieces.
const trained = trainTokenizer(lines, { objective: "bpe", vocabSize: 280 });
const { tokens, offsets } = trained.encode("the widest, newest 😂");
const text = "the widest, newest 😂";
console.log("pieces ", tokens.join(" "));
console.log(
  "spans  ",
  tokens.map((_, i) => JSON.stringify(text.slice(offsets[2 * i], offsets[2 * i + 1]))).join(" "),
);

// What is written is a tokenizer.json, which other libraries read too.
const loaded = readTokenizerJson(writeTokenizerJson(trained));
const ids = loaded.encodeToIds(text);
console.log("ids    ", ids.join(" "));
console.log("text   ", loaded.decode(ids));
console.log(loaded.decode(ids) === text ? "the text came back whole" : "the text was changed");
