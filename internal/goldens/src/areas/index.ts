import type { Area } from "../types.ts";
import { expected } from "./expected.ts";
import { hf } from "./hf.ts";
import { kenlm } from "./kenlm.ts";
import { sacrebleu } from "./sacrebleu.ts";
import { sentencepiece } from "./sentencepiece.ts";
import { seqeval } from "./seqeval.ts";
import { tiktoken } from "./tiktoken.ts";
import { torchAreas } from "./torch.ts";
import { torchAdaptiveSoftmax } from "./torch-adaptive-softmax.ts";
import { torchSeq2seq } from "./torch-seq2seq.ts";
import { torchTraining } from "./torch-training.ts";

/** Every area, in the order in which they are asked. One file per reference tool. */
export const areas: readonly Area[] = [
  sacrebleu,
  seqeval,
  kenlm,
  hf,
  sentencepiece,
  tiktoken,
  expected,
  torchAdaptiveSoftmax,
  ...torchAreas,
  torchSeq2seq,
  ...torchTraining,
];
