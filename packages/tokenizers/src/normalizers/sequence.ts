import type { AlignedText } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";

/** Several normalizers one after the other. */
export class NormalizerSequence implements Normalizer {
  readonly type = "Sequence";
  readonly stages: readonly Normalizer[];
  readonly byteLevel: boolean;

  constructor(stages: readonly Normalizer[]) {
    this.stages = stages;
    this.byteLevel = stages.some((stage) => stage.byteLevel === true);
  }

  normalize(text: string): string {
    return this.stages.reduce((current, stage) => stage.normalize(current), text);
  }

  align(text: AlignedText): AlignedText {
    return this.stages.reduce((current, stage) => stage.align(current), text);
  }
}
