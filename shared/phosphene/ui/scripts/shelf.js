// Brushes to choose from: the page's, those this browser keeps, a file, a text that is pasted.
const key = "phosphene-brushes";
const kept = () => {
  try { return Object.entries(JSON.parse(localStorage.getItem(key)) || {}); } catch { return []; }
};
const nameOf = (text) => { // flags, the name's length, the name
  try {
    const data = atob(text.split("-").slice(1).join("-").replace(/-/g, "+").replace(/_/g, "/").slice(0, 344));
    const bytes = Uint8Array.from(data, (letter) => letter.charCodeAt(0));
    return new TextDecoder().decode(bytes.slice(2, 2 + bytes[1])) || "brush";
  } catch { return "brush"; }
};
const choose = (text) => {
  props.value = text;
  draw();
  setTimeout(draw, 50); // the new value may have drawn the place anew
  trigger("change");
};
const made = (tag, properties, ...inside) => {
  const part = Object.assign(document.createElement(tag), properties);
  part.append(...inside);
  return part;
};
const draw = () => {
  const row = element.querySelector(".ph-shelf");
  if (!row) return;
  const value = props.value || "";
  const own = kept();
  const known = [["none", ""], ...(props.offered || []), ...own];
  if (value && !known.some(([, text]) => text === value)) known.push([nameOf(value), value]);
  const strip = made("div", { className: "ph-strip", role: "group", ariaLabel: "Brushes" });
  known.forEach(([name, text]) => {
    const chip = made("button", { type: "button", textContent: name, ariaPressed: String(text === value) });
    chip.addEventListener("click", () => choose(text));
    strip.append(chip);
  });
  const file = made("input", { type: "file", accept: ".brush", ariaLabel: "A brush file" });
  file.addEventListener("change", async () => file.files[0] && choose((await file.files[0].text()).trim().slice(0, 40000)));
  const paste = made("input", { type: "text", placeholder: "or paste a brush", ariaLabel: "A brush as text" });
  paste.addEventListener("change", () => choose(paste.value.trim()));
  const doors = made("div", { className: "ph-shelf-doors" }, file, paste);
  const current = own.find(([, text]) => text === value && value);
  if (current) {
    const away = made("button", { type: "button", textContent: `Take ${current[0]} off the shelf` });
    away.addEventListener("click", () => {
      localStorage.setItem(key, JSON.stringify(Object.fromEntries(kept().filter(([name]) => name !== current[0]))));
      choose("");
    });
    doors.append(away);
  }
  const about = props.about ? [made("p", { textContent: props.about })] : [];
  row.replaceChildren(...about, strip, doors);
};
draw();
watch("value", draw);
addEventListener("phosphene-shelf", draw);
