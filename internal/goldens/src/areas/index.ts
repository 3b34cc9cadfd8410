import type { Area } from "../types.ts";
import { kenlm } from "./kenlm.ts";
import { sacrebleu } from "./sacrebleu.ts";
import { torchAreas } from "./torch.ts";
import { torchSeq2seq } from "./torch-seq2seq.ts";

/** Every area, in the order in which they are asked. One file per reference tool. */
export const areas: readonly Area[] = [sacrebleu, kenlm, ...torchAreas, torchSeq2seq];
