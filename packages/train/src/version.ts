/** Package and version as saved files name their writer; a test holds it against package.json. */
export const writer = "@seq/train 0.1.0";
