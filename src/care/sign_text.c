/* care/sign_text.c - the words of a conclusion: the sections it has besides the form's own, and the
 * narrative of each. See sign_int.h. */
#include "care/filetype.h"
#include "care/sign_int.h"

void sign_date_write(struct buf *b, const struct civil *c)
{
    buf_u64_pad(b, (uint64_t)c->day, 2);
    buf_char(b, '.');
    buf_u64_pad(b, (uint64_t)c->month, 2);
    buf_char(b, '.');
    buf_u64_pad(b, (uint64_t)c->year, 4);
}

/* 197 720 */
static void grouped_write(struct buf *b, uint64_t n)
{
    char digits[24];
    size_t len = 0;
    do {
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (len > 0) {
        buf_char(b, digits[--len]);
        if (len > 0 && len % 3 == 0) {
            BUF_LIT(b, "\xC2\xA0");
        }
    }
}

void sign_file_write(struct buf *b, struct arena *a, enum lang lang, struct str type, uint64_t size)
{
    const struct file_kind *kind = file_kind_find(type);
    struct buf n;
    buf_init(&n, a, 64);
    grouped_write(&n, size);
    buf_str(b, kind != NULL ? tr(lang, kind->name) : type);
    BUF_LIT(b, ", ");
    text_fill(b, tr(lang, T("{n} B")), &(struct text_arg){S("n"), buf_get(&n)}, 1);
}

void sign_time_write(struct buf *b, struct instant t, int offset_min)
{
    struct civil c = instant_civil(t, offset_min);
    unsigned off = (unsigned)(offset_min < 0 ? -offset_min : offset_min);
    sign_date_write(b, &c);
    buf_char(b, ' ');
    buf_u64_pad(b, (uint64_t)c.hour, 2);
    buf_char(b, ':');
    buf_u64_pad(b, (uint64_t)c.minute, 2);
    BUF_LIT(b, " (UTC");
    buf_char(b, offset_min < 0 ? '-' : '+');
    buf_u64_pad(b, off / 60, 2);
    buf_char(b, ':');
    buf_u64_pad(b, off % 60, 2);
    buf_char(b, ')');
}

/* Text as XHTML: what XML forbids is left out, line ends become <br/>. */
static void xhtml_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '&') {
            BUF_LIT(b, "&amp;");
        } else if (c == '<') {
            BUF_LIT(b, "&lt;");
        } else if (c == '>') {
            BUF_LIT(b, "&gt;");
        } else if (c == '\n') {
            BUF_LIT(b, "<br/>");
        } else if (c >= 0x20 || c == '\t') {
            buf_char(b, (char)c);
        }
    }
}

static void tag(struct buf *b, struct str inside)
{
    buf_char(b, '<');
    buf_str(b, inside);
    buf_char(b, '>');
}

static void paragraph(struct buf *b, struct str label, struct str text)
{
    tag(b, S("p"));
    if (label.n > 0) {
        tag(b, S("b"));
        xhtml_text(b, label);
        tag(b, S("/b"));
        tag(b, S("br/"));
    }
    xhtml_text(b, text);
    tag(b, S("/p"));
}

struct str sign_int_xhtml(struct req *rq, const struct sign_section *s)
{
    struct buf b;
    buf_init(&b, rq->a, SIGN_DOC_MAX);
    tag(&b, S("div xmlns=\"http://www.w3.org/1999/xhtml\""));
    if (s->n == 0) {
        paragraph(&b, (struct str){0}, s->title);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        paragraph(&b, s->lines[i].label, s->lines[i].text);
    }
    tag(&b, S("/div"));
    return buf_get(&b);
}

/* Lines collected one by one; empty texts are left out. */
struct lines {
    struct sign_line *v;
    uint32_t n;
    uint32_t cap;
};

static enum err lines_new(struct req *rq, uint32_t cap, struct lines *ret_lines)
{
    struct sign_line *v = ARENA_ARRAY(rq->a, cap, struct sign_line);
    TRY_MEM(rq, v);
    *ret_lines = (struct lines){v, 0, cap};
    return OK;
}

static void line_add(struct lines *l, struct str label, struct str text)
{
    if (text.n > 0 && l->n < l->cap) {
        l->v[l->n++] = (struct sign_line){label, text};
    }
}

static struct str time_text(struct req *rq, const struct sign_doc *d, struct instant t)
{
    struct buf b;
    if (t.ms == 0) {
        return (struct str){0};
    }
    buf_init(&b, rq->a, 64);
    sign_time_write(&b, t, d->offset_min);
    return buf_get(&b);
}

static struct str version_text(struct req *rq, const struct sign_doc *d)
{
    struct buf b;
    if (d->replaces.n == 0) {
        return (struct str){0};
    }
    buf_init(&b, rq->a, d->replace_reason.n + d->replaces.n + 400);
    struct buf v;
    buf_init(&v, rq->a, 32);
    buf_u64(&v, d->version);
    text_fill(&b, tr(d->lang, T("Version {n}. It replaces the document {code}.")),
              (const struct text_arg[]){{S("n"), buf_get(&v)}, {S("code"), d->replaces}}, 2);
    if (d->replace_reason.n > 0) {
        BUF_LIT(&b, "\n");
        buf_str(&b, d->replace_reason);
    }
    return buf_get(&b);
}

enum err sign_int_head(struct req *rq, const struct sign_doc *d,
                       const struct sign_section **ret_sections, uint32_t *ret_n)
{
    struct lines about = {0};
    struct lines asked = {0};
    struct sign_section *s = ARENA_ARRAY(rq->a, 2, struct sign_section);
    TRY_MEM(rq, s);
    TRY(lines_new(rq, 6, &about));
    TRY(lines_new(rq, 6, &asked));
    line_add(&about, tr(d->lang, T("Correction")), version_text(rq, d));
    line_add(&about, tr(d->lang, T("Urgency")), d->kind);
    line_add(&about, tr(d->lang, T("Form of consultation")), d->mode);
    line_add(&about, tr(d->lang, T("Asked at")), time_text(rq, d, d->asked));
    line_add(&about, tr(d->lang, T("Begun at")), time_text(rq, d, d->start));
    line_add(&about, tr(d->lang, T("Ended at")), time_text(rq, d, d->at));
    line_add(&asked, tr(d->lang, T("Who asked")), d->asker);
    line_add(&asked, tr(d->lang, T("Post")), d->asker_role);
    line_add(&asked, tr(d->lang, T("Organisation")), d->asker_org);
    line_add(&asked, tr(d->lang, T("Question")), d->question);
    s[0] = (struct sign_section){S("consultation"), tr(d->lang, T("Consultation")), about.v, about.n};
    s[1] = (struct sign_section){S("request"), tr(d->lang, T("Request")), asked.v, asked.n};
    *ret_sections = s;
    *ret_n = 2;
    return OK;
}

static struct str seen_text(struct req *rq, const struct sign_doc *d, const struct sign_seen *f)
{
    struct buf b;
    struct instant at;
    buf_init(&b, rq->a, f->type.n + f->date.n + 200);
    sign_file_write(&b, rq->a, d->lang, f->type, f->size);
    if (instant_parse(f->date, &at)) {
        struct civil c = instant_civil(at, d->offset_min);
        BUF_LIT(&b, ", ");
        sign_date_write(&b, &c);
    }
    BUF_LIT(&b, "\nSHA-256 ");
    buf_hex(&b, f->sha, sizeof(f->sha));
    return buf_get(&b);
}

enum err sign_int_files(struct req *rq, const struct sign_doc *d, struct sign_section *ret_section)
{
    struct lines l = {0};
    TRY(lines_new(rq, d->n_seen + 1, &l));
    for (uint32_t i = 0; i < d->n_seen; i++) {
        line_add(&l, d->seen[i].title, seen_text(rq, d, &d->seen[i]));
    }
    if (d->n_seen == 0) {
        line_add(&l, (struct str){0}, tr(d->lang, T("No files were attached.")));
    }
    *ret_section = (struct sign_section){S("documents"), tr(d->lang, T("Documents examined")), l.v, l.n};
    return OK;
}

enum err sign_int_signer(struct req *rq, const struct sign_doc *d, struct sign_section *ret_section)
{
    struct lines l = {0};
    TRY(lines_new(rq, 4, &l));
    line_add(&l, tr(d->lang, d->type != NULL ? d->type->author : T("Consultant")), d->author_name);
    line_add(&l, tr(d->lang, T("Post")), d->author_post);
    line_add(&l, tr(d->lang, T("Organisation")), d->organization_name);
    *ret_section = (struct sign_section){S("signer"), tr(d->lang, T("Signed by")), l.v, l.n};
    return OK;
}
