/** The post-processor of a `tokenizer.json`: every kind becomes a template. */
import { FormatError } from "@seq/core";
import {
  bertTemplate,
  plainTemplate,
  robertaTemplate,
  TemplateProcessing,
} from "../../post-processors/template.ts";
import type { TemplateItem } from "../../stages.types.ts";
import {
  asBoolean,
  asList,
  asNatural,
  asObject,
  asString,
  bad,
  type JsonObject,
  optional,
  required,
} from "../json.ts";

export function readPostProcessor(value: unknown, where: string, depth = 0): TemplateProcessing {
  if (depth > 16) throw bad(where, "stages nested at most 16 deep", value);
  const object = asObject(value, where);
  const type = required(object, "type", where, asString);
  switch (type) {
    case "TemplateProcessing":
      return readTemplate(object, where);
    case "BertProcessing":
      return bertTemplate(
        required(object, "cls", where, readSpecial),
        required(object, "sep", where, readSpecial),
      );
    case "RobertaProcessing": {
      const trims = optional(object, "trim_offsets", where, asBoolean) ?? true;
      const addPrefixSpace = optional(object, "add_prefix_space", where, asBoolean) ?? true;
      return robertaTemplate(
        required(object, "cls", where, readSpecial),
        required(object, "sep", where, readSpecial),
        trims ? { addPrefixSpace } : undefined,
      );
    }
    case "ByteLevel": {
      const trims = required(object, "trim_offsets", where, asBoolean);
      const addPrefixSpace = required(object, "add_prefix_space", where, asBoolean);
      return plainTemplate(trims ? { addPrefixSpace } : undefined);
    }
    case "Sequence": {
      const list = required(object, "processors", where, asList);
      return combine(
        list.map((item, i) => readPostProcessor(item, `${where}.processors[${i}]`, depth + 1)),
        where,
      );
    }
    default:
      throw bad(`${where}.type`, "a known post-processor", type);
  }
}

/** Offsets are trimmed by any of them, special tokens come from at most one. */
function combine(parts: readonly TemplateProcessing[], where: string): TemplateProcessing {
  const trims = parts.find((part) => part.trimOffsets !== undefined)?.trimOffsets;
  const adding = parts.filter((part) => part.single.length > 1 || part.pair.length > 2);
  if (adding.length > 1) {
    throw new FormatError(
      `${where}: ${adding.length} post-processors add special tokens, expected at most one.`,
      { code: "TOKENIZER_FILE" },
    );
  }
  const template = adding[0] ?? parts.find((part) => part.single.length > 0) ?? plainTemplate();
  return new TemplateProcessing({ ...template, trimOffsets: trims });
}

function readSpecial(value: unknown, where: string): readonly [string, number] {
  const list = asList(value, where);
  return [asString(list[0], `${where}[0]`), asNatural(list[1], `${where}[1]`)];
}

function readTemplate(object: JsonObject, where: string): TemplateProcessing {
  const specials = required(object, "special_tokens", where, asObject);
  const items = (name: string): TemplateItem[] => {
    const list = required(object, name, where, asList);
    return list.flatMap((item, i) => readItem(item, specials, `${where}.${name}[${i}]`));
  };
  const single = items("single");
  if (single.some((item) => item.kind === "sequence" && item.sequence === 1)) {
    throw bad(`${where}.single`, "only the sequence A", "B");
  }
  return new TemplateProcessing({ single, pair: items("pair") });
}

function readItem(value: unknown, specials: JsonObject, where: string): TemplateItem[] {
  const object = asObject(value, where);
  const sequence = optional(object, "Sequence", where, asObject);
  if (sequence !== undefined) {
    const id = required(sequence, "id", where, asString);
    if (id !== "A" && id !== "B") throw bad(`${where}.Sequence.id`, '"A" or "B"', id);
    const typeId = required(sequence, "type_id", where, asTypeId);
    return [{ kind: "sequence", sequence: id === "A" ? 0 : 1, typeId }];
  }
  const special = required(object, "SpecialToken", where, asObject);
  const name = required(special, "id", where, asString);
  const typeId = required(special, "type_id", where, asTypeId);
  const entry = asObject(
    Object.hasOwn(specials, name) ? specials[name] : undefined,
    `${where}: special_tokens[${JSON.stringify(name)}]`,
  );
  const ids = required(entry, "ids", where, asList);
  const tokens = required(entry, "tokens", where, asList);
  if (ids.length !== tokens.length) throw bad(where, `${ids.length} tokens`, tokens);
  return ids.map((id, i) => ({
    kind: "token",
    id: asNatural(id, `${where}.ids[${i}]`),
    token: asString(tokens[i], `${where}.tokens[${i}]`),
    typeId,
  }));
}

function asTypeId(value: unknown, where: string): number {
  return asNatural(value, where, 255);
}
