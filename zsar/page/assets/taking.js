// A table as it is shown, to take along: as CSV, as LaTeX, and its papers as BibTeX.

// `what()` gives { name, caption, columns, rows } of the table as it stands.
function takeAlong(what) {
  const button = (label, help, ending, text) => {
    const take = () => {
      const table = what();
      download(`${table.name}.${ending}`, text(table));
    };
    return el("button", { type: "button", class: "take", title: help, onclick: take }, label);
  };
  return el(
    "div",
    { class: "controls taking" },
    button("CSV", "The rows shown, accuracies in percent, intervals in columns of their own", "csv", asCsv),
    button("LaTeX", "The rows shown as a table; needs \\usepackage{booktabs}", "tex", asLatex),
    button("BibTeX", "The papers of the methods shown, with what zsar knows of them", "bib", asBibtex),
  );
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

const fileName = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

function asCsv({ columns, rows }) {
  const quoted = (value) => {
    // A text that begins like a formula would be one in a spreadsheet.
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const digits = (fraction) => (fraction == null ? "" : Number((100 * fraction).toFixed(4)));
  const parts = columns.flatMap((column) => {
    if (!column.cell) {
      const inPercent = (row) => digits(column.value(row));
      return [[column.title, column.percent ? inPercent : (row) => column.value(row)]];
    }
    const sides = rows.some((row) => column.cell(row)?.seen) ? ["seen", "unseen"] : [];
    return [
      [column.title, (row) => digits(column.cell(row)?.main[0])],
      [`${column.title} half width`, (row) => digits(column.cell(row)?.main[1])],
      ...sides.map((side) => [`${column.title} ${side}`, (row) => digits(column.cell(row)?.[side][0])]),
    ];
  });
  const lines = [parts.map(([title]) => title), ...rows.map((row) => parts.map(([, value]) => value(row)))];
  return lines.map((line) => `${line.map(quoted).join(",")}\n`).join("");
}

const TEX = {
  ...Object.fromEntries([..."&%$#_{}"].map((c) => [c, `\\${c}`])),
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "±": "$\\pm$",
  "–": "--",
};
const asTex = (text) => [...text.replace(/\s+/g, " ")].map((c) => TEX[c] ?? c).join("");

function asLatex({ caption, columns, rows, cellOf }) {
  const written = (row, column, i) => {
    if (!column.cell) return asTex(column.text(row) ?? NOTHING);
    const cell = column.cell(row);
    if (!cell) return "--";
    const mean = percent(cell.main[0]);
    const bold = cellOf(row, i).classList.contains("best") ? `\\textbf{${mean}}` : mean;
    const half = cell.main[1] === null ? "" : ` $\\pm$ ${percent(cell.main[1])}`;
    return bold + half + (cell.seen ? ` (${percent(cell.seen[0])}/${percent(cell.unseen[0])})` : "");
  };
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  return [
    "% Needs \\usepackage{booktabs}.",
    "\\begin{table}",
    `\\caption{${asTex(caption)}}`,
    `\\begin{tabular}{${columns.map((column) => (column.numeric ? "r" : "l")).join("")}}`,
    "\\toprule",
    line(columns.map((column) => asTex(column.title))),
    "\\midrule",
    ...rows.map((row) => line(columns.map((column, i) => written(row, column, i)))),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}

function asBibtex({ rows }) {
  const names = [...new Set(rows.map((row) => row.method))];
  const without = names.filter((name) => !page.methods[name].bibtex).map((name) => page.methods[name].title);
  const entries = new Set(names.map((name) => page.methods[name].bibtex).filter(Boolean));
  const remark = without.length ? [`% Without a paper: ${without.join(", ").replace(/\s+/g, " ")}.`] : [];
  return `${[...remark, ...entries].join("\n\n")}\n`;
}
