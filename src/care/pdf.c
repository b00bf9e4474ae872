/* care/pdf.c - documents on A4 pages by cairo, pango and libqrencode. See pdf.h.
 *
 * The document is laid out by the same code several times: dry passes count the pages and keep the seal
 * from standing alone on the last one, the last pass draws.
 */
#include "care/pdf_int.h"

#include <pango/pangocairo.h>

#include "codec/utf8.h"

/* Points, 1/72 inch. */
static const double PAGE_W = 595.28;
static const double PAGE_H = 841.89;
static const double LEFT = 56;
static const double RIGHT = 539.28;
static const double TOP = 50;
static const double BOTTOM = 780;
static const double LABEL_W = 160;
static const double QR_SIDE = 92;
static const double SCRAP = 110; /* less than this is not worth a page */

enum { LINES_ALONG = 3 }; /* go with the seal where nothing larger can */

/* Distance of lines, as a part of their height; the second where that spares a page for the seal. */
static const float SPACING = 1.12F;
static const float SPACING_TIGHT = 1.0F;

enum ink { INK_TEXT, INK_GREY, INK_ACCENT, INK_RULE };

static const double inks[][3] = {
    [INK_TEXT] = {0.10, 0.12, 0.14},   [INK_GREY] = {0.36, 0.40, 0.44},
    [INK_ACCENT] = {0.03, 0.27, 0.40}, [INK_RULE] = {0.78, 0.80, 0.82},
};

enum face { FACE_BODY, FACE_BOLD, FACE_SMALL, FACE_HEAD, FACE_TITLE, FACE_COUNT };

static const char *const faces[] = {
    [FACE_BODY] = "DejaVu Sans 9.5",     [FACE_BOLD] = "DejaVu Sans Bold 9.5",
    [FACE_SMALL] = "DejaVu Sans 7.2",      [FACE_HEAD] = "DejaVu Sans Bold 11",
    [FACE_TITLE] = "DejaVu Sans Bold 14",
};

struct pen {
    struct req *rq;
    const struct pdf_doc *doc;
    cairo_t *cr;
    PangoFontDescription *font[FACE_COUNT];
    bool dry;       /* count only */
    bool tight;     /* lines stand closer */
    bool alone;     /* known after a pass: the seal has the last page for itself */
    size_t break_at; /* this block begins a page; n_blocks: none does */
    size_t break_line; /* this line of flowing text begins a page; SIZE_MAX: none does */
    size_t line;       /* lines of flowing text so far */
    size_t picture;    /* pictures so far */
    unsigned page;  /* 1.. */
    unsigned pages; /* known after the dry pass */
    double y;       /* where the next line goes */
    enum err failed;
};

static void ink_set(struct pen *p, enum ink ink)
{
    cairo_set_source_rgb(p->cr, inks[ink][0], inks[ink][1], inks[ink][2]);
}

static uint32_t scalar(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    uint32_t c = n == 1 ? u[0] : u[0] & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        c = c << 6 | (u[i] & 0x3F);
    }
    return c;
}

/* Is c left out: control characters but line feeds, marks that turn the order of reading (a signed
 * document must not read otherwise than it was written), and what is no character at all. */
static bool is_dropped(uint32_t c)
{
    return (c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE ||
           c == 0xFEFF;
}

/* Text fit for drawing, in the arena. */
static struct str clean(struct pen *p, struct str s)
{
    struct buf b;
    buf_init(&b, p->rq->a, s.n + 1);
    for (size_t i = 0; i < s.n;) {
        size_t n = utf8_seq(s.p + i, s.p + s.n);
        if (s.p[i] == '\t') {
            buf_char(&b, ' ');
        } else if (n > 0 && !is_dropped(scalar(s.p + i, n))) {
            buf_bytes(&b, s.p + i, n);
        }
        i += n > 0 ? n : 1;
    }
    if (!buf_ok(&b)) {
        p->failed = E_TOO_LARGE;
    }
    return buf_get(&b);
}

/* gives a layout of width points; end it with g_object_unref(). */
static PangoLayout *layout_new(struct pen *p, enum face face, struct str text, double width)
{
    PangoLayout *l = pango_cairo_create_layout(p->cr);
    struct str s = clean(p, text);
    pango_layout_set_font_description(l, p->font[face]);
    pango_layout_set_width(l, pango_units_from_double(width));
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_line_spacing(l, p->tight ? SPACING_TIGHT : SPACING);
    pango_layout_set_text(l, s.p ? s.p : "", (int)s.n);
    return l;
}

static double layout_height(PangoLayout *l)
{
    PangoRectangle r;
    pango_layout_get_extents(l, NULL, &r);
    return pango_units_to_double(r.height);
}

/* Draws the whole layout with its top at y; it does not flow. */
static void layout_put(struct pen *p, PangoLayout *l, double x, double y, enum ink ink)
{
    if (p->dry) {
        return;
    }
    ink_set(p, ink);
    cairo_move_to(p->cr, x, y);
    pango_cairo_show_layout(p->cr, l);
}

static void rule_put(struct pen *p, double y, enum ink ink, double width)
{
    if (p->dry) {
        return;
    }
    ink_set(p, ink);
    cairo_set_line_width(p->cr, width);
    cairo_move_to(p->cr, LEFT, y);
    cairo_line_to(p->cr, RIGHT, y);
    cairo_stroke(p->cr);
}

/* One line, cut with an ellipsis where the page ends; align right at RIGHT when right is set. */
static void strip_put(struct pen *p, struct str text, double y, double width, bool right)
{
    PangoLayout *l = layout_new(p, FACE_SMALL, text, width);
    pango_layout_set_height(l, -1);
    pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(l, right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    layout_put(p, l, right ? RIGHT - width : LEFT, y, INK_GREY);
    g_object_unref(l);
}

/* "Page {n} of {m}" with the numbers in. */
static struct str page_text(struct pen *p)
{
    struct buf b;
    struct str s = p->doc->page_of;
    buf_init(&b, p->rq->a, s.n + 64);
    for (size_t i = 0; i < s.n; i++) {
        struct str rest = str_sub(s, i, 3);
        if (str_eq(rest, S("{n}")) || str_eq(rest, S("{m}"))) {
            buf_u64(&b, s.p[i + 1] == 'n' ? p->page : p->pages);
            i += 2;
        } else {
            buf_char(&b, s.p[i]);
        }
    }
    return buf_get(&b);
}

static void page_end(struct pen *p)
{
    if (p->dry) {
        return;
    }
    rule_put(p, BOTTOM + 12, INK_RULE, 0.5);
    strip_put(p, p->doc->footer, BOTTOM + 18, 360, false);
    strip_put(p, page_text(p), BOTTOM + 18, 110, true);
    cairo_show_page(p->cr);
}

static void page_begin(struct pen *p)
{
    p->page++;
    p->y = TOP;
    if (p->page > PDF_PAGES_MAX) {
        p->failed = E_TOO_LARGE;
    }
    if (p->page > 1) {
        strip_put(p, p->doc->running, TOP - 16, RIGHT - LEFT, false);
        rule_put(p, TOP - 2, INK_RULE, 0.5);
        p->y = TOP + 8;
    }
}

/* The next height points stand on one page. */
static void keep(struct pen *p, double height)
{
    if (p->y + height > BOTTOM) {
        page_end(p);
        page_begin(p);
    }
}

/* How lines of a flowing text look at the side. */
struct flow {
    double x;
    double width;
    enum face face;
    enum ink ink;
    bool bar; /* a bar at the left of each line */
};

static void line_put(struct pen *p, const struct flow *f, PangoLayoutIter *it)
{
    PangoRectangle r;
    pango_layout_iter_get_line_extents(it, NULL, &r);
    double height = pango_units_to_double(r.height);
    double base = pango_units_to_double(pango_layout_iter_get_baseline(it) - r.y);
    keep(p, p->line++ == p->break_line ? BOTTOM : height);
    if (!p->dry) {
        if (f->bar) {
            ink_set(p, INK_ACCENT);
            cairo_rectangle(p->cr, LEFT, p->y - 0.3, 3, height + 0.6);
            cairo_fill(p->cr);
        }
        ink_set(p, f->ink);
        cairo_move_to(p->cr, f->x + pango_units_to_double(r.x), p->y + base);
        pango_cairo_show_layout_line(p->cr, pango_layout_iter_get_line_readonly(it));
    }
    p->y += height;
}

static void paragraph_put(struct pen *p, const struct flow *f, struct str text)
{
    PangoLayout *l = layout_new(p, f->face, text, f->width);
    PangoLayoutIter *it = pango_layout_get_iter(l);
    do {
        line_put(p, f, it);
    } while (p->failed == OK && pango_layout_iter_next_line(it));
    pango_layout_iter_free(it);
    g_object_unref(l);
}

/* Text that flows from page to page, paragraph by paragraph: a layout's cost grows faster than its
 * length. */
static void flow_put(struct pen *p, const struct flow *f, struct str text)
{
    struct str rest = {text.n > 0 ? text.p : "", text.n};
    struct str part;
    while (p->failed == OK && str_cut(&rest, '\n', &part)) {
        paragraph_put(p, f, part);
    }
}

/* White space below what stands here. */
static void gap(struct pen *p, double height)
{
    p->y += p->tight ? height / 2 : height;
}

static void pair_put(struct pen *p, const struct pdf_block *b)
{
    PangoLayout *label = layout_new(p, FACE_BODY, b->label, LABEL_W - 10);
    double h = layout_height(label);
    keep(p, h);
    unsigned page = p->page;
    double top = p->y;
    layout_put(p, label, LEFT, p->y, INK_GREY);
    g_object_unref(label);
    struct flow f = {LEFT + LABEL_W, RIGHT - LEFT - LABEL_W, FACE_BODY, INK_TEXT, false};
    flow_put(p, &f, b->text);
    if (p->page == page && p->y < top + h) {
        p->y = top + h;
    }
    gap(p, 3);
}

static void marked_put(struct pen *p, const struct pdf_block *b)
{
    struct flow f = {LEFT + 12, RIGHT - LEFT - 12, FACE_BOLD, INK_ACCENT, true};
    keep(p, 40);
    if (b->label.n > 0) {
        flow_put(p, &f, b->label);
    }
    f.face = FACE_BODY;
    f.ink = INK_TEXT;
    if (b->text.n > 0) {
        flow_put(p, &f, b->text);
    }
    gap(p, 8);
}

/* At most half a page high, smaller where that spares a hole at the end of the page; with what was
 * measured in small letters at its place. */
static void image_put(struct pen *p)
{
    static const double side = 300;
    static const double least = 170;
    if (p->picture >= p->doc->n_pictures) {
        return;
    }
    const struct pdf_picture *pic = p->doc->pictures[p->picture++];
    double large = pic->width > pic->height ? pic->width : pic->height;
    double w = pic->width * side / large;
    double h = pic->height * side / large;
    double room = BOTTOM - p->y - 7;
    if (h > room && room >= least) {
        w = w * room / h;
        h = room;
    }
    keep(p, h + 6);
    if (!p->dry) {
        pdf_int_picture(p->cr, pic, LEFT, p->y, w, h);
    }
    for (uint32_t i = 0; i < pic->n_shapes && !p->dry; i++) {
        const struct pdf_shape *s = &pic->shapes[i];
        PangoLayout *l = layout_new(p, FACE_SMALL, s->label, RIGHT - LEFT);
        PangoRectangle r;
        pango_layout_get_extents(l, NULL, &r);
        double width = pango_units_to_double(r.width);
        double height = pango_units_to_double(r.height);
        double x = s->n > 0 ? s->x[s->n - 1] * w + 5 : 0;
        double y = s->n > 0 ? s->y[s->n - 1] * h + 4 : 0;
        x = LEFT + (x + width > w ? w - width : x < 0 ? 0 : x);
        y = p->y + (y + height > h ? h - height : y < 0 ? 0 : y);
        if (s->label.n > 0) {
            cairo_set_source_rgb(p->cr, 1, 1, 1);
            cairo_rectangle(p->cr, x - 1.5, y - 0.5, width + 3, height + 1);
            cairo_fill(p->cr);
            layout_put(p, l, x, y, INK_TEXT);
        }
        g_object_unref(l);
    }
    p->y += h;
    gap(p, 8);
}

static void block_put(struct pen *p, const struct pdf_block *b)
{
    struct flow f = {LEFT, RIGHT - LEFT, FACE_BODY, INK_TEXT, false};
    switch (b->kind) {
    case PDF_HEADING:
        gap(p, 8);
        keep(p, 50);
        f.face = FACE_HEAD;
        f.ink = INK_ACCENT;
        flow_put(p, &f, b->label);
        gap(p, 3);
        break;
    case PDF_TEXT:
        if (b->label.n > 0) {
            keep(p, 32);
            f.ink = INK_GREY;
            flow_put(p, &f, b->label);
            f.ink = INK_TEXT;
        }
        flow_put(p, &f, b->text);
        gap(p, 5);
        break;
    case PDF_SMALL:
        keep(p, 46);
        flow_put(p, &f, b->label);
        f.ink = INK_GREY;
        f.face = FACE_SMALL;
        flow_put(p, &f, b->text);
        gap(p, 5);
        break;
    case PDF_PAIR: pair_put(p, b); break;
    case PDF_IMAGE: image_put(p); break;
    case PDF_MARKED: marked_put(p, b); break;
    case PDF_LINE:
        keep(p, 10);
        rule_put(p, p->y + 4, INK_RULE, 0.5);
        gap(p, 10);
        break;
    }
}

static void head_put(struct pen *p)
{
    struct flow f = {LEFT, RIGHT - LEFT, FACE_SMALL, INK_GREY, false};
    flow_put(p, &f, p->doc->organization);
    p->y += 5;
    f.face = FACE_TITLE;
    f.ink = INK_ACCENT;
    flow_put(p, &f, p->doc->title);
    if (p->doc->subtitle.n > 0) {
        p->y += 2;
        f.face = FACE_BODY;
        f.ink = INK_GREY;
        flow_put(p, &f, p->doc->subtitle);
    }
    p->y += 6;
    rule_put(p, p->y, INK_ACCENT, 1.2);
    p->y += 10;
}

/* The box at the end: QR code on the left, who signed on the right. Never broken over pages. */
static void seal_put(struct pen *p)
{
    const struct pdf_doc *d = p->doc;
    if (d->seal_title.n == 0) {
        return;
    }
    double x = LEFT + 12 + (d->seal_url.n > 0 ? QR_SIDE + 14 : 0);
    PangoLayout *title = layout_new(p, FACE_BOLD, d->seal_title, RIGHT - 10 - x);
    PangoLayout *text = layout_new(p, FACE_SMALL, d->seal_text, RIGHT - 10 - x);
    double title_h = layout_height(title);
    double inner = title_h + 4 + layout_height(text);
    inner = d->seal_url.n > 0 && inner < QR_SIDE ? QR_SIDE : inner;
    p->y += 10;
    unsigned page = p->page;
    keep(p, inner + 24);
    p->alone = p->page != page;
    layout_put(p, title, x, p->y + 12, INK_ACCENT);
    layout_put(p, text, x, p->y + 16 + title_h, INK_TEXT);
    g_object_unref(title);
    g_object_unref(text);
    if (d->seal_url.n > 0) {
        if (!p->dry && !pdf_qr(p->cr, d->seal_url, LEFT + 12, p->y + 12, QR_SIDE)) {
            p->failed = E_TOO_LARGE;
        }
    }
    if (!p->dry) {
        ink_set(p, INK_ACCENT);
        cairo_set_line_width(p->cr, 0.8);
        cairo_rectangle(p->cr, LEFT, p->y, RIGHT - LEFT, inner + 24);
        cairo_stroke(p->cr);
    }
    p->y += inner + 24;
}

static void pass(struct pen *p, bool dry)
{
    p->dry = dry;
    p->alone = false;
    p->page = 0;
    p->line = 0;
    p->picture = 0;
    page_begin(p);
    head_put(p);
    for (size_t i = 0; i < p->doc->n_blocks && p->failed == OK; i++) {
        if (i == p->break_at) {
            keep(p, BOTTOM);
        }
        block_put(p, &p->doc->blocks[i]);
    }
    if (p->failed == OK) {
        seal_put(p);
        page_end(p);
    }
    p->pages = p->page;
}

/* The last section, or the last block when there are no sections. */
static size_t last_part(const struct pdf_doc *d)
{
    for (size_t i = d->n_blocks; i > 1; i--) {
        if (d->blocks[i - 1].kind == PDF_HEADING) {
            return i - 1;
        }
    }
    return d->n_blocks - 1;
}

/* A last page with a few lines, or with the seal alone, is spared by moving the lines together; where
 * that is not enough the last section goes along with the seal, or its last blocks or lines. */
static void measure(struct pen *p)
{
    p->break_at = p->doc->n_blocks;
    p->break_line = SIZE_MAX;
    pass(p, true);
    unsigned pages = p->pages;
    if (pages > 1 && (p->alone || p->y < TOP + SCRAP)) {
        p->tight = true;
        pass(p, true);
        p->tight = p->pages < pages;
    }
    if (!p->tight) {
        pass(p, true);
    }
    if (p->alone && p->doc->n_blocks > 1) {
        /* A short section goes along whole; of a long one its end, or the page before would be half empty. */
        size_t part = last_part(p->doc);
        p->break_at = p->doc->n_blocks - part <= LINES_ALONG + 1 ? part : p->doc->n_blocks - LINES_ALONG;
        pass(p, true);
    }
    if (p->alone && p->doc->n_blocks > 1) {
        p->break_at = p->doc->n_blocks - 1;
        pass(p, true);
    }
    if (p->alone && p->line > LINES_ALONG) {
        p->break_at = p->doc->n_blocks;
        p->break_line = p->line - LINES_ALONG;
        pass(p, true);
    }
}

static cairo_status_t to_buf(void *ctx, const unsigned char *data, unsigned int n)
{
    struct buf *b = ctx;
    buf_bytes(b, data, n);
    return buf_ok(b) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void meta_set(struct pen *p, cairo_surface_t *s)
{
    const struct pdf_doc *d = p->doc;
    struct buf b;
    buf_init(&b, p->rq->a, 64);
    instant_write(&b, (struct instant){d->at.ms - d->at.ms % 1000});
    const char *at = arena_cstr(p->rq->a, buf_get(&b));
    const char *title = arena_cstr(p->rq->a, clean(p, d->title));
    const char *author = arena_cstr(p->rq->a, clean(p, d->author));
    if (at == NULL || title == NULL || author == NULL) {
        p->failed = E_TOO_LARGE;
        return;
    }
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, title);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_AUTHOR, author);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "Consilium");
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, at);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_MOD_DATE, at);
}

static size_t text_bytes(const struct pdf_doc *d)
{
    size_t n = d->seal_text.n + d->title.n + d->organization.n + d->subtitle.n;
    for (size_t i = 0; i < d->n_blocks; i++) {
        n += d->blocks[i].label.n + d->blocks[i].text.n;
    }
    return n;
}

enum err pdf_write(struct req *rq, const struct pdf_doc *doc, struct str *ret_pdf)
{
    struct pen p = {.rq = rq, .doc = doc, .failed = OK};
    struct buf out;
    if (text_bytes(doc) > PDF_TEXT_MAX) {
        return FAIL(rq, E_TOO_LARGE, "document: text");
    }
    buf_init(&out, rq->a, PDF_BYTES_MAX);
    cairo_surface_t *s = cairo_pdf_surface_create_for_stream(to_buf, &out, PAGE_W, PAGE_H);
    p.cr = cairo_create(s);
    for (size_t i = 0; i < FACE_COUNT; i++) {
        p.font[i] = pango_font_description_from_string(faces[i]);
    }
    meta_set(&p, s);
    measure(&p);
    if (p.failed == OK) {
        pass(&p, false);
    }
    for (size_t i = 0; i < FACE_COUNT; i++) {
        pango_font_description_free(p.font[i]);
    }
    cairo_status_t drawn = cairo_status(p.cr);
    cairo_destroy(p.cr);
    cairo_surface_finish(s);
    cairo_status_t ended = cairo_surface_status(s);
    cairo_surface_destroy(s);
    if (p.failed != OK || !buf_ok(&out)) {
        return FAIL(rq, E_TOO_LARGE, "document: pages");
    }
    if (drawn != CAIRO_STATUS_SUCCESS || ended != CAIRO_STATUS_SUCCESS) {
        return FAIL(rq, E_INTERNAL, "document: drawing");
    }
    *ret_pdf = buf_get(&out);
    return OK;
}
