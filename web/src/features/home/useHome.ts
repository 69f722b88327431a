// What waits, and the ledger.
import { api, data } from "@/api/client";
import { i18n } from "@/i18n";

export function useHome() {
  return {
    counts: () => data(api.GET("/api/v1/cases/counts")),
    waiting: () => data(api.GET("/api/v1/waiting")),
    /** Open cases by their limit, the most urgent first. */
    due: async () =>
      (await data(api.GET("/api/v1/cases", { params: { query: { open: true, sort: "due", limit: 12 } } })))
        .items,
    ledger: (subject: string, cursor?: string) =>
      data(
        api.GET("/api/v1/ledger", {
          params: { query: { subject: subject || undefined, cursor, limit: 50 } },
        }),
      ),
    async verify() {
      const found = (await data(api.GET("/api/v1/ledger/verify"))) as unknown as {
        entries: number;
        broken: unknown[];
      };
      const t = i18n.global.t;
      return found.broken.length ? t("home.broken") : t("home.holds", { n: found.entries });
    },
  };
}
