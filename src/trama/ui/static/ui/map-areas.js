// Boundaries: a quiet background for points, or a map in colours (choropleth) to be looked at area by area.
//
// GeoJSON features have the properties name and, all optional: url (the page of the area), text (what is said of it,
// in words), class: q1 … q5 (quantities, from little to much), d1 … d5 (below … above a centre), protected, excluded.

import { L, boundsOf, element, openPopup } from "./map-base.js";

const SVG = "http://www.w3.org/2000/svg";
const CLASSES = /^(q[1-5]|d[1-5]|protected|excluded)$/;

/** The hatch of protected areas: a pattern that the style sheet names. */
function addHatch(map) {
  const svg = map.getPane("overlayPane").querySelector("svg");
  if (!svg || document.getElementById("trama-hatch")) return;
  const defs = document.createElementNS(SVG, "defs");
  const pattern = document.createElementNS(SVG, "pattern");
  for (const [name, value] of Object.entries({
    id: "trama-hatch",
    width: 7,
    height: 7,
    patternUnits: "userSpaceOnUse",
    patternTransform: "rotate(45)",
  }))
    pattern.setAttribute(name, value);
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("width", 7);
  ground.setAttribute("height", 7);
  ground.setAttribute("class", "trama-hatch-ground");
  const line = document.createElementNS(SVG, "rect");
  line.setAttribute("width", 2);
  line.setAttribute("height", 7);
  line.setAttribute("class", "trama-hatch-line");
  pattern.append(ground, line);
  defs.append(pattern);
  svg.prepend(defs);
}

export class Areas {
  /** `still`: the areas are only looked at; what is clicked is the map. */
  constructor(map, root, tools, still = false) {
    this.still = still;
    this.map = map;
    this.root = root;
    this.tools = tools;
  }

  /** Load and draw the boundaries; fit the view to them if nothing else does. Returns what they are in, or null. */
  async load(fit) {
    let data;
    try {
      const response = await fetch(new URL(this.root.dataset.areas, document.baseURI));
      if (!response.ok) throw new Error(String(response.status));
      data = await response.json();
    } catch {
      if (fit) this.tools.message(this.tools.word("error"), () => this.load(fit));
      return null;
    }
    if (fit) this.tools.message("");
    const features = data.features || [];
    const coloured = !this.still && features.some((feature) => feature.properties.text || feature.properties.class);
    this.root.classList.toggle("trama-map-coloured", coloured);
    const group = L.geoJSON(data, {
      bubblingMouseEvents: false,
      interactive: !this.still,
      pointToLayer: () => null,
      style: (feature) => {
        const { class: name } = feature.properties;
        return { className: `trama-area trama-area-${CLASSES.test(name) ? name : "plain"}`, weight: 1 };
      },
      onEachFeature: (feature, layer) => this.prepare(feature.properties, layer, coloured),
    });
    group.addTo(this.map);
    group.bringToBack();
    this.root.dataset.areasDrawn = String(features.length);
    const around = group.getBounds();
    if (fit) this.map.fitBounds(around.isValid() ? around : boundsOf([6.6, 35.4, 18.6, 47.1]), { animate: false });
    this.map.whenReady(() => addHatch(this.map));
    this.tools.labels.setAreas(features);
    if (fit && !features.length) this.tools.message(this.tools.word("empty"));
    return around.isValid() ? around : null;
  }

  prepare(properties, layer, coloured) {
    const { name, text, url } = properties;
    const sentence = text ? `${name}: ${text}` : name;
    layer.on("add", () => {
      const shape = layer.getElement();
      if (!shape) return;
      if (!coloured) {
        shape.setAttribute("aria-hidden", "true");
        return;
      }
      shape.setAttribute("tabindex", "0");
      shape.setAttribute("role", "button");
      shape.setAttribute("aria-label", sentence);
      shape.addEventListener("focus", () => this.show(sentence, layer));
      shape.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        this.open(properties, layer, layer.getCenter());
      });
    });
    if (coloured) layer.on("mouseover", () => this.show(sentence, layer));
    if (!this.still && (coloured || url)) layer.on("click", (event) => this.open(properties, layer, event.latlng));
  }

  show(sentence, layer) {
    this.tools.say(sentence);
    layer.bringToFront();
  }

  open({ name, text, url }, layer, place) {
    const content = element("div", "trama-map-popup");
    const title = element("p", "trama-map-title");
    if (url) {
      const link = element("a", "", name);
      link.href = url;
      title.append(link);
    } else {
      title.textContent = name;
    }
    content.append(title);
    if (text) content.append(element("p", "", text));
    openPopup(this.map, place, content, this.tools.word, this.root.classList.contains("trama-map-coloured") ? layer.getElement() : null);
  }
}
