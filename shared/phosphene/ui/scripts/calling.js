// The examples of calls name the address that the page was opened at.
const root = (window.gradio_config?.root || location.origin).replace(/\/+$/, "");
for (const text of element.querySelectorAll("pre")) {
  text.textContent = text.textContent.replaceAll("https://ADDRESS", root);
}
