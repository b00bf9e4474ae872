// What the template compiler refuses, and where it says so; what the translation tool finds.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { compile } from '../../tools/templates.mjs';

function build(files) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'templates-'));
  try {
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text);
    return compile(dir).c;
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

const REFUSED = [
  ['<script>var x = {{ a }};</script>', /stand in <script>/],
  ['<style>b{color:{{ a }}}</style>', /stand in <style>/],
  ['<a href={{ a }}>x</a>', /unquoted attribute href/],
  ['<a {{ a }}>x</a>', /the tag <a>/],
  ['<{{ a }}>', /bare "<"/],
  ['<b onclick="{{ a }}">x</b>', /attribute onclick/],
  ['<b style="{{ a }}">x</b>', /attribute style/],
  ['<iframe srcdoc="{{ a }}"></iframe>', /attribute srcdoc/],
  ['<p>{% if a %}<b title="{% end %}</p>', /no else/],
  ['{% if a %}<b x="{% else %}y{% end %}', /one branch ends/],
  ['{% for x in y %}<b a="{% end %}', /begins in text but ends in/],
  ['{% if a %}x', /never ended/],
  ['x{% end %}', /nothing open/],
  ['{% t "Hello {name}" %}', /names \{name\}, which is not given/],
  ['{% t "Hello" name=a %}', /not in the text/],
  ['{% include "none.html" %}', /there is no none.html/],
  ['<b title="{% include "page.html" %}">', /cannot stand in the attribute/],
  ['{{ a | safe }}', /cannot read/],
  ['{{ shout(a) }}', /no format/],
  ['{% raw a %}', /no tag "raw"/],
  ['<p class="a', /ends in the attribute/],
  ['<!-- {{ a }} -->', /for a comment/],
];

for (const [source, why] of REFUSED) {
  test(`refuses ${source}`, () => {
    assert.throws(() => build({ 'page.html': `\n${source}\n` }), (e) => {
      assert.match(e.message, why);
      assert.match(e.message, /page\.html:\d+: /);
      return true;
    });
  });
}

test('chooses the escaping by the place', () => {
  const c = build({ 'page.html': '<a href="{{ u }}" title="{{ t }}">{{ x }}</a><a href="/c/{{ id }}">y</a><textarea>{{ z }}</textarea>' });
  assert.match(c, /view_put\(v, VIEW_URL, view_get\(v, S\("u"\)\)\)/);
  assert.match(c, /view_put\(v, VIEW_ATTR, view_get\(v, S\("t"\)\)\)/);
  assert.match(c, /view_put\(v, VIEW_TEXT, view_get\(v, S\("x"\)\)\)/);
  assert.match(c, /view_put\(v, VIEW_URL_PART, view_get\(v, S\("id"\)\)\)/);
  assert.match(c, /view_put\(v, VIEW_TEXT, view_get\(v, S\("z"\)\)\)/);
  assert.match(build({ 'page.html': '<a title="tel:{{ x }}" href="tel:{{ n }}">{{ n }}</a>' }), /VIEW_ATTR, view_get\(v, S\("x"\)[^]*VIEW_TEL, view_get\(v, S\("n"\)[^]*VIEW_TEXT, view_get\(v, S\("n"\)/);
});

test('a part may not include itself, even by another', () => {
  assert.throws(() => build({ 'a.html': '{% include "b.html" %}', 'b.html': '{% include "a.html" %}' }), /includes/);
});

test('squeezes blanks, but not inside pre', () => {
  const c = build({ 'page.html': '<p>\n   a   b\n</p>\n<pre>\n  x   y</pre>\n' });
  assert.match(c, /<p>\\na b\\n<\/p>\\n<pre>\\n {2}x {3}y<\/pre>/);
});
