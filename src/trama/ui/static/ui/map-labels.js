// Names on the map, placed so that none covers another or a marker: the widest areas first, then single points.

import { L, element } from "./map-base.js";

const MOST = 120; // labels tried in a view
const LINE = 17; // pixels
const WRAP = 112; // pixels: longer names take two lines
const FONT = { area: "600 14px 'Titillium Web', Geneva, Tahoma, sans-serif", point: "400 14px 'Titillium Web', Geneva, Tahoma, sans-serif" };
const POINT_LABELS = 40; // more single points than this have no names: they would be a wall of text
const LONGEST = 46; // characters of the name of a point

const measure = document.createElement("canvas").getContext("2d");

/** The name in one or two lines, with its size in pixels. */
function shaped(name, kind) {
  measure.font = FONT[kind];
  const wide = (text) => measure.measureText(text).width + 4;
  const short = kind === "point" && name.length > LONGEST ? `${name.slice(0, LONGEST - 1).trimEnd()}…` : name;
  if (wide(short) <= WRAP || !short.includes(" ")) return { lines: [short], width: wide(short), height: LINE };
  const words = short.split(" ");
  let best = null;
  for (let cut = 1; cut < words.length; cut += 1) {
    const lines = [words.slice(0, cut).join(" "), words.slice(cut).join(" ")];
    const width = Math.max(...lines.map(wide));
    if (!best || width < best.width) best = { lines, width, height: 2 * LINE };
  }
  return best;
}

function ringArea(ring) {
  let twice = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1)
    twice += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  return Math.abs(twice / 2);
}

function inside(ring, x, y) {
  let within = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

/** Distance (squared) from a point to the nearest corner of a ring: near enough to find where there is room. */
function room(ring, x, y) {
  const step = Math.max(1, Math.floor(ring.length / 80));
  let least = Infinity;
  for (let i = 0; i < ring.length; i += step) {
    const dx = ring[i][0] - x;
    const dy = (ring[i][1] - y) * 1.4;
    least = Math.min(least, dx * dx + dy * dy);
  }
  return least;
}

/** Where a name stands in an area: a point inside, far from its border. */
function anchorOf(geometry) {
  const polygons = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
  let ring = polygons[0][0];
  for (const polygon of polygons) if (ringArea(polygon[0]) > ringArea(ring)) ring = polygon[0];
  const box = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity };
  for (const [x, y] of ring) {
    box.west = Math.min(box.west, x);
    box.east = Math.max(box.east, x);
    box.south = Math.min(box.south, y);
    box.north = Math.max(box.north, y);
  }
  const parts = 10;
  let best = null;
  for (let i = 1; i < parts; i += 1)
    for (let j = 1; j < parts; j += 1) {
      const x = box.west + ((box.east - box.west) * i) / parts;
      const y = box.south + ((box.north - box.south) * j) / parts;
      if (!inside(ring, x, y)) continue;
      const free = room(ring, x, y);
      if (!best || free > best.free) best = { x, y, free };
    }
  const [x, y] = best ? [best.x, best.y] : ring[0];
  return { place: L.latLng(y, x), ring, weight: ringArea(ring), west: box.west, east: box.east };
}

export class Labels {
  constructor(map) {
    this.map = map;
    this.areas = [];
    this.points = [];
    this.shown = new Map();
    this.pane = map.createPane("tramaLabels");
    this.pane.classList.add("trama-map-labels", "leaflet-zoom-hide");
    this.pane.setAttribute("aria-hidden", "true");
    map.on("moveend viewreset resize", () => this.place());
  }

  setAreas(features) {
    this.areas = features
      .filter((feature) => feature.geometry && /Polygon$/.test(feature.geometry.type) && feature.properties.name)
      .map((feature) => ({ feature, weight: 0, ...shaped(feature.properties.name, "area"), kind: "area" }));
    for (const area of this.areas) Object.assign(area, anchorOf(area.feature.geometry));
    this.areas.sort((a, b) => b.weight - a.weight);
    this.place();
  }

  setPoints(points) {
    const singles = points.filter((point) => point.count === 1);
    this.markers = points;
    this.points =
      singles.length > POINT_LABELS
        ? []
        : singles.map((point) => ({ ...shaped(point.name, "point"), kind: "point", place: point.place }));
    this.place();
  }

  /** Choose which names are shown and where, for the view as it is. */
  place() {
    if (!this.map._loaded) return;
    const taken = this.obstacles();
    const chosen = new Map();
    let tried = 0;
    for (const label of [...this.areas, ...this.points]) {
      if (tried >= MOST) break;
      const spot = this.spotFor(label, taken);
      if (spot === undefined) continue;
      tried += 1;
      if (!spot) continue;
      taken.push(spot);
      chosen.set(label, spot);
    }
    this.show(chosen);
  }

  /** The rectangles of the map's buttons and of the markers, in pixels. */
  obstacles() {
    const frame = this.map.getContainer().getBoundingClientRect();
    const controls = [...this.map.getContainer().querySelectorAll(".leaflet-control")].map((control) => {
      const { left, right, top, bottom } = control.getBoundingClientRect();
      return { left: left - frame.left, right: right - frame.left, top: top - frame.top, bottom: bottom - frame.top };
    });
    return controls.concat((this.markers || []).map((point) => this.rectangleOf(point)));
  }

  rectangleOf(point) {
    const { x, y } = this.map.latLngToContainerPoint(point.place);
    if (point.count === 1) return { left: x - 13, right: x + 13, top: y - 34, bottom: y + 2 };
    const radius = point.diameter / 2 + 1;
    return { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius };
  }

  /** A free rectangle for a label, null when there is none, undefined when it does not belong to the view. */
  spotFor(label, taken) {
    const size = this.map.getSize();
    let { x, y } = this.map.latLngToContainerPoint(label.place);
    if (x < 0 || y < 0 || x > size.x || y > size.y) {
      // Deep inside an area its name stands in the middle of the view: else nothing would say where one is.
      const middle = this.map.getCenter();
      if (label.kind !== "area" || !inside(label.ring, middle.lng, middle.lat)) return undefined;
      [x, y] = [size.x / 2, size.y / 2];
    }
    const { width, height } = label;
    if (label.kind === "area") {
      const pixels = ((label.east - label.west) / 360) * 256 * 2 ** this.map.getZoom();
      if (pixels < width * 0.75) return undefined;
    }
    for (const [dx, dy] of label.kind === "area" ? around(width, height) : beside(width)) {
      const box = { left: x + dx - width / 2, right: x + dx + width / 2, top: y + dy - height / 2, bottom: y + dy + height / 2 };
      if (box.left < 2 || box.top < 2 || box.right > size.x - 2 || box.bottom > size.y - 2) continue;
      if (!taken.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top))
        return box;
    }
    return null;
  }

  show(chosen) {
    for (const [label, span] of this.shown)
      if (!chosen.has(label)) {
        span.remove();
        this.shown.delete(label);
      }
    for (const [label, box] of chosen) {
      let span = this.shown.get(label);
      if (!span) {
        span = element("span", `trama-map-name trama-map-name-${label.kind}`);
        label.lines.forEach((line, number) => {
          if (number) span.append(element("br"));
          span.append(line);
        });
        this.shown.set(label, span);
        this.pane.append(span);
      }
      span.style.width = `${Math.ceil(label.width)}px`;
      L.DomUtil.setPosition(span, this.map.containerPointToLayerPoint([Math.round(box.left), Math.round(box.top)]));
    }
  }
}

/** Where the name of an area may stand, from the middle outward. */
function around(width, height) {
  const up = height / 2 + 20;
  const side = width / 2 + 20;
  return [[0, 0], [0, -up], [0, up], [0, -2 * up], [0, 2 * up], [side, 0], [-side, 0], [side, up], [-side, up], [side, -up], [-side, -up]];
}

/** Where the name of a point may stand: right or left of its pin. */
function beside(width) {
  return [[width / 2 + 16, -20], [-width / 2 - 16, -20]];
}
