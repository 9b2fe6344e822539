// Questions that depend on another answer are shown only after it; without a script all are shown, and say so.
const chosen = (name) => [...document.querySelectorAll(`[name="${CSS.escape(name)}"]:checked`)].map((input) => input.value);

function follow() {
  for (const block of document.querySelectorAll("[data-after]")) {
    block.hidden = !chosen(block.dataset.after).includes(block.dataset.on);
  }
}

document.addEventListener("change", follow);
follow();
