// Numbers in a row as sliders: `props.value` is the list of them.
const row = element.querySelector(".ph-number-row");
const draw = () => {
  const values = props.value || [];
  if (row.children.length !== values.length) {
    row.replaceChildren(...values.map((_, index) => {
      const label = document.createElement("label");
      const slider = document.createElement("input");
      Object.assign(slider, { type: "range", min: props.low, max: props.high, step: props.step });
      label.append(`${index + 1}`, slider);
      slider.addEventListener("input", () => {
        props.value = [...row.querySelectorAll("input")].map((each) => Number(each.value));
        trigger("input");
      });
      return label;
    }));
  }
  values.forEach((value, index) => {
    const slider = row.children[index].querySelector("input");
    if (document.activeElement !== slider) slider.value = value;
  });
};
draw();
watch("value", draw);
