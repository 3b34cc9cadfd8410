import type { Area } from "../types.ts";
import { kenlm } from "./kenlm.ts";
import { sacrebleu } from "./sacrebleu.ts";
import { seqeval } from "./seqeval.ts";
import { torchAreas } from "./torch.ts";
import { torchAdaptiveSoftmax } from "./torch-adaptive-softmax.ts";
import { torchSeq2seq } from "./torch-seq2seq.ts";
import { torchTraining } from "./torch-training.ts";

/** Every area, in the order in which they are asked. One file per reference tool. */
export const areas: readonly Area[] = [
  sacrebleu,
  seqeval,
  kenlm,
  torchAdaptiveSoftmax,
  ...torchAreas,
  torchSeq2seq,
  ...torchTraining,
];
