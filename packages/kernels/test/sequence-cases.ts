/** The shapes that every sequence kernel is tested over: odd sizes, one step, one row, padding, both directions. */
export interface SequenceCase {
  readonly name: string;
  readonly batch: number;
  readonly time: number;
  readonly inputSize: number;
  readonly size: number;
  readonly lengths?: number[];
  readonly reverse?: boolean;
}

const shapes: Omit<SequenceCase, "name">[] = [
  { batch: 1, time: 1, inputSize: 1, size: 1 },
  { batch: 1, time: 5, inputSize: 3, size: 5 },
  { batch: 3, time: 1, inputSize: 5, size: 3 },
  { batch: 5, time: 3, inputSize: 17, size: 17 },
  { batch: 17, time: 4, inputSize: 8, size: 33 },
  { batch: 4, time: 4, inputSize: 6, size: 8, reverse: true },
  { batch: 5, time: 7, inputSize: 3, size: 9, lengths: [3, 7, 1, 7, 4] },
  { batch: 5, time: 7, inputSize: 3, size: 9, lengths: [3, 7, 1, 7, 4], reverse: true },
  { batch: 9, time: 5, inputSize: 4, size: 16, lengths: [1, 1, 2, 5, 4, 3, 2, 1, 1] },
  {
    batch: 9,
    time: 5,
    inputSize: 4,
    size: 16,
    lengths: [1, 1, 2, 4, 4, 3, 2, 1, 1],
    reverse: true,
  },
];

export const sequenceCases: SequenceCase[] = shapes.map((shape) => ({
  name: `B ${shape.batch}, T ${shape.time}, In ${shape.inputSize}, H ${shape.size}${
    shape.lengths ? `, lengths ${shape.lengths}` : ""
  }${shape.reverse ? ", reversed" : ""}`,
  ...shape,
}));

/** Small ones, for central differences. */
export const gradientCases = sequenceCases.filter(({ batch, size }) => batch <= 5 && size <= 9);
