/** The short way through the pipeline: text to ids, or only their number, without strings or offsets. */
import { OptionError } from "@seq/core";
import type { AddedTokens, SpecialTokensInText } from "./added-tokens.ts";
import type { Model, Normalizer, PreTokenizer, TemplateItem } from "./stages.types.ts";
import { hashBytes } from "./text/hash.ts";
import { TokenBuffer } from "./token-buffer.ts";
import { visitNormalizedWords, visitWords, type WordVisitor } from "./visit-words.ts";
import { maxCachedBytes, WordCache } from "./word-cache.ts";

interface Stages {
  readonly model: Model;
  readonly normalizer?: Normalizer | undefined;
  readonly preTokenizer?: PreTokenizer | undefined;
}

export class IdCollector implements WordVisitor {
  readonly #model: Model;
  readonly #normalizer: Normalizer | undefined;
  readonly #preTokenizer: PreTokenizer | undefined;
  readonly #added: AddedTokens;
  readonly #cache = new WordCache();
  readonly #buffer = new TokenBuffer(); // tokens of a word that is not in the cache
  #ids = new Uint32Array(0);
  #length = 0;
  #counting = false;

  constructor({ model, normalizer, preTokenizer }: Stages, added: AddedTokens) {
    this.#model = model;
    this.#normalizer = normalizer;
    this.#preTokenizer = preTokenizer;
    this.#added = added;
  }

  ids(
    text: string,
    policy: SpecialTokensInText,
    template: readonly TemplateItem[] | undefined,
  ): Uint32Array {
    this.#counting = false;
    this.#length = 0;
    if (this.#ids.length === 0) this.#ids = new Uint32Array(256);
    if (template === undefined) {
      this.#text(text, policy);
    } else {
      for (const item of template) {
        if (item.kind === "token") this.#push(item.id);
        else if (item.sequence === 0) this.#text(text, policy);
      }
    }
    const ids = this.#ids.slice(0, this.#length);
    if (this.#ids.length > 1 << 16) this.#ids = new Uint32Array(0); // do not keep a huge text's room
    return ids;
  }

  count(text: string, policy: SpecialTokensInText): number {
    this.#counting = true;
    this.#length = 0;
    this.#text(text, policy);
    return this.#length;
  }

  nBest(text: string, count: number): { ids: Uint32Array; score: number }[] {
    const model = this.#model;
    if (model.nBest === undefined) {
      throw new OptionError(
        "nBest: the model has one segmentation for a text, expected a Unigram model.",
        { code: "MODEL_KIND" },
      );
    }
    const words: Uint8Array[] = [];
    const stages = { normalizer: this.#normalizer, preTokenizer: this.#preTokenizer };
    visitWords(text, stages, {
      word: (bytes, begin, end) => words.push(bytes.slice(begin, end)),
    });
    if (words.length === 0) return [{ ids: new Uint32Array(0), score: 0 }];
    return bestOfWords(model, words, count);
  }

  word(bytes: Uint8Array, begin: number, end: number): void {
    if (end - begin > maxCachedBytes) {
      this.#longWord(bytes, begin, end);
      return;
    }
    const hash = hashBytes(bytes, begin, end);
    const entry = this.#cache.find(bytes, begin, end, hash);
    if (entry < 0) {
      this.#newWord(bytes, begin, end, hash);
      return;
    }
    if (this.#counting) {
      this.#length += this.#cache.count(entry);
      return;
    }
    const single = this.#cache.single(entry);
    if (this.#length + 256 > this.#ids.length) this.#grow(256);
    if (single >= 0) this.#ids[this.#length++] = single;
    else this.#length = this.#cache.copyIds(entry, this.#ids, this.#length);
  }

  #newWord(bytes: Uint8Array, begin: number, end: number, hash: number): void {
    const buffer = this.#buffer;
    buffer.clear();
    this.#model.tokenize(bytes, begin, end, buffer);
    this.#cache.add(bytes, begin, end, hash, buffer, 0);
    this.#take(buffer);
  }

  #longWord(bytes: Uint8Array, begin: number, end: number): void {
    const buffer = end - begin > 1 << 16 ? new TokenBuffer() : this.#buffer;
    buffer.clear();
    this.#model.tokenize(bytes, begin, end, buffer);
    this.#take(buffer);
  }

  #take(buffer: TokenBuffer): void {
    if (!this.#counting) {
      if (this.#length + buffer.length > this.#ids.length) this.#grow(buffer.length);
      for (let i = 0; i < buffer.length; i++) this.#ids[this.#length + i] = buffer.ids[i] as number;
    }
    this.#length += buffer.length;
  }

  #text(text: string, policy: SpecialTokensInText): void {
    const segments = this.#added.split(text, false, policy);
    if (segments === undefined) {
      this.#normalize(text, policy, false);
      return;
    }
    for (const { begin, end, token } of segments) {
      if (token === undefined) this.#normalize(text.slice(begin, end), policy, begin > 0);
      else this.#push(token.id);
    }
  }

  #normalize(raw: string, policy: SpecialTokensInText, continues: boolean): void {
    const text = this.#normalizer === undefined ? raw : this.#normalizer.normalize(raw);
    const segments = this.#added.split(text, true, policy);
    const byteLevel = this.#normalizer?.byteLevel === true;
    if (segments === undefined) {
      visitNormalizedWords(text, this.#preTokenizer, { byteLevel, continues }, this);
      return;
    }
    for (const { begin, end, token } of segments) {
      if (token !== undefined) this.#push(token.id);
      else {
        const stretch = text.slice(begin, end);
        const after = { byteLevel, continues: continues || begin > 0 };
        visitNormalizedWords(stretch, this.#preTokenizer, after, this);
      }
    }
  }

  #push(id: number): void {
    if (!this.#counting) {
      if (this.#length === this.#ids.length) this.#grow(1);
      this.#ids[this.#length] = id;
    }
    this.#length++;
  }

  #grow(more: number): void {
    const grown = new Uint32Array((this.#length + more) * 2);
    grown.set(this.#ids.subarray(0, this.#length));
    this.#ids = grown;
  }
}

/**
 * The best ways to cut several words, from the best ways to cut each: the words do not depend on each
 * other, so keeping the best `count` after every word is exact.
 */
function bestOfWords(
  model: Model,
  words: readonly Uint8Array[],
  count: number,
): { ids: Uint32Array; score: number }[] {
  let best: { ids: number[]; score: number }[] = [{ ids: [], score: 0 }];
  for (const word of words) {
    const own = model.nBest?.(word, 0, word.length, count) ?? [];
    best = own
      .flatMap(({ ids, score }) =>
        best.map((so) => ({ ids: [...so.ids, ...ids], score: so.score + score })),
      )
      .sort((a, b) => b.score - a.score)
      .slice(0, count);
  }
  return best.map(({ ids, score }) => ({ ids: Uint32Array.from(ids), score }));
}
