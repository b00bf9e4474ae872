// Holding an answer to what a golden file expects, and taking values out of answers.
import { codeOf } from '../lib/totp.mjs';

// {NAME}, {NAME|base64}; {code:NAME}, {code-1:NAME}, {code+1:NAME}: the one-time code of the secret {NAME} now, a step
// before, a step after.
export function fill(text, vars) {
  text = text.replace(/\{code([+-]\d)?:(\w+)\}/g, (all, away, name) => (vars.has(name) ? codeOf(vars.get(name), Number(away ?? 0)) : all));
  return text.replace(/\{([a-z]\w*)(\|base64)?\}/gi, (all, name, coded) => {
    if (!vars.has(name)) return all;
    return coded ? Buffer.from(vars.get(name)).toString('base64') : vars.get(name);
  });
}

function fromPath(value, dotted) {
  return dotted.split('.').filter(Boolean).reduce((v, step) => (v == null ? v : Array.isArray(v) && !/^\d+$/.test(step) ? v[0]?.[step] : v[step]), value);
}

// $.id.path of a JSON answer; /regex(group)/ of the body; NAME /regex(group)/ of a header.
export function take(reply, rule) {
  let got;
  const header = /^([A-Za-z-]+) \/(.+)\/$/.exec(rule);
  const body = /^\/(.+)\/$/.exec(rule);
  if (rule.startsWith('$')) got = fromPath(JSON.parse(reply.body), rule.slice(1));
  else if (header) got = new RegExp(header[1 + 1]).exec(String(reply.headers[header[1].toLowerCase()] ?? ''))?.[1];
  else if (body) got = new RegExp(body[1]).exec(reply.body)?.[1];
  if (got == null) throw new Error(`"${rule}" finds nothing in the answer (${reply.status})`);
  return String(got);
}

// Whether all that want says is in got: members of objects, elements of arrays in any place; "..." fits any text.
function isWithin(want, got) {
  if (want === '...') return got != null;
  if (Array.isArray(want)) return Array.isArray(got) && want.every((w) => got.some((g) => isWithin(w, g)));
  if (want && typeof want === 'object') return got != null && typeof got === 'object' && Object.entries(want).every(([k, w]) => isWithin(w, got[k]));
  return want === got;
}

function checkJson(text, reply) {
  let got;
  try {
    got = JSON.parse(reply.body);
  } catch {
    return [`the answer is not JSON: ${reply.body.slice(0, 200)}`];
  }
  return isWithin(JSON.parse(text), got) ? [] : [`expected ${text}\n  came     ${JSON.stringify(got).slice(0, 2000)}`];
}

// Status, media type, headers that contain the value, then JSON within JSON, or lines of which each is in
// the body ("!line": is not).
export function checkReply(step, reply, vars) {
  const faults = [];
  const type = String(reply.headers['content-type'] ?? '').split(';')[0];
  if (reply.status !== step.status) faults.push(`status ${reply.status}, expected ${step.status}: ${reply.body.slice(0, 300)}`);
  if (step.type && type !== step.type) faults.push(`media type ${type}, expected ${step.type}`);
  for (const [k, v] of step.expectHeaders) {
    const got = String(reply.headers[k.toLowerCase()] ?? '');
    if (!got.includes(fill(v, vars))) faults.push(`${k}: "${got}", expected "${fill(v, vars)}"`);
  }
  const text = fill(step.expect.join('\n'), vars);
  if (/^[{[]/.test(text)) return faults.concat(checkJson(text, reply));
  for (const line of text.split('\n').filter(Boolean)) {
    const not = line.startsWith('!');
    if (reply.body.includes(not ? line.slice(1) : line) === not) faults.push(`the body ${not ? 'has' : 'lacks'} "${not ? line.slice(1) : line}"`);
  }
  return faults;
}

// --write: what came becomes what is expected; lines that still hold stay.
export function expectation(step, reply) {
  step.status = reply.status;
  step.type = step.type && String(reply.headers['content-type'] ?? '').split(';')[0];
  step.expectHeaders = step.expectHeaders.map(([k, v]) => [k, String(reply.headers[k.toLowerCase()] ?? '').includes(v) ? v : String(reply.headers[k.toLowerCase()] ?? '')]);
  if (/^[{[]/.test(step.expect[0] ?? '')) step.expect = [reply.body];
  else step.expect = step.expect.filter((l) => (l.startsWith('!') ? !reply.body.includes(l.slice(1)) : reply.body.includes(l)));
}
