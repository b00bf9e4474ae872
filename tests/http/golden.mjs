// The form of a golden file, read and written. See tests/README.md.
const VERB = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+)$/;

function parseAnswer(step, lines) {
  let at = 0;
  const m = /^(\d{3}(?:\+\d{3})*)(?: (\S+))?$/.exec(lines[at++] ?? '');
  if (!m) throw new Error(`line ${step.line}: after "--" stands a status and a media type`);
  step.race = m[1].includes('+') ? m[1] : '';
  step.status = Number(m[1].split('+').pop());
  step.type = m[2] ?? '';
  while (at < lines.length && /^[A-Za-z-]+: /.test(lines[at])) {
    const [, k, v] = /^([A-Za-z-]+): (.*)$/.exec(lines[at++]);
    step.expectHeaders.push([k, v]);
  }
  const rest = lines.slice(at);
  const cut = rest.findIndex((l) => l === '--');
  step.expect = (cut < 0 ? rest : rest.slice(0, cut)).filter((l) => l.trim() !== '');
  for (const l of cut < 0 ? [] : rest.slice(cut + 1)) {
    const audit = /^audit +(.+)$/.exec(l);
    const let_ = /^let +(\w+) *= *(.+)$/.exec(l);
    if (audit) step.audit.push(audit[1]);
    else if (let_) step.lets.push([let_[1], let_[2]]);
    else if (l.trim()) throw new Error(`line ${step.line}: "${l}" is neither audit nor let`);
  }
}

function parseStep(text, line, as) {
  const step = { as, line, comments: [], headers: [], body: '', expectHeaders: [], expect: [], audit: [], lets: [] };
  const lines = text.split('\n');
  let at = 0;
  while (at < lines.length && (lines[at].startsWith('#') || lines[at].trim() === '')) step.comments.push(lines[at++]);
  step.line += at;
  const who = /^as (.+)$/.exec(lines[at] ?? '');
  if (who) {
    step.as = who[1].trim();
    at++;
  }
  step.saysWho = !!who;
  const verb = VERB.exec(lines[at++] ?? '');
  if (!verb) throw new Error(`line ${step.line}: a request line was expected`);
  [, step.method, step.target] = verb;
  while (at < lines.length && /^[A-Za-z-]+: /.test(lines[at])) {
    const [, k, v] = /^([A-Za-z-]+): (.*)$/.exec(lines[at++]);
    step.headers.push([k, v]);
  }
  const cut = lines.indexOf('--', at);
  if (cut < 0) throw new Error(`line ${step.line}: no "--" before the answer`);
  step.body = lines.slice(at, cut).join('\n').trim();
  parseAnswer(step, lines.slice(cut + 1));
  return step;
}

export function parseGolden(text) {
  const steps = [];
  let line = 1;
  let as = 'nobody';
  for (const part of text.split(/^====\n/m)) {
    const step = parseStep(part.replace(/\n+$/, ''), line, as);
    as = step.as;
    steps.push(step);
    line += part.split('\n').length;
  }
  const serve = /^# serve (.+)$/m.exec(text.slice(0, text.indexOf('\n--\n')))?.[1].trim().split(/\s+/) ?? [];
  return { steps, serve };
}

export function writeGolden({ steps }) {
  return steps.map((s) => [
    ...s.comments,
    ...(s.saysWho ? [`as ${s.as}`] : []),
    `${s.method} ${s.target}`,
    ...s.headers.map(([k, v]) => `${k}: ${v}`),
    ...(s.body ? [s.body] : []),
    '--',
    [s.race || s.status, s.type].filter(Boolean).join(' '),
    ...s.expectHeaders.map(([k, v]) => `${k}: ${v}`),
    ...s.expect,
    ...(s.audit.length + s.lets.length > 0 ? ['--'] : []),
    ...s.lets.map(([k, v]) => `let ${k} = ${v}`),
    ...s.audit.map((a) => `audit ${a}`),
    '',
  ].join('\n')).join('====\n');
}
