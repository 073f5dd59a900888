/** Prints what `npm run precision` counted. */

function share([part, whole]) {
  return whole === 0 ? '' : `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`;
}

function sum(...counts) {
  return counts.reduce(([part, whole], [more, most]) => [part + more, whole + most], [0, 0]);
}

const words = { reads: 'read', binds: 'bound', changes: 'changed', deletes: 'deleted' };

function precisionRows({ precision }) {
  const rows = Object.entries(words).map(([kind, word]) => {
    const { must, may, assumed } = precision[kind];
    return `| ${word} | ${share(must)} | ${share(sum(must, may))} | ${share(assumed)} |`;
  });
  const of = (level) => sum(...Object.keys(words).map((kind) => precision[kind][level]));
  return [...rows, `| all | ${share(of('must'))} | ${share(sum(of('must'), of('may')))} | ${share(of('assumed'))} |`];
}

function recallRows({ recall }) {
  return Object.entries(words).map(([kind, word]) => {
    const { observed, known, assumed, said, shared, missed } = recall[kind];
    const covered = [known + assumed + said, observed];
    return `| ${word} | ${observed} | ${known} | ${assumed} | ${said} | ${shared} | ${missed} | ${share(covered)} |`;
  });
}

function edgeRow(name, judged) {
  const total = (key) => judged.reduce((all, one) => all + (one[key] ?? 0), 0);
  const width = (whole, path) => (total(path) === 0 ? '' : (total(whole) / total(path)).toFixed(2));
  const unnecessary = judged[0]?.pairs === undefined ? '' : share([total('unnecessary'), total('pairs')]);
  const missing = judged[0]?.pairs === undefined ? '' : share([total('missing'), total('needed')]);
  return `| ${name} | ${unnecessary} | ${missing} | ${width('tasks', 'path')} | ${width('seconds', 'pathSeconds')} |`;
}

/** The whole report as Markdown; `isList` adds every miss and every prediction that was not confirmed. */
export function renderPrecision({ notebooks, leftOut, tables, none, edges }, isList) {
  const reasons = new Map();
  for (const { why } of leftOut) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  const out = [...reasons].map(([why, count]) => `${count} ${why}`).join(', ');
  const lines = [`${notebooks} notebooks${out === '' ? '' : `; left out: ${out}`}`, ''];
  for (const [title, counts] of [
    ['with the tables', tables],
    ['without', none],
  ]) {
    lines.push(`| predicted ${title} | certain | certain and possible | assumed |`, '| --- | --- | --- | --- |');
    lines.push(...precisionRows(counts), '');
    lines.push(`| observed, ${title} | in all | known | assumed | said so | shares | missed | recall |`);
    lines.push('| --- | --- | --- | --- | --- | --- | --- | --- |', ...recallRows(counts), '');
  }
  lines.push(
    '| edges | unnecessary | missing | width in tasks | width in seconds |',
    '| --- | --- | --- | --- | --- |',
  );
  const graphs = {
    'with the tables, certain': (one) => one.tables.certain,
    'with the tables, all': (one) => one.tables.all,
    'without, certain': (one) => one.none.certain,
    'without, all': (one) => one.none.all,
    'as observed': (one) => one.tables.exact,
  };
  lines.push(...Object.entries(graphs).map(([title, of]) => edgeRow(title, edges.map(of))), '');
  if (isList) lines.push(...listed(tables));
  return `${lines.join('\n')}\n`;
}

function listed({ misses, unconfirmed }) {
  return [
    ...misses.map(
      ({ notebook, task, kind, name, isShared }) =>
        `${isShared ? 'shares' : 'missed'} ${kind} ${name}  ${task}  ${notebook}`,
    ),
    ...unconfirmed.map(
      ({ notebook, task, kind, name, level, reason }) =>
        `unconfirmed ${level} ${kind} ${name}  ${task}  ${notebook}  ${reason}`,
    ),
  ];
}
