// Drawing one outline on a map: terra-draw over MapLibre, with what lies around for orientation.
import type { Map as GlMap } from "maplibre-gl";
import { TerraDraw, TerraDrawPolygonMode, TerraDrawSelectMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";

const COLOUR = "#1664c0";
/** A centimetre; more digits are noise. */
const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;

/** The first polygon's outer ring: what can be drawn by hand. */
export function ringOf(outline: GeoJSON.Geometry | null | undefined): GeoJSON.Position[] | null {
  if (outline?.type === "Polygon") return outline.coordinates[0] ?? null;
  if (outline?.type === "MultiPolygon") return outline.coordinates[0]?.[0] ?? null;
  return null;
}

/** Is there more to an outline than one ring, which drawing it by hand would lose? */
export const isComposed = (outline: GeoJSON.Geometry | null | undefined) =>
  (outline?.type === "Polygon" && outline.coordinates.length > 1) ||
  (outline?.type === "MultiPolygon" &&
    (outline.coordinates.length > 1 || (outline.coordinates[0]?.length ?? 0) > 1));

export interface Drawing {
  /** Begins a new outline in place of the one that is there. */
  again: () => void;
  stop: () => void;
}

/** Lets an outline be drawn or its corners be moved; tells each change, null where there is none. */
export function drawOutline(
  map: GlMap,
  outline: GeoJSON.Geometry | null | undefined,
  changed: (outline: GeoJSON.Polygon | null) => void,
): Drawing {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 9 }),
    modes: [
      new TerraDrawPolygonMode({ styles: { fillColor: COLOUR, outlineColor: COLOUR, fillOpacity: 0.2 } }),
      new TerraDrawSelectMode({
        flags: {
          polygon: {
            feature: { draggable: true, coordinates: { midpoints: true, draggable: true, deletable: true } },
          },
        },
        styles: { selectedPolygonColor: COLOUR, selectedPolygonOutlineColor: COLOUR },
      }),
    ],
  });
  const tell = () => {
    const found = draw
      .getSnapshot()
      .find((one) => one.geometry.type === "Polygon" && one.properties.mode === "polygon");
    const ring = found && (found.geometry as GeoJSON.Polygon).coordinates[0];
    changed(
      ring && ring.length >= 4
        ? { type: "Polygon", coordinates: [ring.map((p) => [round(p[0]!), round(p[1]!)])] }
        : null,
    );
  };
  const edit = () => {
    draw.setMode("select");
    const id = draw.getSnapshot().find((one) => one.properties.mode === "polygon")?.id;
    if (id !== undefined) draw.selectFeature(id);
  };
  draw.start();
  const ring = ringOf(outline);
  if (ring) {
    const coordinates = [ring.map((p) => [round(p[0]!), round(p[1]!)])];
    draw.addFeatures([
      { type: "Feature", geometry: { type: "Polygon", coordinates }, properties: { mode: "polygon" } },
    ]);
    edit();
  } else {
    draw.setMode("polygon");
  }
  draw.on("finish", () => {
    tell();
    // After the event, so that the mode that finished is done with it.
    setTimeout(edit, 0);
  });
  return {
    again: () => {
      draw.clear();
      draw.setMode("polygon");
      changed(null);
    },
    stop: () => {
      try {
        draw.stop();
      } catch {
        // The map may be gone already.
      }
    },
  };
}

/** Shows outlines that are not drawn: the one above dashed, the place's own as a line, its point as a dot. */
export function showAround(
  map: GlMap,
  shapes: { above?: GeoJSON.Geometry | null; own?: GeoJSON.Geometry | null; point?: [number, number] | null },
) {
  const features: GeoJSON.Feature[] = [];
  const add = (what: string, geometry?: GeoJSON.Geometry | null) =>
    geometry && features.push({ type: "Feature", geometry, properties: { what } });
  add("above", shapes.above);
  add("own", shapes.own);
  add("point", shapes.point ? { type: "Point", coordinates: shapes.point } : null);
  const collection: GeoJSON.FeatureCollection = { type: "FeatureCollection", features };
  const known = map.getSource("around") as
    | { setData?: (data: GeoJSON.FeatureCollection) => void }
    | undefined;
  if (known?.setData) return known.setData(collection);
  map.addSource("around", { type: "geojson", data: collection });
  const of = (what: string) => ["==", ["get", "what"], what] as never;
  map.addLayer({
    id: "around-above",
    type: "line",
    source: "around",
    filter: of("above"),
    paint: { "line-color": COLOUR, "line-width": 1.5, "line-dasharray": [3, 2] },
  });
  map.addLayer({
    id: "around-own",
    type: "line",
    source: "around",
    filter: of("own"),
    paint: { "line-color": COLOUR, "line-width": 3 },
  });
  map.addLayer({
    id: "around-point",
    type: "circle",
    source: "around",
    filter: of("point"),
    paint: {
      "circle-radius": 7,
      "circle-color": COLOUR,
      "circle-stroke-color": "#ffffff",
      "circle-stroke-width": 2,
    },
  });
}
