// Sends the steps of something long one after the other, and says how far it is. It can be left: what is done is done.
const form = document.querySelector("form[data-going]");

async function go() {
  const bar = form.querySelector("progress");
  const said = form.querySelector("[role=status]");
  for (;;) {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const found = await answer.json();
    if (found.next) return location.assign(found.next);
    bar.max = Math.max(found.total, 1);
    bar.value = found.done;
    said.textContent = found.said;
    form.elements.done.value = found.done;
    form.elements.total.value = found.total;
  }
}

if (form) {
  const button = form.querySelector("button");
  button.hidden = true;
  go().catch(() => {
    button.hidden = false;
    form.querySelector("[data-broken]").hidden = false;
  });
}
