(function () {
  "use strict";
  document.documentElement.classList.add("js");
  function value(cell) {
    var text = cell.textContent.trim().replace(/\u2212/g, "-");
    if (text === "" || text === "\u2013") return null;
    var number = parseFloat(text.replace(/^< /, ""));
    return isNaN(number) ? text.toLowerCase() : number;
  }
  var order = { excellent: 3, good: 2, moderate: 1, poor: 0 };
  function compare(a, b) {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (a in order && b in order) return order[a] - order[b];
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    var body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        table.classList.add("sorted");
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        Array.from(body.rows)
          .map(function (row, i) { return { row: row, key: value(row.cells[column]), i: i }; })
          .sort(function (a, b) {
            if (a.key === null || b.key === null) return compare(a.key, b.key) || a.i - b.i;
            return (down ? -1 : 1) * compare(a.key, b.key) || a.i - b.i;
          })
          .forEach(function (entry) { body.appendChild(entry.row); });
      });
    });
    var box = document.querySelector('[data-search="' + table.id + '"]');
    if (!box) return;
    var told = document.querySelector('[data-count="' + table.id + '"]'), rows = Array.from(body.rows);
    var texts = rows.map(function (row) {  // cell by cell: no word begins in one and ends in the next
      return Array.from(row.cells, function (cell) { return cell.textContent; }).join("\n").toLowerCase();
    });
    box.addEventListener("input", function () {
      var words = box.value.toLowerCase().split(/\s+/), shown = 0;
      rows.forEach(function (row, i) {
        var hit = words.every(function (word) { return texts[i].indexOf(word) >= 0; });
        row.hidden = !hit;
        shown += hit ? 1 : 0;
      });
      told.textContent = shown + " of " + rows.length + " rows";
    });
    told.textContent = rows.length + " rows";
  });
})();
