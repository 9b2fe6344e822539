// While duplicates are being sought the page says how far it is, and shows them when they are there.
const note = document.querySelector("[data-seeking]");
const says = note?.querySelector("[data-says]");
const ask = async () => {
  try {
    const answer = await fetch(note.dataset.seeking, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const now = await answer.json();
    if (!now.running) {
      location.reload();
      return;
    }
    if (says.textContent !== now.says) says.textContent = now.says;
  } catch { /* the network is away for a moment: asked again */ }
  setTimeout(ask, 2000);
};
if (note) setTimeout(ask, 2000);
