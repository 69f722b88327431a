import { expect, test } from "vitest";
import refusals from "../../../../docs/refusals.json";
import en from "../en.json";
import zh from "../zh-CN.json";

const keys = (tree: object, path = ""): string[] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "object" ? keys(value, `${path}${key}.`) : [`${path}${key}`],
  );

test("both languages have the same keys and no empty text", () => {
  expect(keys(en)).toEqual(keys(zh));
  for (const tree of [en, zh]) expect(JSON.stringify(tree)).not.toContain('""');
});

test("every refusal has both texts", () => {
  for (const [code, texts] of Object.entries(refusals as Record<string, { zh: string; en: string }>)) {
    expect(texts.zh, code).toBeTruthy();
    expect(texts.en, code).toBeTruthy();
  }
});
