// The address library's server state.
import { api, data, type Schemas } from "@/api/client";

export type Place = Schemas["Place"];
export type CorrectionView = Schemas["CorrectionView"];
export type Cause = Schemas["Cause"];
export type PlaceEdit = Schemas["PlaceEdit"];
export type EditDone = Schemas["EditDone"];
export type Change = Schemas["ChangeKind"];
export type Rule = Schemas["Rule"];

export const usePlaces = () => ({
  top: (cursor?: string) => data(api.GET("/api/v1/places", { params: { query: { cursor, limit: 50 } } })),
  children: (parent: string, cursor?: string) =>
    data(api.GET("/api/v1/places", { params: { query: { parent, cursor, limit: 200 } } })),
  place: (id: string) => data(api.GET("/api/v1/places/{id}", { params: { path: { id } } })) as Promise<Place>,
  aliases: (id: string) => data(api.GET("/api/v1/places/{id}/aliases", { params: { path: { id } } })),
  outline: (id: string) =>
    data(
      api.GET("/api/v1/places/{id}/outline", { params: { path: { id } } }),
    ) as Promise<GeoJSON.Geometry | null>,
  lineage: (id: string) => data(api.GET("/api/v1/places/{id}/lineage", { params: { path: { id } } })),
  history: (id: string) => data(api.GET("/api/v1/places/{id}/history", { params: { path: { id } } })),
  match: (text: string) => data(api.GET("/api/v1/places/match", { params: { query: { text } } })),
  causes: () => data(api.GET("/api/v1/corrections/causes")),
  ofCause: (cause: Cause) =>
    data(
      api.GET("/api/v1/corrections", {
        params: { query: { problem: cause.problem, place: cause.place ?? "", limit: 200 } },
      }),
    ),
  decide: (view: CorrectionView, accept: boolean, reason: string, place?: string) =>
    api.POST("/api/v1/corrections/{id}/decide", {
      params: { path: { id: view.correction.id } },
      body: { accept, reason, version: view.correction.version, place },
    }),
  edit: (change: Change, version: number | undefined, reason: string, preview: boolean) =>
    data(
      api.POST("/api/v1/places/edits", { body: { change, version, reason, preview } }),
    ) as Promise<EditDone>,
  undo: (edit: string, preview = false) =>
    data(
      api.POST("/api/v1/places/edits/{id}/undo", { params: { path: { id: edit } }, body: { preview } }),
    ) as Promise<EditDone>,
  edits: (cursor?: string) =>
    data(api.GET("/api/v1/places/edits", { params: { query: { cursor, limit: 50 } } })),
  editsOf: (place: string) =>
    data(api.GET("/api/v1/places/edits", { params: { query: { place, limit: 20 } } })),
  exports: () => data(api.GET("/api/v1/places/exports")),
  quality: () => data(api.GET("/api/v1/places/quality")),
  checkQuality: () => data(api.POST("/api/v1/places/quality/check")),
  findings: (rule: string, cursor?: string) =>
    data(
      api.GET("/api/v1/places/quality/{rule}", {
        params: { path: { rule }, query: { cursor, limit: 50 } },
      }),
    ),
});
