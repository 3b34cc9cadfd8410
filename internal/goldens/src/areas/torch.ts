/** The areas of PyTorch's layers and files; optimizers and models have their own. */
import type { Area } from "../types.ts";
import { torchCells, torchCellVariants } from "./torch-cells.ts";
import { torchRecurrent } from "./torch-recurrent.ts";

export const torchAreas: readonly Area[] = [torchRecurrent, torchCells, torchCellVariants];
