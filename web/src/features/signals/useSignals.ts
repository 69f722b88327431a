// The signals' server state.
import { api, data, type Schemas } from "@/api/client";

export type Signal = Schemas["SignalView"];

export const useSignals = () => ({
  list: (which: { state: string; feed?: string; kind?: string }, cursor?: string) =>
    data(
      api.GET("/api/v1/signals", {
        params: { query: { ...which, state: which.state as never, cursor, limit: 50 } },
      }),
    ),
  match: (signal: Signal, place: string) =>
    api.POST("/api/v1/signals/{id}/match", {
      params: { path: { id: signal.id } },
      body: { place, version: signal.version },
    }),
  dismiss: (signal: Signal, reason: string) =>
    api.POST("/api/v1/signals/{id}/dismiss", {
      params: { path: { id: signal.id } },
      body: { reason, version: signal.version },
    }),
});
