// While a load runs, say how far it is. Without this the page waits all the same.
for (const form of document.querySelectorAll("form[data-progress]")) {
  const said = form.querySelector("[data-progress-said]");
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.disabled = true;
    setInterval(async () => {
      try {
        const answer = await fetch(form.dataset.progress, { headers: { Accept: "application/json" } });
        if (answer.ok) said.textContent = (await answer.json()).said || said.textContent;
      } catch {
        // The next second may tell.
      }
    }, 1000);
  });
}
