// The points of a map, as clusters that the server computed. Markers are buttons; those that stay are not made again.

import { L, boundsOf, element, openPopup } from "./map-base.js";

const PIN =
  '<svg viewBox="0 0 26 34" width="26" height="34" aria-hidden="true" focusable="false">' +
  '<path d="M13 1C6.4 1 1 6.3 1 12.9 1 21.6 13 33 13 33s12-11.4 12-20.1C25 6.3 19.6 1 13 1z"/>' +
  '<circle cx="13" cy="13" r="4.5"/></svg>';
const TARGET = 44;
const SETTLE = 120; // milliseconds after the last movement
const ITALY = [6.6, 35.4, 18.6, 47.1];
// Without a background map nothing tells where one is, closer than this.
const CLOSEST_FIRST_VIEW = 13;
const LOW = 300; // pixels: a map lower than this begins one step farther

const ButtonIcon = L.Icon.extend({
  createIcon() {
    const button = element("button");
    button.type = "button";
    button.setAttribute("aria-label", this.options.label);
    if (this.options.count > 1) {
      const circle = element("span", "trama-map-circle", this.options.text);
      circle.style.width = circle.style.height = `${this.options.diameter}px`;
      button.append(circle);
    } else {
      button.innerHTML = PIN;
    }
    this._setIconStyles(button, "icon");
    return button;
  },
  createShadow() {
    return null;
  },
});

/** Diameter in pixels of the circle of a cluster: it grows with the order of magnitude (as in maps.py). */
function diameterOf(count) {
  return Math.round(Math.min(60, 26 + 7.5 * Math.log10(count)));
}

function addressOf(root, query) {
  const url = new URL(root.dataset.src, document.baseURI);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  return url;
}

/** All the points, at the zoom that fits them here. */
function firstQuestion(root) {
  const query = { size: `${root.clientWidth},${root.clientHeight}` };
  const closest = root.clientHeight < LOW ? CLOSEST_FIRST_VIEW - 1 : CLOSEST_FIRST_VIEW;
  return root.dataset.tiles ? query : { ...query, step: 0.5, zoom: closest };
}

/** Ask for the first view before there is a map: the server answers while the map is made. */
export function askEarly(root) {
  const asked = fetch(addressOf(root, firstQuestion(root)));
  asked.catch(() => {}); // whoever awaits it will say so
  return asked;
}

export class Points {
  /** `tools`: word, number, say (the sentence under the map), message (state over the map), labels. */
  constructor(map, root, tools) {
    this.map = map;
    this.root = root;
    this.tools = tools;
    this.layer = L.layerGroup().addTo(map);
    this.markers = new Map();
    this.loaded = null;
    this.aborter = null;
    this.timer = 0;
    map.on("moveend", () => {
      this.tabThroughTheVisible();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refresh(), SETTLE);
    });
  }

  /** The first view: around the bounds given, or around all the points (`asked`: see below, if it was asked). */
  async start(given, asked = null) {
    if (given) {
      this.map.fitBounds(given, { animate: false });
      return this.refresh();
    }
    const data = await this.ask(firstQuestion(this.root), () => this.start(null), asked);
    if (!data) return undefined;
    const bounds = boundsOf(data.bounds);
    if (bounds) {
      this.loaded = { whole: true, zoom: data.zoom };
      this.map.setView(this.middle(bounds), data.zoom, { animate: false });
    } else {
      this.map.fitBounds((await this.tools.around) || boundsOf(ITALY), { animate: false });
    }
    return this.draw(data);
  }

  /** The middle of bounds as they are drawn, not in degrees. */
  middle(bounds) {
    const crs = this.map.options.crs;
    const corners = [bounds.getSouthWest(), bounds.getNorthEast()].map((corner) => crs.project(corner));
    return crs.unproject(corners[0].add(corners[1]).divideBy(2));
  }

  /** Ask for the view, unless what was loaded covers it. */
  async refresh() {
    const zoom = this.map.getZoom();
    const view = this.map.getBounds();
    const known = this.loaded;
    if (known && known.zoom === zoom && (known.whole || known.bounds.contains(view))) return;
    const bounds = view.pad(0.5);
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const data = await this.ask({ bbox: box.map((number) => number.toFixed(5)), zoom }, () => this.refresh());
    if (!data) return;
    this.loaded = { bounds, zoom };
    this.draw(data);
  }

  address(query) {
    return addressOf(this.root, query);
  }

  /** The answer of the server; null when a later question made it useless, or when it failed (and `again` is offered). */
  async ask(query, again, asked = null) {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    this.root.setAttribute("aria-busy", "true");
    try {
      const response = await (asked || fetch(this.address(query), { signal }));
      if (!response.ok) throw new Error(String(response.status));
      const data = await response.json();
      if (signal.aborted) return null;
      this.tools.message("");
      this.root.removeAttribute("aria-busy");
      return data;
    } catch {
      if (signal.aborted) return null;
      this.root.removeAttribute("aria-busy");
      if (!this.map._loaded) this.map.fitBounds((await this.tools.around) || boundsOf(ITALY), { animate: false });
      this.tools.message(this.tools.word("error"), again);
      return null;
    }
  }

  draw(data) {
    const focused = document.activeElement;
    const wasOnMarker = this.root.contains(focused) && focused.matches(".trama-map-point:focus-visible");
    const kept = new Map();
    for (const point of data.points) {
      const key = point[2] === 1 ? `one ${point[3]}` : point.join(" ");
      kept.set(key, this.markers.get(key) || this.marker(point));
      this.markers.delete(key);
    }
    for (const marker of kept.values()) if (!this.layer.hasLayer(marker)) this.layer.addLayer(marker);
    for (const marker of this.markers.values()) this.layer.removeLayer(marker);
    this.markers = kept;
    this.inReadingOrder();
    this.tabThroughTheVisible();
    if (wasOnMarker && document.activeElement !== focused)
      (focused.isConnected ? focused : this.root).focus({ preventScroll: true });
    this.root.dataset.drawn = String(data.points.length);
    this.sum(data);
    this.tools.labels.setPoints([...kept.values()].map((marker) => marker.tramaPoint));
  }

  /** The order of the Tab key is the order of the elements: as the server gives them, from top to bottom. */
  inReadingOrder() {
    let next = this.map.getPane("markerPane").firstChild;
    for (const marker of this.markers.values()) {
      const icon = marker.getElement();
      if (icon === next) next = next.nextSibling;
      else icon.parentNode.insertBefore(icon, next);
    }
  }

  tabThroughTheVisible() {
    const view = this.map.getBounds();
    for (const marker of this.markers.values()) {
      const icon = marker.getElement();
      if (icon) icon.tabIndex = view.contains(marker.getLatLng()) ? 0 : -1;
    }
  }

  sum(data) {
    const { number, say, word } = this.tools;
    if (data.total === 1 && data.located === 1) return; // the map of one record: nothing to sum
    const things = this.root.dataset.things;
    const sentences = data.located ? [word("shown", { count: number(data.located), things })] : [];
    if (data.outside) sentences.push(word("outside", { count: number(data.outside) }));
    say(sentences.join(" · "));
    if (!data.located) this.tools.message(word("empty"));
  }

  marker(point) {
    const [lon, lat, count] = point;
    const { number, word } = this.tools;
    const values = { count: number(count), things: this.root.dataset.things };
    const stack = count > 1 && point[3] === point[5] && point[4] === point[6];
    const options = { count, iconSize: [TARGET, TARGET], iconAnchor: [TARGET / 2, TARGET / 2] };
    if (count === 1) {
      Object.assign(options, { className: "trama-map-point trama-map-pin", label: point[4], iconAnchor: [22, 41] });
    } else {
      const diameter = diameterOf(count);
      const size = Math.max(TARGET, diameter);
      Object.assign(options, {
        className: `trama-map-point trama-map-cluster${stack ? " trama-map-stack" : ""}`,
        diameter,
        iconAnchor: [size / 2, size / 2],
        iconSize: [size, size],
        label: word(stack ? "stack" : "cluster", values),
        text: number(count),
      });
    }
    const marker = L.marker([lat, lon], { icon: new ButtonIcon(options), keyboard: false, riseOnHover: true });
    marker.tramaPoint = { count, diameter: options.diameter || 0, name: count === 1 ? point[4] : "", place: marker.getLatLng() };
    marker.on("click", () => {
      if (count === 1) this.openOne(marker, point);
      else this.openMany(marker, point, stack);
    });
    return marker;
  }

  openOne(marker, [, , , , title, address]) {
    const content = element("div", "trama-map-popup");
    content.append(this.link(title, address, "p", "trama-map-title"));
    openPopup(this.map, marker.getLatLng(), content, this.tools.word, marker.getElement(), [0, -26]);
  }

  link(title, address, name, className = "") {
    const line = element(name, className);
    if (address) {
      const link = element("a", "", title);
      link.href = address;
      line.append(link);
    } else {
      line.textContent = title;
    }
    return line;
  }

  openMany(marker, point, stack) {
    const crs = this.map.options.crs;
    const extent = L.latLngBounds(
      crs.unproject(L.point(point[3], point[4])),
      crs.unproject(L.point(point[5], point[6])),
    );
    const deepest = this.map.getMaxZoom();
    if (stack || this.map.getZoom() >= deepest) {
      this.openList(marker, point);
      return;
    }
    const fitting = this.map.getBoundsZoom(extent, false, L.point(56, 56));
    const zoom = Math.min(deepest, Math.max(this.map.getZoom() + 1, fitting));
    this.map.setView(this.middle(extent), zoom);
  }

  async openList(marker, point) {
    const { number, word } = this.tools;
    const place = marker.getLatLng();
    let found;
    try {
      const response = await fetch(this.address({ list: point.slice(3, 7).join(",") }));
      if (!response.ok) throw new Error(String(response.status));
      found = await response.json();
    } catch {
      this.tools.message(word("error"), () => this.openList(marker, point));
      return;
    }
    this.tools.message("");
    const content = element("div", "trama-map-popup");
    content.append(element("p", "trama-map-title", `${number(found.count)} ${this.root.dataset.things}`));
    const list = element("ul");
    for (const [, title, address] of found.records) list.append(this.link(title, address, "li"));
    content.append(list);
    const left = found.count - found.records.length;
    if (left > 0) content.append(element("p", "", word("more", { count: number(left) })));
    openPopup(this.map, place, content, word, marker.getElement(), [0, -14]);
  }
}
