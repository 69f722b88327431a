// The address library's server state.
import { api, data, type Schemas } from "@/api/client";

export type Place = Schemas["Place"];
export type CorrectionView = Schemas["CorrectionView"];

export const usePlaces = () => ({
  top: (cursor?: string) => data(api.GET("/api/v1/places", { params: { query: { cursor, limit: 50 } } })),
  children: (parent: string, cursor?: string) =>
    data(api.GET("/api/v1/places", { params: { query: { parent, cursor, limit: 200 } } })),
  suggest: (q: string) => data(api.GET("/api/v1/places/suggest", { params: { query: { q, limit: 20 } } })),
  place: (id: string) => data(api.GET("/api/v1/places/{id}", { params: { path: { id } } })) as Promise<Place>,
  lineage: (id: string) => data(api.GET("/api/v1/places/{id}/lineage", { params: { path: { id } } })),
  history: (id: string) => data(api.GET("/api/v1/places/{id}/history", { params: { path: { id } } })),
  corrections: (cursor?: string) =>
    data(api.GET("/api/v1/corrections", { params: { query: { cursor, limit: 50 } } })),
  waiting: () => data(api.GET("/api/v1/waiting")),
  decide: (view: CorrectionView, accept: boolean, reason: string) =>
    api.POST("/api/v1/corrections/{id}/decide", {
      params: { path: { id: view.correction.id } },
      body: { accept, reason, version: view.correction.version },
    }),
});
