/* codec/dicom.c - the head of a DICOM file. See dicom.h. Text of the sets is in dicom_text.c. */
#include "codec/dicom.h"

#include <stddef.h>
#include <string.h>

#include "codec/dicom_int.h"

enum {
    MAX_VALUE = 1024, /* bytes of a value worth keeping: LO is 64 characters, PN 3 x 64 */
    MAX_DEPTH = 32,   /* sequences within each other that are followed in a window */
};

enum kind { TEXT, NAME, DATE, SHORT, INTEGER };

/* Fields of the top level, in the order of their tags. */
static const struct field {
    uint32_t tag;
    enum kind kind;
    size_t offset; /* in struct dicom_head */
} fields[] = {
    {DICOM_TAG(0x0002, 0x0010), TEXT, offsetof(struct dicom_head, transfer_syntax)},
    {DICOM_TAG(0x0008, 0x0016), TEXT, offsetof(struct dicom_head, sop_class)},
    {DICOM_TAG(0x0008, 0x0018), TEXT, offsetof(struct dicom_head, sop_instance)},
    {DICOM_TAG(0x0008, 0x0020), DATE, offsetof(struct dicom_head, study_date)},
    {DICOM_TAG(0x0008, 0x0050), TEXT, offsetof(struct dicom_head, accession)},
    {DICOM_TAG(0x0008, 0x0060), TEXT, offsetof(struct dicom_head, modality)},
    {DICOM_TAG(0x0008, 0x0080), TEXT, offsetof(struct dicom_head, institution)},
    {DICOM_TAG(0x0008, 0x1030), TEXT, offsetof(struct dicom_head, study_text)},
    {DICOM_TAG(0x0008, 0x103e), TEXT, offsetof(struct dicom_head, series_text)},
    {DICOM_TAG(0x0010, 0x0010), NAME, offsetof(struct dicom_head, patient_name)},
    {DICOM_TAG(0x0010, 0x0020), TEXT, offsetof(struct dicom_head, patient_id)},
    {DICOM_TAG(0x0010, 0x0030), DATE, offsetof(struct dicom_head, patient_birth)},
    {DICOM_TAG(0x0010, 0x0040), TEXT, offsetof(struct dicom_head, patient_sex)},
    {DICOM_TAG(0x0018, 0x0015), TEXT, offsetof(struct dicom_head, body_part)},
    {DICOM_TAG(0x0020, 0x000d), TEXT, offsetof(struct dicom_head, study)},
    {DICOM_TAG(0x0020, 0x000e), TEXT, offsetof(struct dicom_head, series)},
    {DICOM_TAG(0x0020, 0x0011), INTEGER, offsetof(struct dicom_head, series_number)},
    {DICOM_TAG(0x0020, 0x0013), INTEGER, offsetof(struct dicom_head, instance_number)},
    {DICOM_TAG(0x0028, 0x0008), INTEGER, offsetof(struct dicom_head, frames)},
    {DICOM_TAG(0x0028, 0x0010), SHORT, offsetof(struct dicom_head, rows)},
    {DICOM_TAG(0x0028, 0x0011), SHORT, offsetof(struct dicom_head, columns)},
};

/* YYYYMMDD, or YYYY.MM.DD of old files, as YYYY-MM-DD; p NULL when it is no date. */
static struct str date_text(struct arena *a, struct str s)
{
    char d[10];
    bool dots = s.n == 10 && s.p[4] == '.' && s.p[7] == '.';
    if (s.n != 8 && !dots) {
        return (struct str){NULL, 0};
    }
    memcpy(d, s.p, 4);
    d[4] = d[7] = '-';
    memcpy(d + 5, s.p + (dots ? 5 : 4), 2);
    memcpy(d + 8, s.p + (dots ? 8 : 6), 2);
    struct civil c;
    struct str text = {d, 10};
    return date_parse(text, &c) ? arena_str(a, text) : (struct str){NULL, 0};
}

/* The first group of a name that says something. */
static struct str name_group(struct str raw)
{
    struct str group = str_sub(raw, 0, str_find_char(raw, '='));
    if (group.n == 0 && raw.n > 0) {
        group = str_sub(raw, 1, str_find_char(str_sub(raw, 1, raw.n), '='));
    }
    return dicom_trim(group, "PN");
}

void dicom_head_take(struct arena *a, struct dicom_head *head, const struct dicom_elem *e)
{
    const struct field *f = NULL;
    for (size_t i = 0; i < LEN(fields) && f == NULL; i++) {
        f = fields[i].tag == e->tag ? &fields[i] : NULL;
    }
    if (f == NULL) {
        return;
    }
    char *at = (char *)head + f->offset;
    struct str raw = str_sub(e->value, 0, MAX_VALUE);
    struct str text = {NULL, 0};
    uint32_t number = 0;
    uint64_t big = 0;
    switch (f->kind) {
    case SHORT:
        if (raw.n >= 2) {
            number = dicom_get16((const unsigned char *)raw.p, e->big_endian);
        }
        memcpy(at, &number, sizeof(number));
        return;
    case INTEGER:
        raw = dicom_trim(str_sub(raw, 0, str_find_char(raw, '\\')), "IS");
        if (str_u64(raw, &big) && big <= UINT32_MAX) {
            number = (uint32_t)big;
        }
        memcpy(at, &number, sizeof(number));
        return;
    case DATE:
        text = date_text(a, dicom_trim(str_sub(raw, 0, str_find_char(raw, '\\')), "DA"));
        break;
    case NAME:
        raw = dicom_text(a, e->charset, raw, DICOM_TEXT_NAME, &head->flags);
        text = name_group(raw);
        break;
    case TEXT:
        raw = dicom_text(a, e->charset, raw, DICOM_TEXT_LINE, &head->flags);
        text = dicom_trim(str_sub(raw, 0, str_find_char(raw, '\\')), "LO");
        break;
    }
    if (text.n > 0) {
        memcpy(at, &text, sizeof(text));
    }
}

/* The group 0002: always explicit, little end first. */
static enum err read_meta(struct req *rq, struct str window, struct dicom_head *head, size_t *ret_end)
{
    size_t at = DICOM_START;
    while (window.n - at >= 8 && dicom_get16((const unsigned char *)window.p + at, false) == 2) {
        struct dicom_header h;
        const struct dicom_coding coding = {false, false};
        if (dicom_header_read((const unsigned char *)window.p + at, window.n - at, coding, &h) !=
                DICOM_STEP_OK ||
            h.len > window.n - at - h.size) {
            return FAIL(rq, E_SYNTAX, "DICOM: file meta group at byte %zu", at);
        }
        struct dicom_charset charset = {0};
        struct dicom_elem e = {.tag = h.tag, .charset = &charset};
        e.value = str_sub(window, at + h.size, h.len);
        dicom_head_take(rq->a, head, &e);
        at += h.size + h.len;
    }
    if (head->transfer_syntax.n == 0) {
        return FAIL(rq, E_SYNTAX, "DICOM: no transfer syntax");
    }
    *ret_end = at;
    return OK;
}

static bool is_pixels(uint32_t tag)
{
    return tag == DICOM_TAG(0x7fe0, 0x0008) || tag == DICOM_TAG(0x7fe0, 0x0009) ||
           tag == DICOM_TAG_PIXELS;
}

static enum dicom_step read_data_set(struct req *rq, struct dicom_walk *w, struct dicom_head *head,
                                     uint32_t *ret_tag)
{
    for (;;) {
        struct dicom_elem e;
        enum dicom_step s = dicom_walk_step(w, &e);
        if (s == DICOM_STEP_OK && e.depth > 0) {
            continue;
        }
        if (s == DICOM_STEP_OK || (w->depth == 0 && w->tag != 0)) {
            *ret_tag = s == DICOM_STEP_OK ? e.tag : w->tag;
            if (is_pixels(*ret_tag)) { /* as far as they go */
                head->flags |= DICOM_PIXELS;
                return DICOM_STEP_END;
            }
        }
        if (s != DICOM_STEP_OK) {
            return s;
        }
        if (e.kind == DICOM_VALUE) {
            dicom_head_take(rq->a, head, &e);
        }
    }
}

bool dicom_is(struct str window)
{
    return window.n >= DICOM_START && memcmp(window.p + DICOM_START - 4, "DICM", 4) == 0;
}

enum err dicom_read(struct req *rq, struct str window, bool whole, struct dicom_head *ret_head)
{
    if (!dicom_is(window)) {
        return FAIL(rq, E_MEDIA_TYPE, "not a DICOM file");
    }
    struct dicom_head head = {.flags = 0};
    size_t at = 0;
    TRY(read_meta(rq, window, &head, &at));
    struct str syntax = head.transfer_syntax;
    if (str_eq(syntax, S("1.2.840.10008.1.2.1.99"))) {
        head.flags |= DICOM_DEFLATED;
        *ret_head = head;
        return OK;
    }
    struct dicom_coding coding = {.implicit = str_eq(syntax, S("1.2.840.10008.1.2")),
                                  .big = str_eq(syntax, S("1.2.840.10008.1.2.2"))};
    struct dicom_walk w;
    if (!dicom_walk_over(&w, rq, str_sub(window, at, window.n), at, coding, MAX_DEPTH)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    w.shallow = true; /* what lies in a sequence of known length cannot spoil the rest */
    uint32_t tag = 0;
    enum dicom_step s = read_data_set(rq, &w, &head, &tag);
    bool broken = s == DICOM_STEP_BROKEN || s == DICOM_STEP_LIMIT;
    if (broken || (s == DICOM_STEP_CUT && whole)) {
        head.flags |= DICOM_BROKEN;
    } else if (!whole && tag <= DICOM_HEAD_LAST && (s != DICOM_STEP_END || !is_pixels(tag))) {
        head.flags |= DICOM_CUT;
    }
    *ret_head = head;
    return OK;
}

void dicom_name(struct buf *b, struct str name)
{
    struct str part;
    bool any = false;
    while (str_cut(&name, '^', &part)) {
        part = str_trim(part);
        if (part.n > 0) {
            if (any) {
                buf_char(b, ' ');
            }
            buf_str(b, part);
            any = true;
        }
    }
}
