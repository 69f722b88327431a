// The feeds' server state: what arrived, what came of it, what visits found.
import { api, data, type Schemas } from "@/api/client";

export type Feed = Schemas["FeedView"];
export type Health = Schemas["FeedHealth"];
export type Day = Schemas["FeedDay"];
export type Limits = Health["limits"][number];

export const useFeeds = () => ({
  list: () => data(api.GET("/api/v1/feeds")),
  health: (name: string, days: number) =>
    data(api.GET("/api/v1/feeds/{name}", { params: { path: { name }, query: { days } } })),
});

/** A share as people write it: 12 %, 0.3 %; nothing of nothing. */
export function percent(part: number, whole: number): string {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  return `${share > 0 && share < 10 ? share.toFixed(1) : Math.round(share)} %`;
}
