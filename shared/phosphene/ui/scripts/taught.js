// A brush that was taught: kept on this browser's shelf, and a link that holds all of it.
const key = "phosphene-brushes";
const most = 24;
const keep = ({ name, text }) => {
  try {
    const brushes = JSON.parse(localStorage.getItem(key)) || {};
    delete brushes[name];
    brushes[name] = text;
    const newest = Object.fromEntries(Object.entries(brushes).slice(-most));
    localStorage.setItem(key, JSON.stringify(newest));
    dispatchEvent(new Event("phosphene-shelf"));
    return true;
  } catch { return false; } // a browser that keeps nothing
};
const draw = () => {
  const row = element.querySelector(".ph-taught");
  if (!row) return;
  row.replaceChildren();
  if (!props.value) return;
  const { name, text, tab } = props.value;
  const words = document.createElement("span");
  words.textContent = keep(props.value) ? `“${name}” is on your shelf, in this browser.` : `“${name}” is ready.`;
  const paint = Object.assign(document.createElement("button"), { type: "button", textContent: "Paint with it" });
  paint.addEventListener("click", () => trigger("click", { index: 0 }));
  const link = `${location.origin}${location.pathname}?${new URLSearchParams({ tab, brush: text })}`;
  const copy = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy its link" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(link);
      copy.textContent = "Link copied";
    } catch { prompt("The link to this brush", link); }
  });
  row.append(words, paint, ...(link.length > 7000 ? [] : [copy])); // servers cut longer ones off
};
draw();
watch("value", draw);
