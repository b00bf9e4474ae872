// Follows HTML text and tells in which context a value would stand: which escaping it needs, or why
// none would make it safe (HTML Living Standard 13.2.5, the parts that templates use).
const URL_ATTRIBUTES = ['href', 'src', 'action', 'formaction', 'poster', 'cite', 'data'];
const VOID_OF_TEXT = ['script', 'style'];

// tel: the attribute's value begins with tel:, so that what follows is a number to call.
export const START = { at: 'text', tag: '', attr: '', quote: '', begun: false, tel: false };

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export function describe(s) {
  const what = { text: 'text', raw: `<${s.tag}>`, tagname: 'a tag name',
    intag: `the tag <${s.tag}>`, attrname: `an attribute name of <${s.tag}>`,
    attreq: `the unquoted attribute ${s.attr}`, attr: `the attribute ${s.attr}${s.begun ? ', begun' : ''}`,
    keep: `<${s.tag}>` };
  return what[s.at];
}

// The state after some more text; see(state, c) is called before each character.
export function follow(state, text, see = () => {}) {
  let s = { ...state };
  const inTag = () => ({ ...START, at: 'intag', tag: s.tag });
  const afterTag = () => {
    if (VOID_OF_TEXT.includes(s.tag)) return { ...START, at: 'raw', tag: s.tag };
    if (s.tag === 'pre' || s.tag === 'textarea') return { ...START, at: 'keep', tag: s.tag };
    return START;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    see(s, c);
    switch (s.at) {
      case 'text':
        if (text.startsWith('<!--', i)) throw new Error('write {# ... #} for a comment');
        if (c === '<' && /[A-Za-z/!]/.test(text[i + 1] || '')) s = { ...START, at: 'tagname' };
        else if (c === '<') throw new Error('write &lt; for a bare "<"');
        break;
      case 'raw':
      case 'keep':
        if (text.slice(i, i + s.tag.length + 2).toLowerCase() === `</${s.tag}`) s = { ...START, at: 'tagname' };
        break;
      case 'tagname':
        if (/\s/.test(c)) s = inTag();
        else if (c === '>') s = afterTag();
        else s.tag += c.toLowerCase();
        break;
      case 'intag':
        if (c === '>') s = afterTag();
        else if (/[A-Za-z_:@-]/.test(c)) { s.at = 'attrname'; s.attr = c.toLowerCase(); }
        break;
      case 'attrname':
        if (c === '=') s.at = 'attreq';
        else if (c === '>') s = afterTag();
        else if (/\s/.test(c)) s = inTag();
        else s.attr += c.toLowerCase();
        break;
      case 'attreq':
        if (c === '"' || c === "'") { s.at = 'attr'; s.quote = c; s.begun = false; s.tel = text.startsWith('tel:', i + 1); }
        else if (c === '>' || /\s/.test(c)) s = c === '>' ? afterTag() : inTag();
        break;
      case 'attr':
        if (c === s.quote) s = inTag();
        else s.begun = true;
        break;
    }
  }
  return s;
}

// Between two tags of the template language a tag's name, or an attribute without value, is complete.
export function settle(s) {
  if (s.at === 'attrname' || (s.at === 'tagname' && s.tag)) return { ...START, at: 'intag', tag: s.tag };
  return s;
}

// The escaping for a value put in this state, and the state after it; throws when there is none.
export function context(s) {
  if (s.at === 'text' || s.at === 'keep') return { ctx: 'VIEW_TEXT', next: s };
  if (s.at !== 'attr') throw new Error(`a value cannot stand in ${describe(s)}`);
  if (/^on|^style$|^srcdoc$|^srcset$/.test(s.attr)) throw new Error(`a value cannot stand in the attribute ${s.attr}`);
  const next = { ...s, begun: true };
  if (!URL_ATTRIBUTES.includes(s.attr)) return { ctx: 'VIEW_ATTR', next };
  return { ctx: s.tel ? 'VIEW_TEL' : s.begun ? 'VIEW_URL_PART' : 'VIEW_URL', next };
}

// Fewer bytes, same page: runs of blanks become one, outside <pre> and <textarea>. blank tells
// whether what stands before ended in one.
export function squeeze(state, text, blank) {
  let out = '';
  let was = blank;
  const next = follow(state, text, (s, c) => {
    const free = s.at === 'text' || s.at === 'intag';
    if (free && /[ \t\r\n]/.test(c)) {
      if (!was) out += s.at === 'text' && c === '\n' ? '\n' : ' ';
      was = true;
    } else {
      was = false;
      out += c;
    }
  });
  return { out, blank: was, next };
}
