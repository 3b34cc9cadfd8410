/** Made-up text of a given size: Zipf-distributed words with punctuation, and translations with errors. */
import { Rng } from "@seq/core";

const vocabularySize = 20_000;

/** Words of two to four syllables. */
function vocabulary(rng) {
  const syllables = Array.from("bcdfghklmnprstvw", (c) =>
    ["a", "e", "i", "o", "u"].map((v) => c + v),
  ).flat();
  return Array.from({ length: vocabularySize }, () => {
    let word = "";
    for (let n = 2 + rng.integer(3); n > 0; n--) word += syllables[rng.integer(syllables.length)];
    return word;
  });
}

function zipfWord(words, rng) {
  return words[Math.floor(vocabularySize ** rng.uniform()) - 1] ?? words[0];
}

/**
 * @param {number} segments
 * @returns {{ hypotheses: string[], references: string[] }} about 25 words a segment; a fifth of them wrong.
 */
export function makeCorpus(segments, seed = 1) {
  const rng = new Rng(seed);
  const words = vocabulary(rng);
  const hypotheses = [];
  const references = [];
  for (let i = 0; i < segments; i++) {
    const reference = Array.from({ length: 10 + rng.integer(30) }, () => zipfWord(words, rng));
    const hypothesis = reference.map((word) => (rng.uniform() < 0.2 ? zipfWord(words, rng) : word));
    if (rng.uniform() < 0.5) hypothesis.splice(rng.integer(hypothesis.length), 1);
    for (const text of [reference, hypothesis]) {
      text[0] = text[0][0].toUpperCase() + text[0].slice(1);
      text[5] += ",";
      text[8] = `${rng.integer(5000)}.${rng.integer(10)}`;
    }
    references.push(`${reference.join(" ")}.`);
    hypotheses.push(`${hypothesis.join(" ")}.`);
  }
  return { hypotheses, references };
}
