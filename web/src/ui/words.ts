// Sentences that the server keeps in both languages.
import { language } from "@/api/client";

/** The sentence in the reader's language; what is only a text stays as it is. */
export function inWords(found: unknown): string {
  if (typeof found === "string") return found;
  const both = found as { zh?: string; en?: string } | null | undefined;
  return (language.value === "en" ? both?.en : both?.zh) ?? "";
}
