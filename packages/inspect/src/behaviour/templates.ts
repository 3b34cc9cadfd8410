/**
 * Sentences of the lectures as templates: a word that is needed again much later ("her tickets"), a subject
 * whose gender a pronoun must repeat, a subject kept over a relative clause ("the flights the airline was
 * cancelling were full").
 */
import { checkInteger, type Rng } from "@seq/core";
import type { Cloze, MinimalPair } from "./minimal-pairs.ts";

const things = [
  "tickets",
  "photos",
  "letters",
  "maps",
  "recipes",
  "poems",
  "stamps",
  "reports",
] as const;
const fillers = [
  "she went to the store", "the store was closed", "she called a friend", "the friend was late",
  "they drank a coffee", "the rain had stopped", "she bought some toner", "it was very overpriced",
] as const; // biome-ignore format: a list

/**
 * "When she tried to print her tickets, she found that the printer was out of toner. ... She finally printed
 * her ___": the answer stood at the beginning.
 *
 * @param distance - filler sentences in between; the group of the item.
 */
export function ticketsClozes(count: number, distance: number, rng: Rng): Cloze[] {
  checkInteger("ticketsClozes", "distance", distance, { min: 0 });
  return Array.from({ length: count }, () => {
    const answer = things[rng.integer(things.length)] as string;
    const opening = `when she tried to print her ${answer} , she found that the printer was out of toner .`;
    const middle = Array.from(
      { length: distance },
      () => `${fillers[rng.integer(fillers.length)]} .`,
    );
    const text = [opening, ...middle, "after that she finally printed her"].join(" ");
    return { context: text.split(" "), answer, candidates: [...things], group: distance };
  });
}

/** All words of `ticketsClozes`, sorted. */
export function ticketsVocabulary(): string[] {
  const fixed =
    "when she tried to print her , found that the printer was out of toner . after finally printed";
  return [...new Set([fixed, ...things, ...fillers].join(" ").split(" "))].sort();
}

const women = ["anne", "roufa", "maria", "zoe"] as const;
const men = ["bob", "dan", "manoj", "peter"] as const;
const actions = [
  "fought single handedly",
  "sang a song",
  "went home",
  "wrote a letter",
  "won the game",
] as const;

export interface GenderText {
  readonly words: readonly string[];
  /** Per word: gender of the subject so far, 0 woman, 1 man; -1 before the first subject. */
  readonly gender: Int32Array;
  /** Positions of the pronouns; the word there follows from the gender. */
  readonly pronouns: readonly number[];
}

/**
 * Texts whose subject changes with each sentence pair: "bob fought single handedly . he won the game . anne
 * ...". A cell that writes the pronoun right keeps the gender and forgets it at the full stop before a new name.
 */
export function genderTexts(count: number, sentencePairs: number, rng: Rng): GenderText[] {
  checkInteger("genderTexts", "sentencePairs", sentencePairs, { min: 1 });
  return Array.from({ length: count }, () => {
    const words: string[] = [];
    const gender: number[] = [];
    const pronouns: number[] = [];
    let current = -1;
    const add = (text: string) => {
      for (const word of text.split(" ")) {
        words.push(word);
        gender.push(current);
      }
    };
    for (let pair = 0; pair < sentencePairs; pair++) {
      current = rng.integer(2);
      const names = current === 1 ? men : women;
      add(names[rng.integer(names.length)] as string);
      add(`${actions[rng.integer(actions.length)]} .`);
      pronouns.push(words.length);
      add(current === 1 ? "he" : "she");
      add(`${actions[rng.integer(actions.length)]} .`);
    }
    return { words, gender: Int32Array.from(gender), pronouns };
  });
}

/** All words of `genderTexts`, sorted. */
export function genderVocabulary(): string[] {
  return [...new Set([".", "he", "she", ...women, ...men, ...actions].join(" ").split(" "))].sort();
}

const travel = [
  ["flight", "airline", "cancelling"], ["train", "company", "running"], ["tour", "agency", "selling"],
  ["bus", "town", "renting"], ["course", "school", "offering"],
] as const; // biome-ignore format: a list

/** "the flights the airline was cancelling were full" against "... was full"; group 0: like numbers, 1: unlike. */
export function relativeClausePairs(count: number, rng: Rng): MinimalPair[] {
  return Array.from({ length: count }, () => {
    const [subject, owner, verb] = travel[rng.integer(travel.length)] as (typeof travel)[number];
    const [plural, ownerPlural] = [rng.integer(2) === 1, rng.integer(2) === 1];
    const prefix = `the ${numbered(subject, plural)} the ${numbered(owner, ownerPlural)} ${ownerPlural ? "were" : "was"} ${verb}`;
    const sentence = (verbPlural: boolean) =>
      `${prefix} ${verbPlural ? "were" : "was"} full .`.split(" ");
    return {
      right: sentence(plural),
      wrong: sentence(!plural),
      group: plural === ownerPlural ? 0 : 1,
    };
  });
}

function numbered(noun: string, plural: boolean): string {
  if (!plural) return noun;
  if (noun.endsWith("y")) return `${noun.slice(0, -1)}ies`;
  return noun.endsWith("s") ? `${noun}es` : `${noun}s`;
}
