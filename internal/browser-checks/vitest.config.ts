import { testProject } from "@seq-internal/test-utils/vitest";

export default testProject("browser-checks");
