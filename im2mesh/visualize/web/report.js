// Sorts and filters the cards of a report.
"use strict";

(() => {
  const about = JSON.parse(document.getElementById("about").textContent);
  const element = (id) => document.getElementById(id);
  const cards = [...document.querySelectorAll(".card")].map((card, k) => ({ card, ...about.cards[k] }));
  let descending = true;

  function arrange() {
    const score = element("sort").value;
    const run = Number(element("run").value);
    const order = [...cards];
    if (score) {
      const sign = descending ? -1 : 1;
      order.sort((a, b) => {
        const [x, y] = [a.numbers[run]?.[score], b.numbers[run]?.[score]];
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
        return sign * (x - y);
      });
    } else if (!descending) {
      order.reverse();
    }
    const part = element("name").value.toLowerCase();
    for (const { card, class: of, name } of order) {
      card.hidden = !["", of].includes(element("class").value) || !name.toLowerCase().includes(part);
      element("cards").append(card);
    }
    const shown = cards.filter(({ card }) => !card.hidden).length;
    element("count").textContent = `${shown} of ${cards.length} shown`;
    element("order").textContent = score
      ? (descending ? "largest first" : "smallest first")
      : (descending ? "A to Z" : "Z to A");
  }

  const fill = (id, values) => values.forEach(([value, text]) => element(id).add(new Option(text, value)));
  const classes = [...new Set(about.cards.map((card) => card.class))].sort();
  fill("class", [["", "all"], ...classes.map((name) => [name, name])]);
  fill("sort", [["", "name"], ...about.numbers.map((name) => [name, name])]);
  fill("run", about.runs.map((name, k) => [k, name])
    .filter(([k]) => about.cards.some(({ numbers }) => Object.keys(numbers[k]).length)));
  for (const id of ["class", "sort", "run"]) element(id).addEventListener("change", arrange);
  element("name").addEventListener("input", arrange);
  element("order").addEventListener("click", () => { descending = !descending; arrange(); });
  arrange();
})();
