// The typed client: adds the language and the token against forged requests, turns refusals into
// errors that carry the stable code.
import createClient from "openapi-fetch";
import { ref } from "vue";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** A refusal or failure as the server tells it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    title: string,
    readonly requestId = "",
  ) {
    super(title);
  }
}

export const csrf = ref("");
export const language = ref<"zh-CN" | "en">((localStorage.getItem("language") as "zh-CN" | "en") || "zh-CN");

export const api = createClient<paths>({ baseUrl: "" });

api.use({
  onRequest({ request }) {
    request.headers.set("accept-language", language.value);
    if (csrf.value) request.headers.set("x-csrf-token", csrf.value);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return response;
    const body = await response
      .clone()
      .json()
      .catch(() => ({}));
    throw new Problem(
      response.status,
      body.code ?? "internal",
      body.title ?? response.statusText,
      body.request_id,
    );
  },
});

/** The answer's body; refusals were thrown before. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
