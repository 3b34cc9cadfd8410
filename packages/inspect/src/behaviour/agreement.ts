/**
 * Subject-verb agreement with attractors: "the writer of the books is", not "are". Between subject and verb
 * stand prepositional phrases whose nouns have the other number; a model that follows the sequence and not
 * the syntax agrees with the last of them.
 *
 * @see Linzen, Dupoux & Goldberg 2016, "Assessing the Ability of LSTMs to Learn Syntax-Sensitive Dependencies".
 */
import { checkInteger, checkNumber, checkOptions, type Rng } from "@seq/core";
import type { MinimalPair } from "./minimal-pairs.ts";

export interface AgreementOptions {
  readonly rng: Rng;
  /** Most attractors; sentences of 0 to that many are drawn in equal shares. Default 4. */
  readonly maxAttractors?: number;
  /** Chance that a phrase without an attractor (a noun of the subject's number) is added in between. Default 0.3. */
  readonly likeNouns?: number;
  /**
   * Chance of an opening phrase with a noun before the subject ("near the cars , the writer ..."), so that
   * the first noun is no safe guess either. Default 0.3.
   */
  readonly openings?: number;
}

export interface AgreementItem extends MinimalPair {
  /** Everything before the verb. */
  readonly prefix: readonly string[];
  readonly number: "singular" | "plural";
  /** Nouns of the other number between subject and verb; equal to `group`. */
  readonly attractors: number;
}

const nouns = [
  "writer", "book", "author", "letter", "driver", "car", "teacher", "student", "key", "cabinet", "picture", "friend",
  "doctor", "report", "house", "neighbor", "dog", "farmer", "table", "window",
] as const; // biome-ignore format: a list
const prepositions = ["of", "near", "behind", "with", "beside"] as const;
const verbs = [
  ["is", "are"],
  ["was", "were"],
  ["has", "have"],
] as const;
const endings = ["old", "here", "new", "gone"] as const;

/** All words that items are made of, sorted: for a vocabulary. */
export function agreementVocabulary(): string[] {
  const words = new Set<string>(["the", ".", ",", ...prepositions, ...endings, ...verbs.flat()]);
  for (const noun of nouns) {
    words.add(noun);
    words.add(`${noun}s`);
  }
  return [...words].sort();
}

/**
 * Draws sentences with their ungrammatical twins.
 *
 * @example agreementItems(1, { rng })[0]
 * // { prefix: ["the", "writer", "of", "the", "books"], right: [..., "is", "old", "."], wrong: [..., "are", ...], attractors: 1, ... }
 */
export function agreementItems(count: number, options: AgreementOptions): AgreementItem[] {
  checkOptions("agreementItems", options, ["rng", "maxAttractors", "likeNouns", "openings"]);
  const { rng, likeNouns = 0.3, openings = 0.3 } = options;
  const max = checkInteger("agreementItems", "maxAttractors", options.maxAttractors ?? 4, {
    min: 0,
  });
  checkNumber("agreementItems", "likeNouns", likeNouns, { min: 0, max: 1 });
  checkNumber("agreementItems", "openings", openings, { min: 0, max: 1 });
  return Array.from({ length: count }, (_, i) => drawItem(rng, i % (max + 1), likeNouns, openings));
}

function drawItem(
  rng: Rng,
  attractors: number,
  likeNouns: number,
  openings: number,
): AgreementItem {
  const plural = rng.integer(2) === 1;
  const prefix: string[] = [];
  if (rng.uniform() < openings) {
    addPhrase(prefix, rng, rng.integer(2) === 1);
    prefix.push(",");
  }
  prefix.push("the", noun(rng, plural));
  for (let k = 0; k < attractors; k++) {
    if (rng.uniform() < likeNouns) addPhrase(prefix, rng, plural);
    addPhrase(prefix, rng, !plural);
  }
  if (rng.uniform() < likeNouns) addPhrase(prefix, rng, plural);
  const [singular, pluralVerb] = pick(rng, verbs);
  const ending = [pick(rng, endings), "."];
  const [right, wrong] = plural ? [pluralVerb, singular] : [singular, pluralVerb];
  return {
    prefix,
    right: [...prefix, right, ...ending],
    wrong: [...prefix, wrong, ...ending],
    number: plural ? "plural" : "singular",
    attractors,
    group: attractors,
  };
}

function addPhrase(words: string[], rng: Rng, plural: boolean): void {
  words.push(pick(rng, prepositions), "the", noun(rng, plural));
}

function noun(rng: Rng, plural: boolean): string {
  const word = pick(rng, nouns);
  return plural ? `${word}s` : word;
}

function pick<T>(rng: Rng, from: readonly T[]): T {
  return from[rng.integer(from.length)] as T;
}
