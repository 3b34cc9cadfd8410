export function compileKernels(build: "simd" | "relaxed" | "checked"): Promise<Uint8Array>;
