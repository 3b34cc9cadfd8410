import { Command } from "commander";
import { version } from "../package.json";
import { registerClassify } from "./commands/classify.ts";
import { registerLm } from "./commands/lm.ts";
import { registerStart } from "./commands/start.ts";
import { registerTag } from "./commands/tag.ts";
import { registerTranslate } from "./commands/translate.ts";

/** The whole command tree. Each command has its own file. */
export function buildProgram(): Command {
  const program = new Command("seq")
    .description("Tokenize text, train recurrent sequence models, run and measure them.")
    .version(version)
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  registerStart(program);
  registerTranslate(program);
  registerTag(program);
  registerClassify(program);
  registerLm(program);
  return program;
}

/** commander prints its errors as "error: ..." and a hint on a second line; one line is enough. */
function oneLine(text: string): string {
  return `seq: ${text
    .trim()
    .replace(/^error: /, "")
    .replaceAll("\n", " ")}\n`;
}
