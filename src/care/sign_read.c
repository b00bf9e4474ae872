/* care/sign_read.c - from signed bytes back to texts. See sign_read.h. */
#include "care/sign_read.h"

#include "care/sign_int.h"

enum { SECTIONS_MAX = 100, LINES_MAX = 400 };

static struct str entity(struct str s, size_t *ret_used)
{
    static const struct {
        struct str name;
        struct str text;
    } known[] = {{SI("&amp;"), SI("&")},
                 {SI("&lt;"), SI("<")},
                 {SI("&gt;"), SI(">")},
                 {SI("&quot;"), SI("\"")},
                 {SI("&#39;"), SI("'")}};
    for (size_t i = 0; i < LEN(known); i++) {
        if (str_starts(s, known[i].name)) {
            *ret_used = known[i].name.n;
            return known[i].text;
        }
    }
    *ret_used = 1;
    return S("&");
}

/* One paragraph's XHTML as text: <br/> becomes a line end, other tags go. */
static struct str plain(struct req *rq, struct str s)
{
    struct buf b;
    buf_init(&b, rq->a, s.n + 1);
    for (size_t i = 0; i < s.n;) {
        struct str rest = str_sub(s, i, s.n);
        if (s.p[i] == '<') {
            if (str_starts(rest, S("<br/>"))) {
                buf_char(&b, '\n');
            }
            i += str_find_char(rest, '>') + 1;
        } else if (s.p[i] == '&') {
            size_t used;
            buf_str(&b, entity(rest, &used));
            i += used;
        } else {
            buf_char(&b, s.p[i++]);
        }
    }
    return buf_get(&b);
}

static const struct str paragraph = {(const char[]){'<', 'p', '>'}, 3};

enum err sign_lines_read(struct req *rq, struct str div, const struct sign_line **ret_lines,
                         uint32_t *ret_n)
{
    struct sign_line *lines = ARENA_ARRAY(rq->a, LINES_MAX, struct sign_line);
    struct str rest = div;
    uint32_t n = 0;
    TRY_MEM(rq, lines);
    while (n < LINES_MAX) {
        size_t from = str_find(rest, paragraph);
        size_t to = str_find(rest, S("</p>"));
        if (from >= to || to == rest.n) {
            break;
        }
        struct str body = str_sub(rest, from + 3, to - from - 3);
        struct str label = {0};
        size_t bold_end = str_find(body, S("</b><br/>"));
        if (str_starts(body, S("<b>")) && bold_end < body.n) {
            label = plain(rq, str_sub(body, 3, bold_end - 3));
            body = str_sub(body, bold_end + 9, body.n);
        }
        lines[n++] = (struct sign_line){.label = label, .text = plain(rq, body)};
        rest = str_sub(rest, to + 4, rest.n);
    }
    *ret_lines = lines;
    *ret_n = n;
    return OK;
}

static enum err sections_read(struct req *rq, struct jv composition, struct sign_read *d)
{
    struct sign_section *v = ARENA_ARRAY(rq->a, SECTIONS_MAX, struct sign_section);
    struct jv all = json_get(composition, S("section"));
    TRY_MEM(rq, v);
    for (struct jv s = json_first(all); json_has(s) && d->n_sections < SECTIONS_MAX;
         s = json_next(s)) {
        struct sign_section *one = &v[d->n_sections++];
        one->code = json_str(rq->a, json_path(s, S("code.coding.0.code")));
        one->title = json_str(rq->a, json_get(s, S("title")));
        TRY(sign_lines_read(rq, json_str(rq->a, json_path(s, S("text.div"))), &one->lines,
                            &one->n));
    }
    d->sections = v;
    return OK;
}

enum err sign_doc_read(struct req *rq, struct str bytes, struct sign_read *ret_read)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct arena *a = rq->a;
    struct sign_read d = {0};
    struct buf url;
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, bytes, NULL, doc));
    struct jv bundle = json_root(doc);
    struct jv c = sign_int_entry(bundle, S("Composition"));
    if (!json_has(c)) {
        return FAIL(rq, E_SYNTAX, "no Composition in the document");
    }
    struct str system = json_str(a, json_path(bundle, S("identifier.system")));
    d.title = json_str(a, json_get(c, S("title")));
    d.code = json_str(a, json_path(bundle, S("identifier.value")));
    d.language = json_str(a, json_get(c, S("language")));
    d.author = json_str(a, json_path(c, S("author.0.display")));
    d.organization = json_str(a, json_path(c, S("custodian.display")));
    d.replaces = json_str(a, json_path(c, S("relatesTo.0.targetIdentifier.value")));
    d.reason = sign_int_reason(rq, c);
    d.response = sign_int_entry(bundle, S("QuestionnaireResponse"));
    if (!instant_parse(json_str(a, json_get(c, S("date"))), &d.at)) {
        d.at = (struct instant){0};
    }
    buf_init(&url, a, system.n + d.code.n + 1);
    buf_str(&url, system);
    buf_char(&url, '/');
    buf_str(&url, d.code);
    d.check_url = buf_get(&url);
    TRY(sections_read(rq, c, &d));
    *ret_read = d;
    return OK;
}
