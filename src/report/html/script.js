"use strict";
// Sorting and filtering. Without it the page holds the same numbers.
(() => {
  const text = (cell) => cell.textContent.trim();

  // The first number of a cell; a dash, or no number, comes last. "<0.001" stands below 0.001.
  const number = (cell) => {
    const found = text(cell).replace(/−/g, "-").replace(/,(?=\d{3})/g, "").match(/[-+]?\d+(\.\d+)?/);
    if (!found) return NaN;
    return Number(found[0]) - (text(cell).startsWith("<") ? 1e-9 : 0);
  };

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // Rows without a value stay last in either direction; equal rows keep their order.
  const compare = (a, b, isNumber, sign) => {
    if (!isNumber) return sign * collator.compare(a, b);
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return sign * (a - b);
  };

  const sort = (table, header, column) => {
    const descending = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const isNumber = header.classList.contains("n");
    const key = (row) => (isNumber ? number : text)(row.cells[column]);
    const rows = Array.from(table.tBodies[0].rows, (row) => [key(row), row]);
    rows.sort((a, b) => compare(a[0], b[0], isNumber, descending ? -1 : 1));
    table.tBodies[0].append(...rows.map((pair) => pair[1]));
  };

  const makeSortable = (table) => {
    if (table.tBodies[0].rows.length < 2) return;
    Array.from(table.tHead.rows[0].cells, (header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sort(table, header, column));
    });
  };

  const makeFilter = (controls, table) => {
    const [input, status] = [controls.querySelector("input"), controls.querySelector("output")];
    const choices = Array.from(controls.querySelectorAll("select"));
    const rows = Array.from(table.tBodies[0].rows);
    const filter = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const held = row.textContent.toLowerCase();
        const keep = words.every((word) => held.includes(word)) &&
          choices.every((one) => !one.value || text(row.cells[one.dataset.column]) === one.value.slice(1).trim());
        row.hidden = !keep;
        shown += keep;
      }
      status.textContent = shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
    };
    input.addEventListener("input", filter);
    for (const one of choices) one.addEventListener("change", filter);
    controls.hidden = false;
    // What a browser keeps of an earlier visit must not hide rows unseen.
    input.value = "";
    for (const one of choices) one.selectedIndex = 0;
  };

  for (const part of document.querySelectorAll(".table")) {
    const [table, controls] = [part.querySelector("table"), part.querySelector(".controls")];
    makeSortable(table);
    if (controls) makeFilter(controls, table);
  }

  // Paper cannot be clicked open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
})();
