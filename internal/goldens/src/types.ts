/** What one oracle file came to. */
export type Verdict =
  | { readonly kind: "pass"; readonly total: number }
  | {
      readonly kind: "fail";
      readonly passed: number;
      readonly total: number;
      readonly first: string;
    }
  | { readonly kind: "unsupported"; readonly reason: string };

/** One oracle file, parsed. */
export interface OracleFile {
  /** Absolute path: models and corpora that the file names lie beside it. */
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: oracle files are read as they come; each area checks what it uses.
  readonly json: any;
}

/** Runs the oracle files of one reference tool through our packages. */
export interface Area {
  readonly name: string;
  /** By content (`meta.tool`, the shape of the cases), never by the file's name alone. */
  recognises(file: OracleFile): boolean;
  run(file: OracleFile): Promise<Verdict>;
}
