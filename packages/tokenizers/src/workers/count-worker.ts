/** Runs in a worker: counts the words of the texts it is sent. */
import { SeqError } from "@seq/core";
import { readLines } from "../files/read-lines.ts";
import { readNormalizer, readPreTokenizer } from "../formats/tokenizer-json/read-stages.ts";
import { CorpusCounter } from "../training/count-words.ts";
import type { ToWorker } from "./messages.types.ts";
import { parentPort } from "./port.ts";

const port = parentPort();
let counter = new CorpusCounter({});

function handle(message: ToWorker): void {
  switch (message.kind) {
    case "start":
      counter = new CorpusCounter({
        normalizer: message.normalizer && readNormalizer(message.normalizer, "worker: normalizer"),
        preTokenizer:
          message.preTokenizer && readPreTokenizer(message.preTokenizer, "worker: preTokenizer"),
      });
      break;
    case "texts":
      for (const item of message.items) counter.add(item);
      port.post({ kind: "counted", texts: message.items.length });
      break;
    case "lines": {
      const { path, begin, end, keepLineEnds } = message;
      const before = counter.texts;
      for (const line of readLines(path, { begin, end, keepLineEnds })) counter.add(line);
      port.post({ kind: "counted", texts: counter.texts - before });
      break;
    }
    case "finish": {
      const words = counter.words.toCounts();
      const transfer = [words.bytes, words.begins, words.counts].map(({ buffer }) => buffer);
      port.post({ kind: "words", words }, transfer as ArrayBuffer[]);
    }
  }
}

port.onMessage((message) => {
  try {
    handle(message);
  } catch (error) {
    const { name, message: text } = error instanceof Error ? error : new Error(String(error));
    port.post({
      kind: "failed",
      name,
      message: text,
      code: SeqError.is(error) ? error.code : undefined,
    });
  }
});
