// With a mouse or a pen a place on a picture is dragged, and a region of a map is drawn.
const dragging = { part: null, frame: null, from: null, told: 0, swallow: false };
const within = (image, event) => {
  // The picture inside its element, which may leave margins around it.
  const box = image.getBoundingClientRect();
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const left = box.left + (box.width - width) / 2, top = box.top + (box.height - height) / 2;
  const share = (at, start, size) => Math.min(Math.max((at - start) / size, 0), 1);
  return [share(event.clientX, left, width), share(event.clientY, top, height)];
};
const pick = (event) => {
  const image = dragging.part.querySelector("img");
  if (image) image.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: event.clientX, clientY: event.clientY }));
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
    pick(event);
  }
});
const drop = (event) => {
  const { part, frame, from, swallow } = dragging;
  frame?.remove();
  if (part && swallow && event.type === "pointerup") {
    if (part.matches(".ph-regions")) {
      const image = part.querySelector("img");
      const [a, b] = [within(image, { clientX: from[0], clientY: from[1] }), within(image, event)];
      const region = [0, 1].map((i) => Math.min(a[i], b[i])).concat([0, 1].map((i) => Math.max(a[i], b[i])));
      const input = part.parentElement.querySelector(".ph-region :is(textarea, input)");
      input.value = region.map((share) => share.toFixed(4)).join(", ");
      input.dispatchEvent(new Event("input", { bubbles: true }));
    } else pick(event);
  }
  Object.assign(dragging, { part: null, frame: null });
};
addEventListener("pointerup", drop);
addEventListener("pointercancel", drop);
// The click that ends a drag has been dealt with.
addEventListener("click", (event) => {
  if (!event.isTrusted || !dragging.swallow || !event.target.closest?.(".ph-places, .ph-regions")) return;
  dragging.swallow = false;
  event.stopPropagation();
}, true);
