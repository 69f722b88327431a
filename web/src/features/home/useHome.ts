// What waits, and the ledger.
import { api, data } from "@/api/client";
import { session } from "@/features/session/useSession";
import { i18n } from "@/i18n";

export function useHome() {
  return {
    counts: () => data(api.GET("/api/v1/cases/counts")),
    async waiting() {
      const signals = session.can("signals.read")
        ? (await data(api.GET("/api/v1/signals", { params: { query: { limit: 200 } } }))).items.length
        : 0;
      const corrections = session.can("corrections.read")
        ? (await data(api.GET("/api/v1/corrections", { params: { query: { limit: 200 } } }))).items.length
        : 0;
      return { signals, corrections };
    },
    ledger: async () => (await data(api.GET("/api/v1/ledger", { params: { query: { limit: 50 } } }))).items,
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
