/** Which format a file is of, by its name and then by its content. */

export type FileKind =
  | "tokenizer-json"
  | "sentencepiece"
  | "tiktoken"
  | "vocab-json"
  | "merges"
  | "vocab-text"
  | "tokenizer-config"
  | "special-tokens-map"
  | "unknown";

/** @param head - the first bytes of the file; a few kilobytes are enough. */
export function recogniseFile(name: string, head: Uint8Array): FileKind {
  const base = name.replace(/^.*[\\/]/, "").toLowerCase();
  if (base === "tokenizer_config.json") return "tokenizer-config";
  if (base === "tokenizer.json") return "tokenizer-json";
  if (base === "special_tokens_map.json") return "special-tokens-map";
  if (base.endsWith(".tiktoken")) return "tiktoken";
  if (/\.(model|spm)$/.test(base) && looksLikeProto(head)) return "sentencepiece";
  const text = latin1(head.subarray(0, 4096));
  if (/^\s*\{/.test(text)) return recogniseJson(base, text);
  if (looksLikeProto(head)) return "sentencepiece";
  if (/^[A-Za-z0-9+/]+={0,2} \d+\r?\n/.test(text)) return "tiktoken";
  if (/merges.*\.txt$|\.bpe$|^#version/.test(base) || text.startsWith("#version")) return "merges";
  if (base.endsWith(".txt"))
    return /^\S+ \S+\r?\n\S+ \S+\r?\n/.test(text) ? "merges" : "vocab-text";
  return "unknown";
}

function recogniseJson(base: string, text: string): FileKind {
  if (
    /"(model|added_tokens|pre_tokenizer|normalizer)"\s*:/.test(text) &&
    !/^(vocab|encoder)/.test(base)
  ) {
    return "tokenizer-json";
  }
  return /^\s*\{\s*(?:"(?:[^"\\]|\\.)*"\s*:\s*\d+|\})/.test(text) ? "vocab-json" : "unknown";
}

/** A ModelProto begins with its first piece: tag 0x0A, a short length, then the piece's own tag 0x0A. */
function looksLikeProto(head: Uint8Array): boolean {
  return head[0] === 0x0a && (head[1] as number) < 0x80 && head[2] === 0x0a;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
