// Questions that depend on other answers are shown only when these say so; without a script all are shown, and say when
// they are wanted. The conditions are trees of lists (monitoring/conditions.py), asked here by the same rules.
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

function answerOf(key) {
  const block = document.querySelector(`[data-question="${CSS.escape(key)}"]`);
  if (!block || block.hidden) return "";
  const fields = [...block.querySelectorAll("input, textarea, select")];
  const boxes = fields.filter((field) => field.type === "checkbox");
  if (boxes.length) return boxes.filter((field) => field.checked).map((field) => field.value);
  const radios = fields.filter((field) => field.type === "radio");
  if (radios.length) return radios.find((field) => field.checked)?.value ?? "";
  const text = (fields[0]?.value ?? "").trim();
  const number = text.replace(",", ".");
  return fields[0]?.inputMode === "decimal" || fields[0]?.inputMode === "numeric"
    ? NUMBER.test(number) ? Number(number) : ""
    : text;
}

const textOf = (value) => (Array.isArray(value) ? value.join(" ") : String(value));

function numberOf(value) {
  if (typeof value === "number") return value;
  const text = textOf(value).trim();
  return NUMBER.test(text) ? Number(text) : null;
}

function valueOf([word, part], today) {
  if (word === "text" || word === "number") return part;
  if (word === "today") return today;
  if (word === "ref") return answerOf(part);
  const inner = valueOf(part, today);
  if (word === "count") return Array.isArray(inner) ? inner.length : Number(inner !== "");
  return textOf(inner).length;
}

function compared(sign, one, other) {
  if ((sign === "=" || sign === "!=") && typeof one !== "number" && typeof other !== "number") {
    return (textOf(one) === textOf(other)) === (sign === "=");
  }
  const days = DAY.test(textOf(one)) && DAY.test(textOf(other));
  const left = days ? textOf(one) : numberOf(one);
  const right = days ? textOf(other) : numberOf(other);
  if (left === null || right === null) return sign === "!=";
  return {
    "=": left === right,
    "!=": left !== right,
    "<": left < right,
    "<=": left <= right,
    ">": left > right,
    ">=": left >= right,
  }[sign];
}

function holds([word, ...parts], today) {
  if (word === "and") return parts.every((part) => holds(part, today));
  if (word === "or") return parts.some((part) => holds(part, today));
  if (word === "not") return !holds(parts[0], today);
  if (word === "selected") {
    const found = valueOf(parts[0], today);
    return Array.isArray(found) ? found.includes(parts[1]) : found !== "" && textOf(found) === parts[1];
  }
  return compared(word, valueOf(parts[0], today), valueOf(parts[1], today));
}

const form = document.querySelector("form[data-today]");

function follow() {
  // In their order: what is hidden counts as not answered for what comes after it.
  for (const block of form.querySelectorAll("[data-when]")) {
    block.hidden = !holds(JSON.parse(block.dataset.when), form.dataset.today);
  }
}

if (form) {
  for (const said of form.querySelectorAll(".mo-skip")) said.hidden = true;
  form.addEventListener("input", follow);
  form.addEventListener("change", follow);
  follow();
}
