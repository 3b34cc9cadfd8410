/** The version of this package, as signatures carry it; a test holds it equal to package.json. */
export const packageVersion = "0.1.0";

/** The version of sacreBLEU whose numbers the text metrics reproduce. */
export const sacrebleuVersion = "2.6.0";
