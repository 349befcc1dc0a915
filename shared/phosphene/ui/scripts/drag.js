// With a mouse or a pen a place on a picture is dragged, and a region of a map is drawn.
const dragging = { part: null, frame: null, from: null, told: 0, swallow: false };
const shown = (image, largest) => {
  // The picture inside its element, which may leave margins around it.
  const box = image.getBoundingClientRect(), [w, h] = [image.naturalWidth, image.naturalHeight];
  const scale = Math.min(box.width / w, box.height / h, largest);
  return { left: box.left + (box.width - w * scale) / 2, top: box.top + (box.height - h * scale) / 2, width: w * scale, height: h * scale };
};
const within = (image, event) => {
  const whole = getComputedStyle(image).objectFit === "scale-down" ? 1 : Infinity;
  const { left, top, width, height } = shown(image, whole);
  const share = (at, start, size) => Math.min(Math.max((at - start) / size, 0), 1);
  return [share(event.clientX, left, width), share(event.clientY, top, height)];
};
const set = (part, value) => {
  // What stands in a control, as if it were typed.
  const input = part.querySelector("textarea, input");
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
};
const pick = (image, event) => {
  const places = image.closest(".ph-places");
  if (places) {
    const name = [...places.classList].find((one) => one.startsWith("ph-sets-")).replace("sets", "set");
    set(places.closest(".ph-page").querySelector(`.${name}`), within(image, event).map((share) => share.toFixed(4)).join(", "));
    return;
  }
  // Gradio takes every picture to be shown no larger than it is: tell it where that would have been.
  const [x, y] = within(image, event), { left, top, width, height } = shown(image, 1);
  const last = 1 - 0.6 / Math.max(image.naturalWidth, image.naturalHeight);
  const at = { clientX: left + Math.min(x, last) * width, clientY: top + Math.min(y, last) * height };
  image.dispatchEvent(new MouseEvent("click", { bubbles: true, ...at }));
};
addEventListener("dragstart", (event) => {
  if (event.target.closest?.(".ph-places, .ph-regions")) event.preventDefault();
});
addEventListener("pointerdown", (event) => {
  const part = event.target.tagName === "IMG" && event.target.closest(".ph-places, .ph-regions");
  if (!part || event.pointerType === "touch" || event.button) return;
  Object.assign(dragging, { part, from: [event.clientX, event.clientY], told: event.timeStamp, swallow: false });
});
addEventListener("pointermove", (event) => {
  if (!dragging.part) return;
  const [x, y] = dragging.from;
  if (!dragging.swallow && Math.hypot(event.clientX - x, event.clientY - y) < 6) return;
  dragging.swallow = true;
  if (dragging.part.matches(".ph-regions")) {
    dragging.frame ??= document.body.appendChild(Object.assign(document.createElement("div"), { className: "ph-dragged" }));
    const size = { left: Math.min(x, event.clientX), top: Math.min(y, event.clientY), width: Math.abs(event.clientX - x), height: Math.abs(event.clientY - y) };
    for (const side in size) dragging.frame.style[side] = `${size[side]}px`;
  } else if (event.timeStamp - dragging.told > 120) {
    dragging.told = event.timeStamp;
    const image = dragging.part.querySelector("img");
    if (image) pick(image, event);
  }
});
const drop = (event) => {
  const { part, frame, from, swallow } = dragging;
  frame?.remove();
  const image = part?.querySelector("img");
  if (image && swallow && event.type === "pointerup") {
    if (part.matches(".ph-regions")) {
      const [a, b] = [within(image, { clientX: from[0], clientY: from[1] }), within(image, event)];
      const region = [0, 1].map((i) => Math.min(a[i], b[i])).concat([0, 1].map((i) => Math.max(a[i], b[i])));
      set(part.parentElement.querySelector(".ph-region"), region.map((share) => share.toFixed(4)).join(", "));
    } else pick(image, event);
  }
  Object.assign(dragging, { part: null, frame: null });
};
addEventListener("pointerup", drop);
addEventListener("pointercancel", drop);
// A click is told where it is meant; the one that ends a drag has been dealt with.
addEventListener("click", (event) => {
  const image = event.target.tagName === "IMG" && event.target;
  if (!event.isTrusted || !image || !image.closest(".ph-places, .ph-regions")) return;
  event.stopPropagation();
  if (!dragging.swallow) pick(image, event);
  dragging.swallow = false;
}, true);
