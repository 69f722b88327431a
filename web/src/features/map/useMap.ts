// What the map shows besides tiles.
import { api, data, type Schemas } from "@/api/client";

export type Card = Schemas["Card"];
export type Step = Schemas["DrillStep"];

export const useMapData = () => ({
  view: () => data(api.GET("/api/v1/map/view")),
  below: (division?: string) =>
    data(api.GET("/api/v1/map/below", { params: { query: { division } } })) as Promise<Schemas["Below"]>,
  cases: async () => (await data(api.GET("/api/v1/map/cases"))) as unknown as GeoJSON.FeatureCollection,
  card: (id: string) =>
    data(api.GET("/api/v1/places/{id}/card", { params: { path: { id } } })) as Promise<Card>,
  networks: () => data(api.GET("/api/v1/networks")),
  locate: (lon: number, lat: number) => data(api.GET("/api/v1/locate", { params: { query: { lon, lat } } })),
  unmask: (person: string, place: string, purpose: string) =>
    data(
      api.POST("/api/v1/people/{id}/unmask", {
        params: { path: { id: person } },
        body: { place },
        headers: { "X-Purpose": encodeURIComponent(purpose) },
      }),
    ),
});
