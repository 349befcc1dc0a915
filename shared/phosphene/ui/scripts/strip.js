// A strip of buttons: the one pressed gives its number as the value.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-index]");
  if (!button || !element.contains(button)) return;
  const index = Number(button.dataset.index);
  props.value = index;
  const mark = () => element.querySelectorAll("button[data-index]").forEach((each) => {
    each.setAttribute("aria-pressed", String(Number(each.dataset.index) === index));
  });
  mark();
  setTimeout(mark, 50); // the new value may have drawn the buttons anew
  trigger("click");
});
