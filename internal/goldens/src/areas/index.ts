import type { Area } from "../types.ts";

/** Every area, in the order in which they are asked. One file per reference tool. */
export const areas: readonly Area[] = [];
