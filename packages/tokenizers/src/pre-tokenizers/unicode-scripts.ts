/** Splits where the script changes; spaces belong to what is before them, Kana and Han go together. */
import { BoundsBuilder, type Pieces } from "../pieces.ts";
import type { PreTokenizer } from "../stages.types.ts";

// The scripts of Unicode 9, as in the reference tool: characters of later scripts join their neighbours.
const scriptNames =
  "Latin Common Han Hangul Cyrillic Arabic Devanagari Greek Hebrew Thai Inherited Hiragana Katakana Adlam Ahom Anatolian_Hieroglyphs Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Coptic Cuneiform Cypriot Deseret Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha Gujarati Gurmukhi Hanunoo Hatran Imperial_Aramaic Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Kayah_Li Kharoshthi Khmer Khojki Khudawadi Lao Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Malayalam Mandaic Manichaean Marchen Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean New_Tai_Lue Newa Nko Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sora_Sompeng Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Warang_Citi Yi";

const any = -1; // no script, or a space: joins what is before it
const han = 2;

export class UnicodeScripts implements PreTokenizer {
  readonly type = "UnicodeScripts";
  #patterns: RegExp[] | undefined;
  readonly #known = new Map<number, number>();

  /** White space before the first character of a script is dropped, as in Hugging Face. */
  preTokenize(pieces: Pieces): Pieces {
    const out = new BoundsBuilder();
    const text = pieces.source.text;
    for (let i = 0; i < pieces.bounds.length; i += 2) {
      const end = pieces.bounds[i + 1] as number;
      let last = any;
      let from = -1;
      for (let at = pieces.bounds[i] as number; at < end; ) {
        const codePoint = text.codePointAt(at) as number;
        const script = this.#script(codePoint);
        if (script !== any && script !== last) {
          if (from >= 0) out.add(from, at);
          from = at;
          last = script;
        }
        at += codePoint > 0xffff ? 2 : 1;
      }
      if (from >= 0) out.add(from, end);
    }
    return pieces.with(out.finish());
  }

  #script(codePoint: number): number {
    if (codePoint === 0x30fc) return han;
    if (codePoint === 0x20) return any;
    const known = this.#known.get(codePoint);
    if (known !== undefined) return known;
    this.#patterns ??= scriptNames.split(" ").map((name) => new RegExp(`\\p{Script=${name}}`, "u"));
    const character = String.fromCodePoint(codePoint);
    let script = this.#patterns.findIndex((pattern) => pattern.test(character));
    if (script === 11 || script === 12) script = han; // Hiragana, Katakana
    if (this.#known.size < 65536) this.#known.set(codePoint, script);
    return script;
  }
}
