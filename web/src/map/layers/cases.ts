// Cases as points: clusters from afar, a shape for each status near by.
import type { GeoJSONSource, Map as GlMap } from "maplibre-gl";

const LOOK: Record<string, [string, string]> = {
  new: ["#1664c0", "circle"],
  in_hand: ["#c98a00", "half"],
  overdue: ["#d2451e", "triangle"],
  done: ["#0a8a72", "square"],
};

function icon(color: string, shape: string): ImageData {
  const size = 36;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const g = canvas.getContext("2d")!;
  g.lineWidth = 3;
  g.strokeStyle = "#fff";
  g.fillStyle = color;
  g.beginPath();
  if (shape === "triangle") {
    g.moveTo(18, 4);
    g.lineTo(33, 31);
    g.lineTo(3, 31);
    g.closePath();
  } else if (shape === "square") g.rect(6, 6, 24, 24);
  else g.arc(18, 18, 13, 0, Math.PI * 2);
  g.fill();
  if (shape === "half") {
    g.beginPath();
    g.arc(18, 18, 13, Math.PI / 2, (Math.PI * 3) / 2);
    g.fillStyle = "#fff8e5";
    g.fill();
    g.beginPath();
    g.arc(18, 18, 13, 0, Math.PI * 2);
  }
  g.stroke();
  return g.getImageData(0, 0, size, size);
}

export function addCases(map: GlMap, points: GeoJSON.FeatureCollection) {
  for (const [name, [color, shape]] of Object.entries(LOOK))
    if (!map.hasImage(name)) map.addImage(name, icon(color, shape), { pixelRatio: 2 });
  map.addSource("cases", {
    type: "geojson",
    data: points,
    cluster: true,
    clusterRadius: 36,
    clusterMaxZoom: 15,
  });
  map.addLayer({
    id: "case-cluster",
    type: "circle",
    source: "cases",
    filter: ["has", "point_count"],
    paint: {
      "circle-color": "#b8330b",
      "circle-radius": ["step", ["get", "point_count"], 11, 10, 14, 50, 18],
      "circle-stroke-color": "#fff",
      "circle-stroke-width": 1.5,
    },
  });
  map.addLayer({
    id: "case-count",
    type: "symbol",
    source: "cases",
    filter: ["has", "point_count"],
    layout: {
      "text-field": ["get", "point_count_abbreviated"],
      "text-size": 12,
      "text-font": ["Noto Sans CJK SC", "sans-serif"],
      "text-allow-overlap": true,
    },
    paint: { "text-color": "#fff" },
  });
  map.addLayer({
    id: "case-point",
    type: "symbol",
    source: "cases",
    filter: ["!", ["has", "point_count"]],
    layout: { "icon-image": ["get", "status"], "icon-allow-overlap": true },
  });
}

export function setCases(map: GlMap, points: GeoJSON.FeatureCollection) {
  (map.getSource("cases") as GeoJSONSource | undefined)?.setData(points);
}
