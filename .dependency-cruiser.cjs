/**
 * The package order (docs/ARCHITECTURE.md): who may import whom. An import in the wrong direction fails.
 */
const mayImport = {
  core: [],
  tokenizers: ["core"],
  eval: ["core"],
  kernels: ["core"],
  cells: ["core", "kernels"],
  models: ["core", "kernels", "cells"],
  train: ["core", "kernels"],
  inspect: ["core", "kernels", "cells", "eval"],
  pipelines: ["core", "tokenizers", "eval", "kernels", "cells", "models", "train", "inspect"],
  cli: [
    "core",
    "tokenizers",
    "eval",
    "kernels",
    "cells",
    "models",
    "train",
    "inspect",
    "pipelines",
  ],
};

const order = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `order-${name}`,
  comment: `@seq/${name} may import only: ${allowed.join(", ") || "nothing"}`,
  severity: "error",
  from: { path: `^packages/${name}/src`, pathNot: "\\.(test|bench)\\.ts$" },
  to: {
    path: "^packages/([^/]+)/",
    pathNot: [`^packages/${name}/`, ...allowed.map((other) => `^packages/${other}/`)],
  },
}));

module.exports = {
  forbidden: [
    ...order,
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-tfjs-below-kernels",
      comment: "core, tokenizers and eval install without a tensor engine",
      severity: "error",
      from: { path: "^packages/(core|tokenizers|eval)/src" },
      to: { path: "@tensorflow" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ["@seq/source", "import", "default"],
      exportsFields: ["exports"],
    },
    exclude: { path: "(^|/)(dist|node_modules|assembly)/" },
  },
};
