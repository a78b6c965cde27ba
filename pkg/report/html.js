"use strict";
// The filter shows the findings of the chosen actions that have all words, and of files and
// objects those with findings left.
{
  const controls = document.getElementById("filter");
  if (controls) {
    const words = controls.querySelector("input[type=search]");
    const boxes = [...controls.querySelectorAll("input[type=checkbox]")];
    const output = controls.querySelector("output");
    const findings = [...document.querySelectorAll("article.finding")].map((element) => ({
      element,
      text: (element.textContent + " " + element.parentElement.querySelector("h4").textContent).toLowerCase(),
    }));
    const filter = () => {
      const wanted = words.value.toLowerCase().split(/\s+/);
      const actions = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      let shown = 0;
      for (const { element, text } of findings) {
        const match = actions.has(element.dataset.action) && wanted.every((word) => text.includes(word));
        element.hidden = !match;
        shown += match;
      }
      for (const group of document.querySelectorAll("#files .object, #files .file")) {
        group.hidden = !group.querySelector("article.finding:not([hidden])");
      }
      output.textContent = shown === findings.length ? "" : `${shown} of ${findings.length}`;
    };
    let later;
    controls.addEventListener("input", () => {
      clearTimeout(later);
      later = setTimeout(filter, 100);
    });
    // A link to a finding shows it, whatever the filter says.
    addEventListener("hashchange", () => {
      const target = document.getElementById(location.hash.slice(1));
      if (target?.hidden) {
        words.value = "";
        boxes.forEach((box) => (box.checked = true));
        filter();
        target.scrollIntoView();
      }
    });
    controls.hidden = false;
  }
}
