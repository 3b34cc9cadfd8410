/** The areas of PyTorch's layers and files; optimizers and models have their own. */
import type { Area } from "../types.ts";
import { torchAttention } from "./torch-attention.ts";
import { torchCells, torchCellVariants } from "./torch-cells.ts";
import { torchFiles } from "./torch-files.ts";
import { torchCrossEntropy, torchEmbedding, torchLayerNorm } from "./torch-ops.ts";
import { torchPacking } from "./torch-packing.ts";
import { torchRecurrent } from "./torch-recurrent.ts";

export const torchAreas: readonly Area[] = [
  torchRecurrent,
  torchCells,
  torchCellVariants,
  torchPacking,
  torchAttention,
  torchFiles,
  torchEmbedding,
  torchLayerNorm,
  torchCrossEntropy,
];
