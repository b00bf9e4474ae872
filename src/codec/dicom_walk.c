/* codec/dicom_walk.c - the elements of a data set, one after the other. See dicom_file.h.
 *
 * Each container that is open has a place on a stack in the arena with the offset it must end at: no
 * length of an element, an item or a sequence reaches beyond what holds it. */
#include <string.h>

#include "codec/dicom_int.h"

enum { FIRST_ROOM = 8 };

enum dicom_step dicom_header_read(const unsigned char *p, size_t left, struct dicom_coding coding,
                                  struct dicom_header *ret_h)
{
    if (left == 0) {
        return DICOM_STEP_END;
    }
    if (left < 8) {
        return DICOM_STEP_CUT;
    }
    struct dicom_header h = {.size = 8};
    h.tag = dicom_get16(p, coding.big) << 16 | dicom_get16(p + 2, coding.big);
    *ret_h = h;
    if (coding.implicit || h.tag >> 16 == 0xfffe) {
        ret_h->len = dicom_get32(p + 4, coding.big);
        return DICOM_STEP_OK;
    }
    if (p[4] < 'A' || p[4] > 'Z' || p[5] < 'A' || p[5] > 'Z') {
        return DICOM_STEP_BROKEN;
    }
    memcpy(ret_h->vr, p + 4, 2);
    if (dicom_is_short(ret_h->vr)) {
        ret_h->len = dicom_get16(p + 6, coding.big);
        return DICOM_STEP_OK;
    }
    if (left < 12) {
        return DICOM_STEP_CUT;
    }
    ret_h->len = dicom_get32(p + 8, coding.big);
    ret_h->size = 12;
    return DICOM_STEP_OK;
}

enum err dicom_fail(struct req *rq, enum err code, uint32_t tag, uint64_t at, const char *what)
{
    return FAIL(rq, code, "(%04x,%04x) at %llu: %s", (unsigned)(tag >> 16),
                (unsigned)(tag & 0xffff), (unsigned long long)at, what);
}

enum err dicom_walk_fail(struct dicom_walk *w, enum dicom_step s)
{
    if (s == DICOM_STEP_MEMORY) {
        return FAIL(w->rq, E_TOO_LARGE, "memory cap");
    }
    return dicom_fail(w->rq, s == DICOM_STEP_LIMIT ? E_TOO_LARGE : E_SYNTAX, w->tag,
                      w->base + w->failed_at, w->what);
}

bool dicom_walk_over(struct dicom_walk *w, struct req *rq, struct str bytes, uint64_t base,
                     struct dicom_coding coding, uint32_t max_depth)
{
    *w = (struct dicom_walk){.rq = rq, .bytes = bytes, .base = base, .room = FIRST_ROOM,
                             .max_depth = max_depth};
    w->levels = ARENA_ARRAY(rq->a, w->room, struct dicom_level);
    if (w->levels == NULL) {
        return false;
    }
    w->levels[0] = (struct dicom_level){.limit = bytes.n, .item_limit = bytes.n, .in_item = true,
                                        .coding = coding, .defined = true, .item_defined = true};
    return true;
}

static enum dicom_step failed(struct dicom_walk *w, enum dicom_step s, uint32_t tag, size_t at,
                              const char *what)
{
    w->tag = tag;
    w->failed_at = at;
    w->what = what;
    return s;
}

static const unsigned char *place(const struct dicom_walk *w)
{
    return (const unsigned char *)w->bytes.p + w->at;
}

/* A header that must lie before limit. Those of items have no representation. */
static enum dicom_step header(struct dicom_walk *w, const struct dicom_level *l, bool item,
                              size_t limit, struct dicom_header *h)
{
    struct dicom_coding coding = {l->coding.implicit || item, l->coding.big};
    enum dicom_step s = dicom_header_read(place(w), limit - w->at, coding, h);
    switch (s) {
    case DICOM_STEP_OK: return s;
    case DICOM_STEP_BROKEN: return failed(w, s, h->tag, w->at, "no value representation");
    default:
        if (limit < w->bytes.n) {
            return failed(w, DICOM_STEP_BROKEN, l->tag, w->at, "the item ends within an element");
        }
        return failed(w, DICOM_STEP_CUT, l->tag, w->at, "the file ends within a header");
    }
}

static enum dicom_step length_fails(struct dicom_walk *w, const struct dicom_header *h, size_t at)
{
    if (h->len > w->bytes.n - w->at) {
        return failed(w, DICOM_STEP_CUT, h->tag, at, "its length runs past the end of the file");
    }
    return failed(w, DICOM_STEP_BROKEN, h->tag, at, "its length runs past the end of what holds it");
}

/* Opens the sequence whose header was just read; the cursor is at its first item. */
static enum dicom_step push(struct dicom_walk *w, const struct dicom_header *h,
                            struct dicom_coding coding, size_t at)
{
    if (w->depth >= w->max_depth) {
        return failed(w, DICOM_STEP_LIMIT, h->tag, at, "nested too deep");
    }
    if (w->depth + 1 == w->room) {
        struct dicom_level *more = ARENA_ARRAY(w->rq->a, w->room * (size_t)2, struct dicom_level);
        if (more == NULL) {
            return DICOM_STEP_MEMORY;
        }
        memcpy(more, w->levels, w->room * sizeof(*more));
        w->levels = more;
        w->room *= 2;
    }
    const struct dicom_level *outer = &w->levels[w->depth];
    bool defined = h->len != DICOM_UNDEFINED;
    w->levels[++w->depth] = (struct dicom_level){
        .limit = defined ? w->at + h->len : outer->item_limit,
        .tag = h->tag,
        .defined = defined,
        .signed_pixels = outer->signed_pixels,
        .coding = coding,
        .charset = outer->charset,
    };
    return DICOM_STEP_OK;
}

/* Passes the items of encapsulated pixel data up to their delimiter (PS3.5 annex A.4). */
static enum dicom_step fragments(struct dicom_walk *w, const struct dicom_level *l, uint32_t tag,
                                 struct dicom_elem *e)
{
    size_t from = w->at;
    for (;;) {
        struct dicom_header h;
        size_t at = w->at;
        enum dicom_step s = header(w, l, true, l->item_limit, &h);
        if (s != DICOM_STEP_OK) {
            w->tag = tag;
            return s;
        }
        w->at += h.size;
        if (h.tag == DICOM_TAG_SEQUENCE_END && h.len == 0) {
            e->kind = DICOM_FRAGMENTS;
            e->value = str_sub(w->bytes, from, at - from);
            return DICOM_STEP_OK;
        }
        if (h.tag != DICOM_TAG_ITEM || h.len == DICOM_UNDEFINED) {
            return failed(w, DICOM_STEP_BROKEN, tag, at, "neither a fragment nor their end");
        }
        if (h.len > l->item_limit - w->at) {
            h.tag = tag;
            return length_fails(w, &h, at);
        }
        w->at += h.len;
    }
}

static bool is_pixels(uint32_t tag)
{
    return tag == DICOM_TAG_PIXELS || tag == DICOM_TAG(0x7fe0, 0x0008) ||
           tag == DICOM_TAG(0x7fe0, 0x0009);
}

/* The representation of an element whose coding does not name it. */
static void implied(const struct dicom_level *l, const struct dicom_header *h, char vr[3])
{
    dicom_dict_vr(h->tag, vr);
    if (vr[0] == 'x') {
        memcpy(vr, l->signed_pixels ? "SS" : "US", 3);
    }
    if (h->len == DICOM_UNDEFINED && memcmp(vr, "UN", 2) == 0) {
        memcpy(vr, "SQ", 3); /* nothing else has an undefined length here */
    }
}

/* What later elements depend on. */
static void note(struct dicom_level *l, const struct dicom_elem *e)
{
    if (e->tag == DICOM_TAG_CHARSET) {
        l->charset = dicom_charset_of(e->value);
    } else if (e->tag == DICOM_TAG(0x0028, 0x0103) && e->value.n >= 2) {
        l->signed_pixels = dicom_get16((const unsigned char *)e->value.p, e->big_endian) == 1;
    }
}

static enum dicom_step element(struct dicom_walk *w, struct dicom_level *l, struct dicom_header *h,
                               struct dicom_elem *e)
{
    size_t at = w->at;
    struct dicom_coding coding = l->coding;
    if (l->coding.implicit) {
        implied(l, h, h->vr);
    } else if (memcmp(h->vr, "UN", 2) == 0 && h->len == DICOM_UNDEFINED) {
        /* of unknown kind and undefined length: written implicitly (PS3.5 6.2.2 note 2) */
        coding = (struct dicom_coding){true, false};
        memcpy(h->vr, "SQ", 3);
    }
    bool sequence = memcmp(h->vr, "SQ", 2) == 0;
    e->tag = h->tag;
    memcpy(e->vr, h->vr, sizeof(e->vr));
    w->unsorted = w->unsorted || (h->tag <= l->last_tag && l->last_tag != 0);
    l->last_tag = h->tag;
    w->at += h->size;
    if (h->len != DICOM_UNDEFINED && h->len > l->item_limit - w->at) {
        return length_fails(w, h, at);
    }
    if (is_pixels(h->tag) && h->len == DICOM_UNDEFINED) {
        return fragments(w, l, h->tag, e);
    }
    if (is_pixels(h->tag) && sequence) { /* written anew it would read as fragments */
        return failed(w, DICOM_STEP_BROKEN, h->tag, at, "pixel data, and a sequence");
    }
    if (sequence && !(w->shallow && h->len != DICOM_UNDEFINED)) {
        e->kind = DICOM_SEQUENCE;
        return push(w, h, coding, at);
    }
    if (h->len == DICOM_UNDEFINED) {
        return failed(w, DICOM_STEP_BROKEN, h->tag, at, "undefined length, and no sequence");
    }
    e->kind = DICOM_VALUE;
    e->value = str_sub(w->bytes, w->at, h->len);
    w->at += h->len;
    note(l, e);
    return DICOM_STEP_OK;
}

/* Zeros up to the end of the file: padding of old media. */
static bool only_zeros(const struct dicom_walk *w)
{
    for (size_t i = w->at; i < w->bytes.n; i++) {
        if (w->bytes.p[i] != 0) {
            return false;
        }
    }
    return true;
}

static enum dicom_step in_item(struct dicom_walk *w, struct dicom_level *l, struct dicom_elem *e)
{
    if (l->item_defined && w->at == l->item_limit) {
        if (w->depth == 0) {
            w->done = true;
            return DICOM_STEP_END;
        }
        l->in_item = false;
        e->kind = DICOM_ITEM_END;
        return DICOM_STEP_OK;
    }
    if (w->depth == 0 && *place(w) == 0 && only_zeros(w)) {
        w->at = w->bytes.n;
        w->done = true;
        return DICOM_STEP_END;
    }
    struct dicom_header h;
    enum dicom_step s = header(w, l, false, l->item_limit, &h);
    if (s != DICOM_STEP_OK) {
        return s;
    }
    if (h.tag == DICOM_TAG_ITEM_END && h.len == 0 && !l->item_defined) {
        w->at += h.size;
        l->in_item = false;
        e->kind = DICOM_ITEM_END;
        return DICOM_STEP_OK;
    }
    if (h.tag >> 16 == 0xfffe) {
        return failed(w, DICOM_STEP_BROKEN, h.tag, w->at, "a delimiter where an element should be");
    }
    return element(w, l, &h, e);
}

static enum dicom_step in_sequence(struct dicom_walk *w, struct dicom_level *l,
                                   struct dicom_elem *e)
{
    struct dicom_header h;
    if (!l->defined || w->at < l->limit) {
        enum dicom_step s = header(w, l, true, l->limit, &h);
        if (s != DICOM_STEP_OK) {
            return s;
        }
        size_t at = w->at;
        w->at += h.size;
        if (h.tag == DICOM_TAG_ITEM) {
            bool defined = h.len != DICOM_UNDEFINED;
            if (defined && h.len > l->limit - w->at) {
                return length_fails(w, &h, at);
            }
            const struct dicom_level *outer = &w->levels[w->depth - 1];
            l->charset = outer->charset;
            l->signed_pixels = outer->signed_pixels;
            l->in_item = true;
            l->item_defined = defined;
            l->item_limit = defined ? w->at + h.len : l->limit;
            l->last_tag = 0;
            if (w->shallow && defined) {
                w->at += h.len;
                l->in_item = false;
            }
            e->kind = DICOM_ITEM;
            e->item = l->item++;
            return DICOM_STEP_OK;
        }
        if (h.tag != DICOM_TAG_SEQUENCE_END || h.len != 0 || l->defined) {
            return failed(w, DICOM_STEP_BROKEN, h.tag, at, "neither an item nor the sequence's end");
        }
    }
    w->depth--;
    e->kind = DICOM_SEQUENCE_END;
    e->depth = w->depth;
    return DICOM_STEP_OK;
}

enum dicom_step dicom_walk_step(struct dicom_walk *w, struct dicom_elem *ret_elem)
{
    if (w->done) {
        return DICOM_STEP_END;
    }
    struct dicom_level *l = &w->levels[w->depth];
    struct dicom_elem e = {
        .tag = l->tag,
        .big_endian = l->coding.big,
        .depth = w->depth,
        .item = l->item == 0 ? 0 : l->item - 1,
        .at = w->base + w->at,
        .charset = &l->charset,
    };
    enum dicom_step s = l->in_item ? in_item(w, l, &e) : in_sequence(w, l, &e);
    if (s == DICOM_STEP_OK) {
        *ret_elem = e;
    }
    return s;
}

enum err dicom_walk_next(struct dicom_walk *w, struct dicom_elem *ret_elem, bool *ret_has)
{
    enum dicom_step s = dicom_walk_step(w, ret_elem);
    if (s != DICOM_STEP_OK && s != DICOM_STEP_END) {
        return dicom_walk_fail(w, s);
    }
    *ret_has = s == DICOM_STEP_OK;
    return OK;
}

enum err dicom_walk_skip(struct dicom_walk *w)
{
    struct dicom_level *l = &w->levels[w->depth];
    uint32_t depth = w->depth;
    bool item = l->in_item;
    if (item && l->item_defined) {
        w->at = l->item_limit;
        l->in_item = depth == 0;
        return OK;
    }
    if (!item && l->defined) {
        w->at = l->limit;
        w->depth--;
        return OK;
    }
    while (item ? w->depth > depth || w->levels[depth].in_item : w->depth >= depth) {
        struct dicom_elem e;
        enum dicom_step s = dicom_walk_step(w, &e);
        if (s != DICOM_STEP_OK) {
            return dicom_walk_fail(w, s);
        }
    }
    return OK;
}
