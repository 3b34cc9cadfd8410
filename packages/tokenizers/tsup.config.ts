import { library } from "@seq-internal/build";

export default [
  library(["src/index.ts", "src/bpe.ts", "src/node.ts", "src/workers.ts"]),
  // One file that needs no other, so that a bundler may copy it as it is.
  library(
    { "count-worker": "src/workers/count-worker.ts" },
    { clean: false, dts: false, noExternal: [/^@seq\//], splitting: false },
  ),
];
