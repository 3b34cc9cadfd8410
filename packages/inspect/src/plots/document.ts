/**
 * The document that plots are drawn in: the page's own, or in Node one of `linkedom`, which is loaded only
 * there and only when something is drawn. Workers have neither: give them a document by option.
 */
import { OptionError } from "@seq/core";

export interface DrawOptions {
  /** Where elements are created. Default: the page's document, in Node one of `linkedom`. */
  readonly document?: Document;
}

let nodeDocument: Document | undefined;

export function documentFor(options: DrawOptions): Document {
  if (options.document !== undefined) return options.document;
  if (typeof document !== "undefined") return document;
  nodeDocument ??= createNodeDocument();
  return nodeDocument;
}

function createNodeDocument(): Document {
  // Not a static import: bundlers for the page would take all of it along.
  const nodeModule = globalThis.process?.getBuiltinModule?.("node:module");
  if (nodeModule === undefined) {
    throw new OptionError(
      "plots: there is no document here; draw in a page or in Node, or give the option `document`.",
      { code: "NO_DOCUMENT" },
    );
  }
  const { parseHTML } = nodeModule.createRequire(import.meta.url)("linkedom") as {
    parseHTML(html: string): { document: Document };
  };
  return parseHTML("<!doctype html><html><body></body></html>").document;
}
