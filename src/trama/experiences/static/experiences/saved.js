// A form was sent and its page is here: what this device kept of it is no longer needed.
const from = document.referrer ? new URL(document.referrer).pathname : "";
for (const key of Object.keys(localStorage)) {
  if (!key.startsWith("trama:experience:")) continue;
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    if (kept.sent && kept.path === from) localStorage.removeItem(key);
  } catch {
    localStorage.removeItem(key);
  }
}
