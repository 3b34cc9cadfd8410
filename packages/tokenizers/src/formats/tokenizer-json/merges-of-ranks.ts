/**
 * The merges that a vocabulary of ranks (tiktoken) implies, as a list: a token's merge is the last one
 * that BPE with the lower ranks would make when it builds the token from its bytes.
 */
import type { BPE } from "../../models/bpe/model.ts";

/** @returns pairs of tokens in the order of the ranks; single bytes and unreachable tokens have none. */
export function mergesOfRanks(model: BPE): [left: string, right: string][] {
  const { vocab } = model;
  const merges: [string, string][] = [];
  for (let id = 0; id < vocab.size; id++) {
    const bytes = vocab.bytesOf(id);
    if (bytes === undefined || bytes.length < 2) continue;
    const parts = lastParts(model, bytes, id);
    if (parts !== undefined) merges.push(parts);
  }
  return merges;
}

/** Merges with ranks below `limit` until two parts are left. */
function lastParts(model: BPE, bytes: Uint8Array, limit: number): [string, string] | undefined {
  const { vocab } = model;
  const ids = Array.from(bytes, (byte) => vocab.find(Uint8Array.of(byte), 0, 1));
  while (ids.length > 2) {
    let best = -1;
    let bestRank = limit;
    let result = -1;
    for (let i = 0; i + 1 < ids.length; i++) {
      const rule = model.ruleOf(ids[i] as number, ids[i + 1] as number);
      if (rule !== undefined && rule.rank < bestRank) {
        best = i;
        bestRank = rule.rank;
        result = rule.result;
      }
    }
    if (best < 0) return undefined;
    ids.splice(best, 2, result);
  }
  return [vocab.tokenOf(ids[0] as number) as string, vocab.tokenOf(ids[1] as number) as string];
}
