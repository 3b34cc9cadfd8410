import { library } from "@seq-internal/build";

export default library(["src/index.ts", "src/node.ts"]);
