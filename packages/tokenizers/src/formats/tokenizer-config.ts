/** `tokenizer_config.json` and `special_tokens_map.json`: what of them changes ids, and the special names. */
import type { AddedToken } from "../added-tokens.ts";
import type { Tokenizer } from "../tokenizer.ts";
import {
  asBoolean,
  asList,
  asObject,
  asString,
  field,
  type JsonObject,
  optional,
  parseJson,
} from "./json.ts";
import { readAddedToken } from "./tokenizer-json/read.ts";

/** The roles of special tokens, as `special_tokens_map.json` names them. */
export type SpecialRole = "bos" | "eos" | "unk" | "sep" | "pad" | "cls" | "mask";

const roles: readonly SpecialRole[] = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"];

export interface TokenizerConfig {
  readonly roles: Readonly<Partial<Record<SpecialRole, string>>>;
  readonly additional: readonly string[];
  readonly addedTokens: readonly AddedToken[];
  readonly addBos: boolean;
  readonly addEos: boolean;
  readonly addPrefixSpace: boolean | undefined;
  readonly lowercase: boolean | undefined;
  readonly stripAccents: boolean | undefined;
  readonly handleChineseCharacters: boolean | undefined;
}

type NamedText = readonly [name: string, text: string] | undefined;

/** @throws {FormatError} naming file and field. */
export function readConfig(config: NamedText, map: NamedText): TokenizerConfig {
  const [configName, configJson] = parse(config, "tokenizer_config.json");
  const [mapName, mapJson] = parse(map, "special_tokens_map.json");
  const named: Partial<Record<SpecialRole, string>> = {};
  for (const role of roles) {
    const token =
      optional(mapJson, `${role}_token`, mapName, readTokenName) ??
      optional(configJson, `${role}_token`, configName, readTokenName);
    if (token !== undefined) named[role] = token;
  }
  const flag = (name: string): boolean | undefined =>
    optional(configJson, name, configName, asBoolean);
  const decoder = optional(configJson, "added_tokens_decoder", configName, asObject) ?? {};
  return {
    roles: named,
    additional: [...readNames(mapJson, mapName), ...readNames(configJson, configName)],
    addedTokens: Object.entries(decoder).map(([id, value]) => {
      const where = `${configName}.added_tokens_decoder[${JSON.stringify(id)}]`;
      return readAddedToken({ ...asObject(value, where), id: Number(id) }, where, 1 << 26);
    }),
    addBos: flag("add_bos_token") ?? false,
    addEos: flag("add_eos_token") ?? false,
    addPrefixSpace: flag("add_prefix_space"),
    lowercase: flag("do_lower_case"),
    stripAccents: flag("strip_accents"),
    handleChineseCharacters: flag("tokenize_chinese_chars"),
  };
}

function parse(file: NamedText, name: string): [string, JsonObject] {
  if (file === undefined) return [name, {}];
  return [file[0], asObject(parseJson(file[1], file[0]), file[0])];
}

/** A token is written as a string or as an object with its `content`. */
function readTokenName(value: unknown, where: string): string {
  if (typeof value === "string") return value;
  return asString(field(asObject(value, where), "content"), `${where}.content`);
}

function readNames(json: JsonObject, where: string): string[] {
  const list = optional(json, "additional_special_tokens", where, asList) ?? [];
  return list.map((item, i) => readTokenName(item, `${where}.additional_special_tokens[${i}]`));
}

/**
 * Adds the tokens that the configuration names and the tokenizer's own files do not know as special.
 * Tokens the vocabulary lacks altogether get new ids only when the configuration gives the id.
 */
export function applyConfig(tokenizer: Tokenizer, config: TokenizerConfig): Tokenizer {
  const known = new Set(tokenizer.addedTokens.list.map((token) => token.content));
  const more: (Partial<AddedToken> & { content: string })[] = [];
  for (const token of config.addedTokens) {
    if (!known.has(token.content)) more.push(token);
    known.add(token.content);
  }
  for (const content of [...Object.values(config.roles), ...config.additional]) {
    if (known.has(content) || tokenizer.tokenToId(content) === undefined) continue;
    more.push({ content, special: true, normalized: false });
    known.add(content);
  }
  const roles = { ...config.roles };
  const added = more.length === 0 ? tokenizer : tokenizer.addTokens(more);
  return Object.keys(roles).length === 0 ? added : added.with({ specialRoles: roles });
}
