// How numbers and names read. Accuracies are fractions; [mean, half] has null for an unknown half width.

const NOTHING = "–";
// One decimal as Python writes it, whose tables show the same numbers: a tie (…25 exactly) goes to the even digit.
const tenths = (value) => ((Math.abs(value) * 4) % 4 === 1 ? value - Math.sign(value) * 1e-9 : value).toFixed(1);
const percent = (fraction) => tenths(100 * fraction);
const halfWidth = ([, half]) => (half === null ? "± n/a" : `± ${percent(half)}`);
const spelled = (value) => `${percent(value[0])} ${halfWidth(value)}`;
const points = (gap) => {
  const shown = tenths(100 * gap);
  return gap > 0 && shown !== "0.0" ? `+${shown}` : shown === "-0.0" ? "0.0" : shown;
};
const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

// "PGFA (T), last, stacking"
const rowLabel = (row) => [row.name, row.rule, row.strategy, ...Object.values(row.told)].filter(Boolean).join(", ");

// As short as tells the rows apart: what they all have in common is left out.
function shortLabels(rows) {
  const parts = [(row) => row.rule, (row) => row.strategy, (row) => Object.values(row.told).join(", ")];
  const telling = parts.slice(0, 2).filter((part) => new Set(rows.map(part)).size > 1);
  const label = (row, of) => [row.name, ...of.map((part) => part(row))].filter(Boolean).join(", ");
  const made = rows.map((row) => label(row, telling));
  const twice = made.filter((text, i) => made.indexOf(text) !== i);
  return rows.map((row, i) => (twice.includes(made[i]) ? label(row, [...telling, parts[2]]) : made[i]));
}

const groupLabel = (group) => `${group.title}, ${group.protocol}, ${group.family} splits`;
const settingLabel = (setting) => ({ zsl: "ZSL", gzsl: "GZSL" })[setting];
