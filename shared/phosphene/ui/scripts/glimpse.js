// The small picture of what lies under the pointer, beside it, on a picture that has such.
const glimpse = Object.assign(document.createElement("div"), { className: "ph-glimpse", ariaHidden: "true" });
addEventListener("pointermove", (event) => {
  const image = event.target.tagName === "IMG" && event.target.closest(".ph-charted") && event.target;
  const sheets = image && event.pointerType !== "touch" ? image.closest(".ph-charted").parentElement.querySelectorAll(".ph-glimpses [data-sheet]") : [];
  const place = sheets.length ? within(image, event) : [];
  for (const sheet of sheets) {
    const [left, top, right, bottom] = sheet.dataset.box.split(" ").map(Number), count = Number(sheet.dataset.count);
    const x = (place[0] - left) / (right - left), y = (place[1] - top) / (bottom - top);
    if (Math.min(x, y) <= 0 || Math.max(x, y) >= 1) continue;
    const side = 84, cell = (share) => -side * Math.min(Math.floor(share * count), count - 1);
    const beside = event.clientX + side + 24 > innerWidth ? -side - 16 : 16;
    Object.assign(glimpse.style, {
      backgroundImage: `url("${sheet.dataset.sheet}")`,
      backgroundSize: `${side * count}px`,
      backgroundPosition: `${cell(x)}px ${cell(y)}px`,
      left: `${event.clientX + beside}px`,
      top: `${Math.max(event.clientY - side - 16, 4)}px`,
    });
    if (!glimpse.isConnected) document.body.appendChild(glimpse);
    return;
  }
  glimpse.remove();
});
document.addEventListener("pointerleave", () => glimpse.remove());
