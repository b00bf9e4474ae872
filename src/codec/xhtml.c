/* codec/xhtml.c - the XHTML of narratives. See xhtml.h. */
#include "codec/xhtml.h"

static const char *const elements[] = {
    "a",     "abbr",  "acronym",  "address", "area",  "b",      "bdo",   "big",  "blockquote",
    "br",    "caption", "cite",   "code",    "col",   "colgroup", "dd",  "del",  "dfn",
    "div",   "dl",    "dt",       "em",      "h1",    "h2",     "h3",    "h4",   "h5",
    "h6",    "hr",    "i",        "img",     "ins",   "kbd",    "li",    "map",  "ol",
    "p",     "pre",   "q",        "samp",    "small", "span",   "strong", "sub", "sup",
    "table", "tbody", "td",       "tfoot",   "th",    "thead",  "tr",    "tt",   "ul",
    "var",
};

static const char *const attributes[] = {
    "abbr",    "accesskey", "align",   "alt",     "axis",    "border",  "cellpadding",
    "cellspacing", "char",  "charoff", "charset", "cite",    "class",   "colspan",
    "coords",  "dir",       "frame",   "headers", "height",  "href",    "hreflang",
    "id",      "ismap",     "lang",    "longdesc", "name",   "nohref",  "nowrap",
    "rel",     "rev",       "rowspan", "rules",   "scope",   "shape",   "span",
    "src",     "style",     "summary", "tabindex", "title",  "type",    "usemap",
    "valign",  "width",     "xml:lang", "xml:space", "xmlns",
};

static bool one_of(struct str s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s, str_z(list[i]))) {
            return true;
        }
    }
    return false;
}

struct scan {
    const char *p;
    const char *end;
    struct str open[XHTML_DEPTH_MAX]; /* names of the open elements */
    unsigned n;
    bool rooted;  /* the div was there */
    bool content; /* text or an image was there */
    xhtml_attr_fn each;
    void *ctx;
    struct str where;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == ':' || c == '-' || c == '_' || c == '.';
}

static void blanks(struct scan *s)
{
    while (s->p < s->end && is_blank(*s->p)) {
        s->p++;
    }
}

static struct str name_take(struct scan *s)
{
    const char *from = s->p;
    while (s->p < s->end && name_char(*s->p)) {
        s->p++;
    }
    return (struct str){from, (size_t)(s->p - from)};
}

static bool starts(const struct scan *s, struct str what)
{
    return str_starts((struct str){s->p, (size_t)(s->end - s->p)}, what);
}

/* Past the next what; false when there is none. */
static bool skip_past(struct scan *s, struct str what)
{
    struct str rest = {s->p, (size_t)(s->end - s->p)};
    size_t at = str_find(rest, what);
    if (at >= rest.n) {
        return false;
    }
    s->p += at + what.n;
    return true;
}

/* &amp; &#10;: the names of XML; those of HTML mean nothing without its document type. */
static bool entity_ok(struct scan *s)
{
    static const char *const known[] = {"amp", "lt", "gt", "quot", "apos"};
    const char *from = ++s->p;
    while (s->p < s->end && s->p - from < 12 && *s->p != ';') {
        s->p++;
    }
    if (s->p == s->end || *s->p != ';') {
        return false;
    }
    struct str name = {from, (size_t)(s->p++ - from)};
    if (name.n == 0 || name.p[0] != '#') {
        return one_of(name, known, LEN(known));
    }
    bool hex = name.n > 1 && name.p[1] == 'x';
    for (size_t i = hex ? 2 : 1; i < name.n; i++) {
        char c = name.p[i];
        bool digit = c >= '0' && c <= '9';
        if (!digit && !(hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')) {
            return false;
        }
    }
    return name.n > (hex ? 2u : 1u);
}

static bool address_ok(struct str name, struct str value)
{
    if (!str_eq(name, S("href")) && !str_eq(name, S("src"))) {
        return true;
    }
    struct str t = str_trim(value);
    return !str_eq_nocase(str_sub(t, 0, 11), S("javascript:")) &&
           !str_eq_nocase(str_sub(t, 0, 9), S("vbscript:"));
}

static enum xhtml_fault attr_take(struct scan *s, struct str element)
{
    struct str name = name_take(s);
    s->where = name;
    blanks(s);
    if (name.n == 0 || s->p == s->end || *s->p++ != '=') {
        return XHTML_FORM;
    }
    blanks(s);
    if (s->p == s->end || (*s->p != '"' && *s->p != '\'')) {
        return XHTML_FORM;
    }
    char quote = *s->p++;
    const char *from = s->p;
    while (s->p < s->end && *s->p != quote && *s->p != '<') {
        if (*s->p == '&') {
            if (!entity_ok(s)) {
                return XHTML_FORM;
            }
        } else {
            s->p++;
        }
    }
    if (s->p == s->end || *s->p != quote) {
        return XHTML_FORM;
    }
    struct str value = {from, (size_t)(s->p++ - from)};
    if (!one_of(name, attributes, LEN(attributes)) || !address_ok(name, value)) {
        return XHTML_ATTRIBUTE;
    }
    bool go = s->each == NULL || s->each(element, name, value, s->ctx);
    if (!go) {
        s->each = NULL;
    }
    return XHTML_OK;
}

static enum xhtml_fault element_open(struct scan *s)
{
    struct str name = name_take(s);
    s->where = name;
    if (name.n == 0) {
        return XHTML_FORM;
    }
    if (s->n == 0 && (s->rooted || !str_eq(name, S("div")))) {
        return XHTML_ROOT;
    }
    if (!one_of(name, elements, LEN(elements))) {
        return XHTML_ELEMENT;
    }
    s->rooted = true;
    s->content = s->content || str_eq(name, S("img"));
    for (;;) {
        blanks(s);
        if (s->p == s->end) {
            return XHTML_FORM;
        }
        if (*s->p == '>') {
            s->p++;
            if (s->n == XHTML_DEPTH_MAX) {
                return XHTML_FORM;
            }
            s->open[s->n++] = name;
            return XHTML_OK;
        }
        if (starts(s, S("/>"))) {
            s->p += 2;
            return XHTML_OK;
        }
        enum xhtml_fault fault = attr_take(s, name);
        if (fault != XHTML_OK) {
            return fault;
        }
    }
}

static enum xhtml_fault element_close(struct scan *s)
{
    struct str name = name_take(s);
    blanks(s);
    s->where = name;
    if (s->p == s->end || *s->p++ != '>' || s->n == 0 || !str_eq(s->open[s->n - 1], name)) {
        return XHTML_FORM;
    }
    s->n--;
    return XHTML_OK;
}

static enum xhtml_fault markup(struct scan *s)
{
    if (starts(s, S("<!--"))) {
        return skip_past(s, S("-->")) ? XHTML_OK : XHTML_FORM;
    }
    if (starts(s, S("<?")) && s->n == 0 && !s->rooted) {
        return skip_past(s, S("?>")) ? XHTML_OK : XHTML_FORM;
    }
    if (starts(s, S("<![CDATA[")) && s->n > 0) {
        s->content = true;
        return skip_past(s, S("]]>")) ? XHTML_OK : XHTML_FORM;
    }
    s->p++;
    if (s->p < s->end && *s->p == '/') {
        s->p++;
        return element_close(s);
    }
    return element_open(s);
}

enum xhtml_fault xhtml_check(struct str text, xhtml_attr_fn each, void *ctx, struct str *ret_where)
{
    struct scan s = {.p = text.p, .end = text.p + text.n, .each = each, .ctx = ctx,
                     .where = {text.p, 0}};
    enum xhtml_fault fault = XHTML_OK;
    while (s.p < s.end && fault == XHTML_OK) {
        if (*s.p == '<') {
            fault = markup(&s);
        } else if (is_blank(*s.p)) {
            s.p++;
        } else if (s.n == 0) {
            fault = XHTML_ROOT;
        } else {
            s.content = true;
            if (*s.p != '&') {
                s.p++;
            } else if (!entity_ok(&s)) {
                fault = XHTML_FORM;
            }
        }
    }
    *ret_where = s.where;
    if (fault != XHTML_OK) {
        return fault;
    }
    return s.n > 0 ? XHTML_FORM : !s.rooted ? XHTML_ROOT : !s.content ? XHTML_EMPTY : XHTML_OK;
}
