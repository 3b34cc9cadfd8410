import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classificationReport } from "../classification/report.ts";
import { RunningScore } from "../running-score.ts";
import { lenientSpans } from "./lenient.ts";
import { SpanF1, spanF1 } from "./span-f1.ts";
import { detectScheme, strictSpans, type TagScheme, tagSchemes } from "./strict.ts";
import { parseStrictTag, parseTag, type Span } from "./tags.ts";

const actual = [
  ["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"],
  ["B-PER", "I-PER", "O"],
];
const predicted = [
  ["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"],
  ["B-PER", "I-PER", "O"],
];

/** Tags of disjoint spans in order: what a perfect annotator writes. */
function tagsOf(spans: readonly Span[], length: number, scheme: TagScheme): string[] {
  const tags = new Array<string>(length).fill("O");
  for (const [k, { type, start, end }] of spans.entries()) {
    const meets = (other: Span | undefined, at: number) =>
      other !== undefined && other.type === type && (other.end === at || other.start === at);
    for (let i = start; i < end; i++) {
      const [first, last] = [i === start, i === end - 1];
      const prefix = {
        IOB1: first && meets(spans[k - 1], start) ? "B" : "I",
        IOB2: first ? "B" : "I",
        IOE1: last && meets(spans[k + 1], end) ? "E" : "I",
        IOE2: last ? "E" : "I",
        IOBES: first && last ? "S" : first ? "B" : last ? "E" : "I",
        BILOU: first && last ? "U" : first ? "B" : last ? "L" : "I",
      }[scheme];
      tags[i] = `${prefix}-${type}`;
    }
  }
  return tags;
}

const annotation = fc
  .array(
    fc.record({
      gap: fc.nat(2),
      length: fc.integer({ min: 1, max: 3 }),
      type: fc.constantFrom("A", "B-C", "é"),
    }),
    { maxLength: 6 },
  )
  .map((parts) => {
    const spans: Span[] = [];
    let at = 0;
    for (const { gap, length, type } of parts) {
      spans.push({ type, start: at + gap, end: at + gap + length });
      at += gap + length;
    }
    return { spans, length: at + 1 };
  });

describe("spanF1", () => {
  test("gives one of two spans in seqeval's README example", () => {
    const score = spanF1(predicted, actual);
    expect(score.value).toBe(0.5);
    expect(score.types.get("MISC")).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
    expect(score.types.get("PER")).toEqual({ precision: 1, recall: 1, f1: 1, support: 1 });
    expect(score.accuracy).toBeCloseTo(0.8, 12);
    expect(score.signature).toBe("mode:default|scheme:any|suffix:no|zero:0|version:seq.0.1.0");
  });

  test("reads I- without B- leniently as a span and strictly as none", () => {
    const [y, x] = [[["B-NP", "I-NP", "O"]], [["I-NP", "I-NP", "O"]]];
    expect(spanF1(x, y).value).toBe(1);
    expect(spanF1(x, y, { scheme: "IOB2" }).value).toBe(0);
  });

  test("lays its report out as seqeval does", () => {
    expect(classificationReport(spanF1(predicted, actual))).toBe(
      [
        "              precision    recall  f1-score   support",
        "",
        "        MISC       0.00      0.00      0.00         1",
        "         PER       1.00      1.00      1.00         1",
        "",
        "   micro avg       0.50      0.50      0.50         2",
        "   macro avg       0.50      0.50      0.50         2",
        "weighted avg       0.50      0.50      0.50         2",
        "",
      ].join("\n"),
    );
  });

  test("takes 0/0 for 0 or 1 as told, and has no macro average without a type", () => {
    const nothing = [["O", "O"]];
    expect(spanF1(nothing, nothing).value).toBe(0);
    const one = spanF1(nothing, nothing, { zeroDivision: 1 });
    expect(one.value).toBe(1);
    expect(one.weighted).toEqual({ precision: 1, recall: 1, f1: 1, support: 0 });
    expect(one.macro.f1).toBeNaN();
  });

  test("names sentence, tag and place of what a scheme does not have", () => {
    expect(() =>
      spanF1([["O"], ["O", "S-PER"]], [["O"], ["O", "O"]], { scheme: "IOB2" }),
    ).toThrowError(
      expect.objectContaining({
        code: "TAG_SCHEME",
        message: 'segment 2: tag 2 is "S-PER", which IOB2 does not have; its prefixes are I O B.',
        details: { tag: "S-PER", position: 2, scheme: "IOB2", segment: 2 },
      }),
    );
    expect(() => spanF1([["O", ""]], [["O", "O"]])).toThrowError(/segment 1: a tag is empty/);
    expect(() => spanF1([["O"]], [["O", "O"]])).toThrowError(
      "segment 1: SpanF1: 1 predicted tags for 2 words; give one per word.",
    );
    expect(() => spanF1([["O"]], [])).toThrowError(
      expect.objectContaining({ code: "SEGMENT_COUNT" }),
    );
    expect(() => spanF1([], [])).toThrowError(/no segments to score/);
    expect(() => new SpanF1({ scheme: "IOB" as never })).toThrowError(/expected one of "IOB1"/);
  });

  test("counts a type called __proto__ like any other", () => {
    const tags = [["B-__proto__", "O", "B-constructor"]];
    expect(Array.from(spanF1(tags, tags).types.keys())).toEqual(["__proto__", "constructor"]);
  });
});

describe("spans", () => {
  test.each(tagSchemes.filter((scheme) => scheme !== "IOE1"))(
    "are read back strictly from what %s writes",
    (scheme) => {
      fc.assert(
        fc.property(annotation, ({ spans, length }) => {
          expect(strictSpans(tagsOf(spans, length, scheme), scheme)).toEqual(spans);
        }),
      );
    },
  );

  test.each(["IOB2", "IOBES", "IOE2"] as const)(
    "are read back leniently from what %s writes",
    (scheme) => {
      fc.assert(
        fc.property(annotation, ({ spans, length }) => {
          expect(lenientSpans(tagsOf(spans, length, scheme))).toEqual(spans);
        }),
      );
    },
  );

  test("suffix tags read like prefix tags", () => {
    expect(parseTag("PER-X-B", true)).toEqual({ prefix: "B", type: "PER-X" });
    expect(parseStrictTag("PER-B", true)).toEqual({ prefix: "B", type: "PER" });
    expect(parseTag("B-PER-X", false)).toEqual({ prefix: "B", type: "PER-X" });
    expect(parseTag("B", false)).toEqual({ prefix: "B", type: "_" });
  });

  test("merging sentence by sentence is scoring them together, in any order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(annotation, annotation), { minLength: 1, maxLength: 5 }),
        (pairs) => {
          const metric = new SpanF1();
          const whole = new RunningScore(metric);
          const back = new RunningScore(metric);
          const tags = pairs.map(([one, two]) => {
            const length = Math.max(one.length, two.length);
            return [tagsOf(one.spans, length, "IOB2"), tagsOf(two.spans, length, "IOB2")] as const;
          });
          for (const [x, y] of tags) whole.add(x, y);
          for (const [x, y] of tags.toReversed()) back.add(x, y);
          expect(back.score()).toEqual(whole.score());
        },
      ),
    );
  });
});

describe("detectScheme", () => {
  test("tells schemes by their prefixes", () => {
    expect(detectScheme([["B-A", "I-A", "O"]])).toBe("IOB2");
    expect(detectScheme([["I-A", "E-A"]])).toBe("IOE2");
    expect(detectScheme([["B-A"], ["E-A", "O"]])).toBe("IOBES");
    expect(detectScheme([["B-A", "L-A", "U-B"]])).toBe("BILOU");
  });

  test("does not guess between IOB1 and IOE1", () => {
    expect(() => detectScheme([["I-A", "O"]])).toThrowError(
      expect.objectContaining({ code: "TAG_SCHEME" }),
    );
  });
});
