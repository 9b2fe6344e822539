// Draws one polygon, or moves the corners of the one that is there, and writes it as GeoJSON into the form's text.
// By touch, by mouse, or with the keyboard (the cross in the middle of the map is the pen).

import { L, boundsOf, givenBounds, makeMap, wordsOf } from "../ui/map-base.js";
import { Labels } from "../ui/map-labels.js";

const ITALY = [6.6, 35.4, 18.6, 47.1];
const DECIMALS = 6; // of a degree: ten centimetres

class Drawing {
  constructor(root) {
    this.root = root;
    this.word = wordsOf(root);
    this.field = document.getElementById(root.dataset.field);
    this.said = document.getElementById("draw-said");
    this.map = makeMap(root, this.word);
    this.map.fitBounds(givenBounds(root) || boundsOf(ITALY), { animate: false });
    this.layers = L.featureGroup().addTo(this.map);
    this.tool = null;
    this.map.on("draw:created", (event) => this.keep(event.layer));
    this.map.on("draw:drawvertex", () => this.tell());
    this.map.on("draw:editvertex", () => this.write());
    root.addEventListener("keydown", (event) => this.key(event));
    this.pens = ["draw-close", "draw-undo"].map((id) => document.getElementById(id));
    this.pens[0].addEventListener("click", () => this.close());
    this.pens[1].addEventListener("click", () => this.undo());
    document.getElementById("draw-again").addEventListener("click", () => this.begin());
  }

  async start() {
    await this.around();
    const text = this.field.value.trim();
    const found = text ? this.read(text) : await this.fetched(this.root.dataset.shape);
    if (!found || !this.show(found)) this.begin();
  }

  async fetched(address) {
    if (!address) return null;
    try {
      const response = await fetch(new URL(address, document.baseURI));
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  read(text) {
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }

  /** The outlines of the areas around, as a quiet background. */
  async around() {
    const data = await this.fetched(this.root.dataset.around);
    if (!data) return;
    L.geoJSON(data, {
      interactive: false,
      style: { className: "trama-area trama-area-plain", weight: 1 },
    })
      .addTo(this.map)
      .bringToBack();
    new Labels(this.map).setAreas(data.features || []);
  }

  /** Show a shape with corners that can be moved; false if there is none. */
  show(found) {
    let drawn;
    try {
      drawn = L.geoJSON(found, { style: { className: "tt-drawn" } });
    } catch {
      return false;
    }
    for (const layer of drawn.getLayers()) if (layer instanceof L.Polygon) this.add(layer);
    if (!this.layers.getLayers().length) return false;
    this.map.fitBounds(this.layers.getBounds(), { animate: false, padding: [24, 24] });
    this.write();
    return true;
  }

  add(layer) {
    this.hold(false);
    this.layers.addLayer(layer);
    // Leaflet.draw exchanges the classes of a shape while it is edited; both must be there.
    layer.options.original = { className: "tt-drawn" };
    layer.options.editing = { className: "tt-drawn" };
    layer.editing.enable();
    layer.on("edit", () => this.write());
  }

  /** Begin a new outline; the old one is taken from the map. */
  begin() {
    if (this.tool) this.tool.disable();
    this.layers.clearLayers();
    this.field.value = "";
    this.tool = new L.Draw.Polygon(this.map, {
      allowIntersection: true,
      repeatMode: false,
      shapeOptions: { className: "tt-drawn" },
      showArea: false,
      showLength: false,
    });
    this.tool.enable();
    this.hold(true);
    this.say(this.word("first"));
  }

  /** The buttons that are of use while drawing only. */
  hold(drawing) {
    for (const button of this.pens) button.hidden = !drawing;
  }

  corners() {
    return this.tool && this.tool._markers ? this.tool._markers.length : 0;
  }

  tell() {
    const count = this.corners();
    this.say(this.word(count < 3 ? "corners" : "enough", { count }));
  }

  close() {
    if (!this.tool || !this.tool.enabled()) return;
    if (this.corners() < 3) this.say(this.word("few"));
    else this.tool.completeShape();
  }

  undo() {
    if (!this.tool || !this.tool.enabled()) return;
    if (this.corners() > 1) this.tool.deleteLastVertex();
    else if (this.corners() === 1) this.begin();
    this.tell();
  }

  /** The outline is closed: its corners can be moved from now on. */
  keep(layer) {
    this.tool = null;
    this.add(layer);
    this.write();
  }

  key(event) {
    if (event.target !== this.root) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.tool && this.tool.enabled()) this.tool.addVertex(this.map.getCenter());
    } else if (event.key === "Backspace") {
      event.preventDefault();
      this.undo();
    }
  }

  /** Write the shape into the form, always in the same form. */
  write() {
    const polygons = [];
    for (const layer of this.layers.getLayers()) {
      const { type, coordinates } = layer.toGeoJSON(DECIMALS).geometry;
      if (type === "MultiPolygon") polygons.push(...coordinates);
      else polygons.push(coordinates);
    }
    const one = polygons.length === 1;
    this.field.value = JSON.stringify({ type: one ? "Polygon" : "MultiPolygon", coordinates: one ? polygons[0] : polygons });
    this.say(this.word("written"));
  }

  say(text) {
    this.said.textContent = text;
  }
}

const root = document.getElementById("draw");
if (root && L && L.Draw) {
  // A corner is no stop for the Tab key: there may be hundreds. The keyboard has the cross, and the outline as text.
  L.Marker.mergeOptions({ keyboard: false });
  root.parentElement.hidden = false;
  new Drawing(root).start();
}
