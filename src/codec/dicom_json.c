/* codec/dicom_json.c - DICOM JSON. See dicom_json.h.
 *
 * Written while walking: whether a comma is due is known from what was opened or closed last, so nothing
 * is kept for each level. */
#include "codec/dicom_json.h"

#include <string.h>

#include "codec/b64.h"
#include "codec/dicom_int.h"
#include "codec/json.h"

/* Largest whole number every reader of JSON keeps exactly. */
#define SAFE ((UINT64_C(1) << 53) - 1)

/* Tags that were seen in their items, for a file whose tags do not rise. */
struct seen {
    uint64_t *keys; /* number of the item << 32 | tag, from 1; 0: free */
    size_t mask;
};

struct writer {
    struct req *rq;
    const struct dicom_file *f;
    const struct dicom_json_opts *o;
    struct dicom_walk walk;
    struct buf *b;
    struct seen seen;
    uint32_t items; /* opened so far */
    bool first;     /* the object or array has nothing yet */
};

static void comma(struct writer *w)
{
    if (!w->first) {
        buf_char(w->b, ',');
    }
    w->first = false;
}

static void hex_tag(struct buf *b, uint32_t tag)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[8];
    for (unsigned i = 0; i < sizeof(text); i++) {
        text[i] = digits[tag >> (28 - 4 * i) & 15];
    }
    buf_bytes(b, text, sizeof(text));
}

/* The item an element is in, by number: only a hash's key. */
static bool seen_before(struct writer *w, uint32_t tag, uint32_t item)
{
    if (w->seen.keys == NULL) {
        return false;
    }
    uint64_t key = ((uint64_t)item << 32 | tag) + 1;
    size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & w->seen.mask;
    while (w->seen.keys[i] != 0) {
        if (w->seen.keys[i] == key) {
            return true;
        }
        i = (i + 1) & w->seen.mask;
    }
    w->seen.keys[i] = key;
    return false;
}

static enum err seen_begin(struct writer *w)
{
    if (!w->f->unsorted) {
        return OK;
    }
    size_t n = 16;
    while (n < (size_t)w->f->elements * 2) {
        n *= 2;
    }
    w->seen.mask = n - 1;
    w->seen.keys = ARENA_ARRAY(w->rq->a, n, uint64_t);
    TRY_MEM(w->rq, w->seen.keys);
    return OK;
}

static void name_value(struct buf *b, struct str value)
{
    static const struct str groups[] = {SI("Alphabetic"), SI("Ideographic"), SI("Phonetic")};
    bool any = false;
    for (size_t i = 0; i < LEN(groups) && value.p != NULL; i++) {
        struct str part;
        if (!str_cut(&value, '=', &part)) {
            break;
        }
        part = dicom_trim(part, "PN");
        if (part.n > 0) {
            buf_char(b, any ? ',' : '{');
            json_quote(b, groups[i]);
            buf_char(b, ':');
            json_quote(b, part);
            any = true;
        }
    }
    if (any) {
        buf_char(b, '}');
    } else {
        BUF_LIT(b, "null");
    }
}

static void text_value(struct buf *b, const char vr[2], struct str value)
{
    char number[DICOM_DECIMAL_MAX + 4];
    size_t n = 0;
    bool decimal = memcmp(vr, "DS", 2) == 0 || memcmp(vr, "IS", 2) == 0;
    if (value.n == 0) {
        BUF_LIT(b, "null");
    } else if (memcmp(vr, "PN", 2) == 0) {
        name_value(b, value);
    } else if (decimal && dicom_decimal(value, number, &n)) {
        buf_bytes(b, number, n);
    } else {
        json_quote(b, value);
    }
}

static bool has_text(struct str s, const char vr[2])
{
    bool name = memcmp(vr, "PN", 2) == 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != ' ' && s.p[i] != 0 && !(name && s.p[i] == '=')) {
            return true;
        }
    }
    return false;
}

static enum err texts(struct writer *w, const struct dicom_elem *e)
{
    struct str rest = dicom_values(w->rq->a, e);
    TRY_MEM(w->rq, rest.p == NULL && e->value.n > 0 ? NULL : w);
    if (e->tag == DICOM_TAG_CHARSET && !w->o->charset_as_sent && has_text(rest, "CS")) {
        rest = S("ISO_IR 192");
    }
    if (!has_text(rest, e->vr)) {
        return OK;
    }
    BUF_LIT(w->b, ",\"Value\":[");
    if (dicom_is_multi(e->vr)) {
        struct str one;
        for (bool first = true; str_cut(&rest, '\\', &one); first = false) {
            if (!first) {
                buf_char(w->b, ',');
            }
            text_value(w->b, e->vr, dicom_trim(one, e->vr));
        }
    } else {
        text_value(w->b, e->vr, dicom_trim(rest, e->vr));
    }
    buf_char(w->b, ']');
    return OK;
}

/* A whole number: as text where a reader could not keep it. */
static void whole(struct buf *b, uint64_t size, bool negative)
{
    bool text = size > SAFE;
    if (text) {
        buf_char(b, '"');
    }
    if (negative) {
        buf_char(b, '-');
    }
    buf_u64(b, size);
    if (text) {
        buf_char(b, '"');
    }
}

static void number(struct buf *b, const struct dicom_elem *e, const unsigned char *p, size_t size)
{
    uint64_t v = 0;
    switch (size) {
    case 2: v = dicom_get16(p, e->big_endian); break;
    case 4: v = dicom_get32(p, e->big_endian); break;
    default: v = dicom_get64(p, e->big_endian); break;
    }
    if (memcmp(e->vr, "AT", 2) == 0) {
        buf_char(b, '"');
        hex_tag(b, dicom_get16(p, e->big_endian) << 16 | dicom_get16(p + 2, e->big_endian));
        buf_char(b, '"');
    } else if (e->vr[0] == 'F') {
        char text[DICOM_DOUBLE_MAX];
        double d = 0;
        float f = 0;
        uint32_t narrow = (uint32_t)v;
        memcpy(&f, &narrow, sizeof(f));
        memcpy(&d, &v, sizeof(d));
        size_t n = dicom_double_text(size == 4 ? (double)f : d, text);
        buf_bytes(b, text, n);
    } else if (e->vr[0] == 'S' && (v >> (8 * size - 1)) != 0) {
        uint64_t all = size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
        whole(b, (~v & all) + 1, true);
    } else {
        whole(b, v, false);
    }
}

static void numbers(struct writer *w, const struct dicom_elem *e, size_t size)
{
    size_t n = e->value.n / size;
    for (size_t i = 0; i < n && buf_ok(w->b); i++) {
        if (i == 0) {
            BUF_LIT(w->b, ",\"Value\":[");
        } else {
            buf_char(w->b, ',');
        }
        number(w->b, e, (const unsigned char *)e->value.p + i * size, size);
    }
    if (n > 0) {
        buf_char(w->b, ']');
    }
}

/* Where dicom_find() finds the element that was just given. */
static void address(struct writer *w, uint32_t tag)
{
    BUF_LIT(w->b, ",\"BulkDataURI\":");
    struct buf path;
    buf_init(&path, w->rq->a, 40 * (size_t)w->walk.depth + 40 + w->o->bulk.n);
    buf_str(&path, w->o->bulk);
    for (uint32_t i = 1; i <= w->walk.depth; i++) {
        hex_tag(&path, w->walk.levels[i].tag);
        buf_char(&path, '/');
        buf_u64(&path, w->walk.levels[i].item - 1);
        buf_char(&path, '/');
    }
    hex_tag(&path, tag);
    json_quote(w->b, buf_get(&path));
}

/* Bytes of numbers, little end first (PS3.18 F.2.7). */
static enum err inline_binary(struct writer *w, const struct dicom_elem *e)
{
    struct str v = e->value;
    size_t unit = e->big_endian && e->vr[0] == 'O' ? dicom_unit(e->vr) : 1;
    if (unit > 1) {
        char *swapped = arena_alloc_raw(w->rq->a, v.n);
        TRY_MEM(w->rq, swapped);
        dicom_swap(v, unit, swapped);
        v.p = swapped;
    }
    BUF_LIT(w->b, ",\"InlineBinary\":\"");
    b64_write(w->b, v.p, v.n, B64_STD);
    buf_char(w->b, '"');
    return OK;
}

static enum err binary(struct writer *w, const struct dicom_elem *e)
{
    if (e->value.n == 0) {
        return OK;
    }
    if (e->kind == DICOM_FRAGMENTS || e->value.n > w->o->inline_max) {
        if (w->o->bulk.n > 0) {
            address(w, e->tag);
        }
        return OK;
    }
    return inline_binary(w, e);
}

static bool is_pixels(uint32_t tag)
{
    return tag >> 16 == 0x7fe0 && tag != DICOM_TAG(0x7fe0, 0);
}

static bool wanted(const struct writer *w, const struct dicom_elem *e)
{
    if ((e->tag & 0xffff) == 0 || (!w->o->pixels && is_pixels(e->tag) && e->depth == 0)) {
        return false;
    }
    if (w->o->only == NULL || e->depth > 0) {
        return true;
    }
    for (size_t i = 0; i < w->o->only_n; i++) {
        if (w->o->only[i] == e->tag) {
            return true;
        }
    }
    return false;
}

/* What JSON calls it: the standard's kinds only. */
static const char *kind_name(const struct dicom_elem *e)
{
    static const char binaries[] = "OBODOFOLOVOWSQ";
    if (dicom_is_text(e->vr) || dicom_number_size(e->vr) > 0) {
        return e->vr;
    }
    for (size_t i = 0; i + 1 < sizeof(binaries); i += 2) {
        if (memcmp(e->vr, binaries + i, 2) == 0) {
            return e->vr;
        }
    }
    return "UN";
}

static enum err element(struct writer *w, const struct dicom_elem *e)
{
    comma(w);
    buf_char(w->b, '"');
    hex_tag(w->b, e->tag);
    BUF_LIT(w->b, "\":{\"vr\":\"");
    buf_bytes(w->b, kind_name(e), 2);
    buf_char(w->b, '"');
    if (e->kind == DICOM_SEQUENCE) {
        return OK;
    }
    size_t size = dicom_number_size(e->vr);
    if (dicom_is_text(e->vr)) {
        TRY(texts(w, e));
    } else if (size > 0) {
        numbers(w, e, size);
    } else {
        TRY(binary(w, e));
    }
    buf_char(w->b, '}');
    return OK;
}

static enum err event(struct writer *w, const struct dicom_elem *e, uint32_t *numbers_of_items)
{
    switch (e->kind) {
    case DICOM_VALUE:
    case DICOM_FRAGMENTS:
    case DICOM_SEQUENCE: {
        bool write = wanted(w, e) && !seen_before(w, e->tag, numbers_of_items[e->depth]);
        if (!write && e->kind == DICOM_SEQUENCE) {
            TRY(dicom_walk_skip(&w->walk));
        }
        return write ? element(w, e) : OK;
    }
    case DICOM_ITEM:
        if (e->item == 0) {
            BUF_LIT(w->b, ",\"Value\":[{");
        } else {
            BUF_LIT(w->b, ",{");
        }
        numbers_of_items[e->depth] = ++w->items;
        w->first = true;
        return OK;
    case DICOM_ITEM_END:
        buf_char(w->b, '}');
        w->first = false;
        return OK;
    case DICOM_SEQUENCE_END:
        if (w->b->n > 0 && w->b->p[w->b->n - 1] == '}') {
            buf_char(w->b, ']'); /* it had items */
        }
        buf_char(w->b, '}');
        w->first = false;
        return OK;
    }
    return OK;
}

enum err dicom_json(struct req *rq, const struct dicom_file *f, const struct dicom_json_opts *o,
                    struct buf *out)
{
    struct writer w = {.rq = rq, .f = f, .o = o, .b = out, .first = true};
    TRY(dicom_walk_begin(rq, f, &w.walk));
    TRY(seen_begin(&w));
    uint32_t *numbers_of_items = ARENA_ARRAY(rq->a, f->depth + (size_t)1, uint32_t);
    TRY_MEM(rq, numbers_of_items);
    buf_char(out, '{');
    for (;;) {
        struct dicom_elem e;
        bool has;
        TRY(dicom_walk_next(&w.walk, &e, &has));
        if (!has) {
            break;
        }
        TRY(event(&w, &e, numbers_of_items));
        if (!buf_ok(out)) {
            return FAIL(rq, E_TOO_LARGE, "DICOM JSON");
        }
    }
    buf_char(out, '}');
    return buf_ok(out) ? OK : FAIL(rq, E_TOO_LARGE, "DICOM JSON");
}
