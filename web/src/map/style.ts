// The map's style: grey ground, colour for data only; labels from local fonts, no glyphs asked for.
import type { StyleSpecification } from "maplibre-gl";

const FONT = ["PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"];

/** Homes of a cell → its tint: the same steps as the legend shows. */
export const WORKLOAD: [number, string][] = [
  [100, "#fdf3c8"],
  [300, "#fbd98a"],
  [500, "#f0a35e"],
  [800, "#c8553d"],
];

export function mapStyle(dark: boolean, origin: string, homes: string): StyleSpecification {
  const c = dark
    ? {
        land: "#111a28",
        water: "#1b3350",
        green: "#16302a",
        road: "#33435c",
        roadLine: "#1d2a3d",
        building: "#26344a",
        line: "#3c4f6d",
        text: "#c8d3e2",
        halo: "#111a28",
        cell: "#8aa0c0",
      }
    : {
        land: "#f6f5f1",
        water: "#c9dded",
        green: "#dfead7",
        road: "#ffffff",
        roadLine: "#c6cdd7",
        building: "#dde1e7",
        line: "#c3c9d2",
        text: "#3b4552",
        halo: "#ffffff",
        cell: "#6a5a9c",
      };
  const label = (min: number, source: string, layer: string, size: number, filter?: unknown) => ({
    id: `${layer}-text`,
    type: "symbol" as const,
    source,
    "source-layer": layer,
    minzoom: min,
    ...(filter ? { filter: filter as never } : {}),
    layout: {
      "text-field": ["get", "name"] as never,
      "text-font": FONT,
      "text-size": size,
      "text-max-width": 8,
    },
    paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.2 },
  });
  const road = (id: string, classes: string[], width: [number, number], min: number) => [
    {
      id: `${id}-case`,
      type: "line" as const,
      source: "base",
      "source-layer": "road",
      minzoom: min,
      filter: ["in", ["get", "class"], ["literal", classes]] as never,
      layout: { "line-cap": "round" as const, "line-join": "round" as const },
      paint: {
        "line-color": c.roadLine,
        "line-width": [
          "interpolate",
          ["exponential", 1.6],
          ["zoom"],
          11,
          width[0] + 1,
          18,
          width[1] + 2,
        ] as never,
      },
    },
    {
      id,
      type: "line" as const,
      source: "base",
      "source-layer": "road",
      minzoom: min,
      filter: ["in", ["get", "class"], ["literal", classes]] as never,
      layout: { "line-cap": "round" as const, "line-join": "round" as const },
      paint: {
        "line-color": c.road,
        "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, width[0], 18, width[1]] as never,
      },
    },
  ];
  return {
    version: 8,
    sources: {
      base: { type: "vector", tiles: [`${origin}/tiles/base/{z}/{x}/{y}.mlt`], encoding: "mlt", maxzoom: 16 },
      cells: {
        type: "vector",
        tiles: [`${origin}/tiles/cells/{z}/{x}/{y}.mlt`],
        encoding: "mlt",
        maxzoom: 16,
      },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": c.land } },
      {
        id: "green",
        type: "fill",
        source: "base",
        "source-layer": "green",
        paint: { "fill-color": c.green },
      },
      {
        id: "water",
        type: "fill",
        source: "base",
        "source-layer": "water",
        filter: ["==", ["geometry-type"], "Polygon"] as never,
        paint: { "fill-color": c.water },
      },
      {
        id: "stream",
        type: "line",
        source: "base",
        "source-layer": "water",
        paint: { "line-color": c.water, "line-width": 1.5 },
      },
      {
        id: "cell-load",
        type: "fill",
        source: "cells",
        "source-layer": "cell",
        filter: ["==", ["get", "network"], "base"] as never,
        paint: {
          "fill-color": ["interpolate", ["linear"], ["get", "households"], ...WORKLOAD.flat()] as never,
          "fill-opacity": dark ? 0.18 : 0.32,
        },
      },
      {
        id: "compound",
        type: "fill",
        source: "base",
        "source-layer": "compound",
        paint: { "fill-color": c.building, "fill-opacity": 0.25 },
      },
      ...road(
        "path",
        ["footway", "path", "steps", "cycleway", "track", "pedestrian", "service", "corridor"],
        [0.4, 5],
        14,
      ),
      ...road(
        "street",
        ["residential", "unclassified", "living_street", "minor_road", "tertiary", "road"],
        [0.8, 12],
        11,
      ),
      ...road("main", ["primary", "secondary", "trunk", "motorway", "major_road", "highway"], [1.5, 18], 6),
      {
        id: "building",
        type: "fill",
        source: "base",
        "source-layer": "building",
        filter: ["==", ["geometry-type"], "Polygon"] as never,
        paint: { "fill-color": c.building, "fill-outline-color": c.line },
      },
      {
        id: "cell",
        type: "line",
        source: "cells",
        "source-layer": "cell",
        filter: ["==", ["get", "network"], "base"] as never,
        // Neighbours draw their common edge each: dashes would run into one another.
        paint: {
          "line-color": c.cell,
          "line-opacity": 0.7,
          "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.5, 16, 1.4] as never,
        },
      },
      {
        id: "cell-on",
        type: "line",
        source: "cells",
        "source-layer": "cell",
        filter: ["==", ["get", "code"], ""] as never,
        paint: { "line-color": dark ? "#5aa2ff" : "#1664c0", "line-width": 3 },
      },
      {
        id: "division",
        type: "line",
        source: "cells",
        "source-layer": "division",
        paint: { "line-color": c.cell, "line-width": 1.6 },
      },
      {
        id: "road-text",
        type: "symbol",
        source: "base",
        "source-layer": "road",
        minzoom: 14,
        layout: {
          "symbol-placement": "line",
          "text-field": ["get", "name"] as never,
          "text-font": FONT,
          "text-size": 11,
          "symbol-spacing": 400,
        },
        paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.4 },
      },
      {
        id: "cell-name",
        type: "symbol",
        source: "cells",
        "source-layer": "cell_label",
        minzoom: 13.5,
        maxzoom: 16.5,
        filter: ["==", ["get", "network"], "base"] as never,
        layout: {
          "text-field": [
            "format",
            ["get", "name"],
            {},
            "\n",
            {},
            ["concat", ["to-string", ["get", "households"]], ` ${homes}`],
            { "font-scale": 0.9 },
          ] as never,
          "text-font": FONT,
          "text-size": 12,
          "text-max-width": 8,
        },
        paint: { "text-color": c.cell, "text-halo-color": c.halo, "text-halo-width": 1.4 },
      },
      label(15, "base", "compound_label", 12),
      label(16.5, "base", "building_label", 11),
      label(9, "cells", "division_label", 13),
    ],
  };
}
