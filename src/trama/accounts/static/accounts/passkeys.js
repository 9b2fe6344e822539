// Shows what needs a key only where the browser knows keys, and says in words when the key did not answer.

const known = Boolean(window.PublicKeyCredential && navigator.credentials)

for (const part of document.querySelectorAll('[data-passkeys]')) part.hidden = !known
for (const part of document.querySelectorAll('[data-no-passkeys]')) part.hidden = known

document.addEventListener('allauth.error', (event) => {
  const sentence = document.querySelector('[data-passkey-error]')
  if (!sentence) return
  event.preventDefault()
  sentence.hidden = false
})

document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-passkeys] button')) return
  const sentence = document.querySelector('[data-passkey-error]')
  if (sentence) sentence.hidden = true
}, true)
