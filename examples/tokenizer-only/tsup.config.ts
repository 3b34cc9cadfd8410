import { library } from "@seq-internal/build";

export default library(["src/main.ts"], { dts: false, platform: "node" });
