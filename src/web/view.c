/* web/view.c - writing one page. See view.h. */
#include "web/view.h"

#include "base/text.h"
#include "web/format.h"

enum { FORMAT_CAP = 256 };

void view_init(struct view *v, struct req *rq, struct buf *out, const struct zone *zone)
{
    *v = (struct view){.rq = rq, .out = out, .lang = rq->lang, .zone = zone, .now = rq->now};
}

void view_begin(struct view *v, const struct val *root)
{
    v->root = root;
    v->scope = NULL;
}

enum err view_end(struct view *v)
{
    if (v->failed || v->root == NULL || !buf_ok(v->out)) {
        return FAIL(v->rq, E_TOO_LARGE, "page");
    }
    return OK;
}

enum err view_render(struct view *v, view_tpl_fn tpl, const struct val *root, size_t cap,
                     struct val *ret_html)
{
    struct view inner = *v;
    struct buf page;
    buf_init(&page, v->rq->a, cap);
    inner.out = &page;
    TRY(tpl(&inner, root));
    *ret_html = (struct val){.kind = VAL_HTML, .s = buf_get(&page)};
    return OK;
}

/* Looking up. */

static struct val loop_get(const struct view *v, struct str name)
{
    const struct view_frame *f = v->scope;
    while (f != NULL && f->index == 0) {
        f = f->prev;
    }
    if (f == NULL) {
        return (struct val){0};
    }
    if (str_eq(name, S("first"))) {
        return (struct val){.kind = VAL_BOOL, .i = f->index == 1};
    }
    if (str_eq(name, S("last"))) {
        return (struct val){.kind = VAL_BOOL, .i = f->index == f->count};
    }
    return val_of_i64(str_eq(name, S("count")) ? f->count : f->index);
}

static const struct val *name_get(const struct view *v, struct str name)
{
    for (const struct view_frame *f = v->scope; f != NULL; f = f->prev) {
        if (str_eq(f->name, name)) {
            return &f->value;
        }
    }
    return val_find(v->root, name);
}

struct val view_get(struct view *v, struct str path)
{
    struct str rest = path;
    struct str name;
    if (!str_cut(&rest, '.', &name)) {
        return (struct val){0};
    }
    if (str_eq(name, S("loop"))) {
        return loop_get(v, rest);
    }
    const struct val *at = name_get(v, name);
    while (at != NULL && str_cut(&rest, '.', &name)) {
        v->failed = v->failed || at->failed;
        at = val_find(at, name);
    }
    if (at == NULL) {
        v->failed = v->failed || (v->root != NULL && v->root->failed);
        return (struct val){0};
    }
    v->failed = v->failed || at->failed;
    return *at;
}

void view_each(struct view *v, struct view_frame *f, struct val list)
{
    f->prev = v->scope;
    f->item = val_first(&list);
    f->index = 1;
    f->count = list.kind == VAL_LIST || list.kind == VAL_MAP ? list.n : 0;
}

bool view_has(struct view *v, struct view_frame *f)
{
    if (f->item == NULL) {
        v->scope = f->prev;
        return false;
    }
    f->value = *val_item_value(f->item);
    v->failed = v->failed || f->value.failed;
    v->scope = f;
    return true;
}

void view_next(struct view_frame *f)
{
    f->item = val_next(f->item);
    f->index++;
}

/* Escaping. */

/* OWASP: & < > " ' in text and in quoted attributes; NUL and the other C0 controls, which HTML
 * forbids, become U+FFFD. */
static void put_html(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        struct str with;
        switch (s.p[i]) {
        case '&': with = S("&amp;"); break;
        case '<': with = S("&lt;"); break;
        case '>': with = S("&gt;"); break;
        case '"': with = S("&quot;"); break;
        case '\'': with = S("&#39;"); break;
        case '\t':
        case '\n':
        case '\r': continue;
        default:
            if ((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7F) {
                continue;
            }
            with = S("\uFFFD");
        }
        buf_str(b, str_sub(s, from, i - from));
        buf_str(b, with);
        from = i + 1;
    }
    buf_str(b, str_sub(s, from, s.n));
}

/* RFC 3986 2.3: everything but the unreserved characters. */
static void put_url_part(struct buf *b, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~') {
            buf_char(b, (char)c);
        } else {
            char out[3] = {'%', hex[c >> 4], hex[c & 15]};
            buf_bytes(b, out, sizeof(out));
        }
    }
}

/* RFC 3966 3: a + and digits, without the separators people write, up to the first sign that no
 * number holds: an extension in words or a second number is not dialled as digits of the first. */
static void put_tel(struct buf *b, struct str s)
{
    static const struct str between = SI(" ()-./\t\xA0\xC2\xE2\x80\x90\x91\x92\x93\x94\xAF");
    bool begun = false;
    bool plus = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9') {
            if (plus && !begun) {
                buf_char(b, '+');
            }
            buf_char(b, c);
            begun = true;
        } else if (begun && str_find_char(between, c) == between.n) {
            return;
        } else {
            plus = plus || c == '+';
        }
    }
}

/* A scheme stands before the first of : / ? # (RFC 3986 4.2). Browsers drop blanks and controls in
 * front of and inside a scheme, so any of them before the colon makes the URL unsafe. */
static bool is_safe_url(struct str s)
{
    static const struct str schemes[] = {SI("http"), SI("https"), SI("mailto"), SI("tel")};
    size_t colon = 0;
    while (colon < s.n && s.p[colon] != ':') {
        if (s.p[colon] == '/' || s.p[colon] == '?' || s.p[colon] == '#') {
            return true;
        }
        colon++;
    }
    if (colon == s.n) {
        return true;
    }
    for (size_t i = 0; i < LEN(schemes); i++) {
        if (str_eq_nocase(str_sub(s, 0, colon), schemes[i])) {
            return true;
        }
    }
    return false;
}

static void put_escaped(struct view *v, enum view_ctx ctx, struct str s)
{
    switch (ctx) {
    case VIEW_TEXT:
    case VIEW_ATTR: put_html(v->out, s); break;
    case VIEW_URL: put_html(v->out, is_safe_url(s) ? s : S("about:invalid#unsafe")); break;
    case VIEW_URL_PART: put_url_part(v->out, s); break;
    case VIEW_TEL: put_tel(v->out, s); break;
    }
}

static struct str text_of(struct view *v, struct val x)
{
    struct buf b;
    switch (x.kind) {
    case VAL_STR:
    case VAL_HTML: return x.s;
    case VAL_I64:
    case VAL_BOOL:
        buf_init(&b, v->rq->a, FORMAT_CAP);
        buf_i64(&b, x.i);
        v->failed = v->failed || !buf_ok(&b);
        return buf_get(&b);
    case VAL_INSTANT: return view_format(v, FORMAT_DATETIME, x).s;
    case VAL_NONE:
    case VAL_MAP:
    case VAL_LIST: break;
    }
    return S("");
}

void view_put(struct view *v, enum view_ctx ctx, struct val x)
{
    if (x.kind == VAL_HTML && ctx == VIEW_TEXT) {
        buf_str(v->out, x.s);
    } else {
        put_escaped(v, ctx, text_of(v, x));
    }
}

void view_text(struct view *v, enum view_ctx ctx, struct str text, const struct view_arg *args,
               size_t n_args)
{
    struct str rest = text;
    struct str before;
    struct str name;
    while (text_cut(&rest, &before, &name)) {
        put_escaped(v, ctx, before);
        for (size_t i = 0; i < n_args; i++) {
            if (name.p != NULL && str_eq(args[i].name, name)) {
                put_escaped(v, ctx, text_of(v, args[i].value));
            }
        }
    }
}

void view_count(struct view *v, enum view_ctx ctx, struct val n, const char *one, const char *other,
                const struct view_arg *args, size_t n_args)
{
    struct view_arg all[8] = {{S("n"), view_format(v, FORMAT_NUM, n)}};
    uint64_t count = 0;
    if (n.kind == VAL_LIST || n.kind == VAL_MAP) {
        count = n.n;
        all[0].value = view_format(v, FORMAT_LEN, n);
    } else if (n.kind == VAL_I64 && n.i > 0) {
        count = (uint64_t)n.i;
    }
    ASSERT(n_args < LEN(all));
    for (size_t i = 0; i < n_args; i++) {
        all[i + 1] = args[i];
    }
    view_text(v, ctx, trn(v->lang, one, other, count), all, n_args + 1);
}

struct val view_asset(struct view *v, struct val name)
{
    return v->asset != NULL && name.kind == VAL_STR ? val_of_str(v->asset(v->rq, name.s)) : name;
}

/* Formatting. */

/* A time from an instant or the text of a FHIR dateTime. */
static bool as_civil(const struct view *v, struct val x, struct civil *ret_c)
{
    struct instant lo = {x.kind == VAL_INSTANT ? x.i : 0};
    struct instant hi;
    if (x.kind != VAL_INSTANT && (x.kind != VAL_STR || x.s.n <= 10 ||
                                  !zone_span(v->zone, x.s, &lo, &hi))) {
        return false;
    }
    *ret_c = zone_civil(v->zone, lo);
    return true;
}

static void write_date(const struct view *v, struct buf *b, enum view_format f, struct val x)
{
    struct civil c;
    if (!as_civil(v, x, &c)) {
        if (x.kind == VAL_STR) {
            format_date_text(b, v->lang, x.s);
        }
        return;
    }
    if (f != FORMAT_TIME) {
        format_date(b, v->lang, &c);
    }
    if (f == FORMAT_DATETIME) {
        BUF_LIT(b, ", ");
    }
    if (f != FORMAT_DATE) {
        format_time(b, &c);
    }
}

/* Texts, so that a language puts the word where it wants. */
static void write_relative(const struct view *v, struct buf *b, struct instant t)
{
    struct buf span;
    buf_init(&span, b->a, FORMAT_CAP);
    format_duration(&span, v->lang, t.ms - v->now.ms);
    struct text_arg arg = {S("time"), buf_get(&span)};
    const char *text = t.ms >= v->now.ms ? T("in {time}") : T("{time} ago");
    text_fill(b, tr(v->lang, text), &arg, 1);
}

static void write_format(struct view *v, struct buf *b, enum view_format f, struct val x)
{
    struct civil today = zone_civil(v->zone, v->now);
    switch (f) {
    case FORMAT_DATE:
    case FORMAT_TIME:
    case FORMAT_DATETIME: write_date(v, b, f, x); break;
    case FORMAT_ISO:
        if (x.kind == VAL_INSTANT) {
            instant_write(b, (struct instant){x.i});
        } else if (x.kind == VAL_STR) {
            buf_str(b, x.s);
        }
        break;
    case FORMAT_AGE:
        if (x.kind == VAL_STR) {
            format_age(b, v->lang, x.s, &today);
        }
        break;
    case FORMAT_NUM:
        if (x.kind == VAL_I64) {
            format_num(b, v->lang, x.i);
        } else if (x.kind == VAL_STR) {
            buf_str(b, x.s);
        }
        break;
    case FORMAT_SIZE:
        if (x.kind == VAL_I64 && x.i >= 0) {
            format_size(b, v->lang, (uint64_t)x.i);
        }
        break;
    case FORMAT_DUR:
        if (x.kind == VAL_I64) {
            format_duration(b, v->lang, x.i);
        }
        break;
    case FORMAT_REL:
        if (x.kind == VAL_INSTANT) {
            write_relative(v, b, (struct instant){x.i});
        }
        break;
    case FORMAT_LEN: break;
    }
}

struct val view_format(struct view *v, enum view_format f, struct val x)
{
    if (f == FORMAT_LEN) {
        return val_of_i64(x.kind == VAL_LIST || x.kind == VAL_MAP ? x.n : 0);
    }
    struct buf b;
    size_t cap = FORMAT_CAP + (x.kind == VAL_STR ? x.s.n : 0);
    buf_init(&b, v->rq->a, cap);
    write_format(v, &b, f, x);
    v->failed = v->failed || !buf_ok(&b);
    return val_of_str(buf_get(&b));
}
