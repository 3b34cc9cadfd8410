export { sharedAvailable, sharedPath } from "./shared.ts";
