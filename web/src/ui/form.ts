// Forms are JSON Schema with words in both languages; these read them.
import { language } from "@/api/client";

export interface Question {
  title?: string;
  type?: string;
  enum?: string[];
  format?: string;
  maxLength?: number;
  "x-en"?: string;
  "x-enum-zh"?: string[];
  "x-enum-en"?: string[];
}

export interface FormSchema {
  properties: Record<string, Question>;
  "x-order"?: string[];
  required?: string[];
  if?: { properties: Record<string, { enum: string[] }> };
  then?: { required: string[] };
}

/** The questions in the order in which they are asked. */
export const questions = (form: FormSchema): [string, Question][] =>
  (form["x-order"] ?? Object.keys(form.properties))
    .filter((key) => form.properties[key])
    .map((key) => [key, form.properties[key]!]);

export const title = (key: string, question: Question) =>
  (language.value === "en" ? question["x-en"] : question.title) ?? key;

export function word(question: Question, value: unknown): string {
  const at = question.enum?.indexOf(String(value)) ?? -1;
  const words = language.value === "en" ? question["x-enum-en"] : question["x-enum-zh"];
  if (at >= 0) return words?.[at] ?? String(value);
  if (typeof value === "boolean") return value ? "✓" : "✗";
  return String(value);
}
