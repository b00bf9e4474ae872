/* codec/dicom.c - the head of a DICOM file. See dicom.h. Text of the sets is in dicom_text.c. */
#include "codec/dicom.h"

#include <stddef.h>
#include <string.h>

#include "codec/dicom_int.h"

enum {
    PREAMBLE = 128,
    MAX_VALUE = 1024, /* bytes of a value worth keeping: LO is 64 characters, PN 3 x 64 */
    MAX_DEPTH = 32,   /* sequences and items of undefined length within each other */
};

#define UNDEFINED UINT32_C(0xffffffff)
#define TAG(group, element) (UINT32_C(group) << 16 | UINT32_C(element))
#define TAG_ITEM TAG(0xfffe, 0xe000)
#define TAG_ITEM_END TAG(0xfffe, 0xe00d)
#define TAG_SEQUENCE_END TAG(0xfffe, 0xe0dd)
#define TAG_LAST_FIELD TAG(0x0028, 0x0011)

/* How a data set is written. */
struct coding {
    bool implicit;
    bool big;
};

struct element {
    uint32_t tag;
    uint32_t len;
    char vr[2]; /* "  " when implicit */
};

/* What a container of undefined length waits for. */
struct open {
    bool sequence; /* else an item */
    struct coding coding;
};

struct reader {
    struct req *rq;
    const unsigned char *base;
    size_t n;
    size_t at;
    struct dicom_charset charset;
    struct dicom_head head;
};

enum kind { TEXT, NAME, DATE, SHORT, INTEGER };

/* Fields of the top level, in the order of their tags. */
static const struct field {
    uint32_t tag;
    enum kind kind;
    size_t offset; /* in struct dicom_head */
} fields[] = {
    {TAG(0x0002, 0x0010), TEXT, offsetof(struct dicom_head, transfer_syntax)},
    {TAG(0x0008, 0x0016), TEXT, offsetof(struct dicom_head, sop_class)},
    {TAG(0x0008, 0x0018), TEXT, offsetof(struct dicom_head, sop_instance)},
    {TAG(0x0008, 0x0020), DATE, offsetof(struct dicom_head, study_date)},
    {TAG(0x0008, 0x0050), TEXT, offsetof(struct dicom_head, accession)},
    {TAG(0x0008, 0x0060), TEXT, offsetof(struct dicom_head, modality)},
    {TAG(0x0008, 0x0080), TEXT, offsetof(struct dicom_head, institution)},
    {TAG(0x0008, 0x1030), TEXT, offsetof(struct dicom_head, study_text)},
    {TAG(0x0008, 0x103e), TEXT, offsetof(struct dicom_head, series_text)},
    {TAG(0x0010, 0x0010), NAME, offsetof(struct dicom_head, patient_name)},
    {TAG(0x0010, 0x0020), TEXT, offsetof(struct dicom_head, patient_id)},
    {TAG(0x0010, 0x0030), DATE, offsetof(struct dicom_head, patient_birth)},
    {TAG(0x0010, 0x0040), TEXT, offsetof(struct dicom_head, patient_sex)},
    {TAG(0x0018, 0x0015), TEXT, offsetof(struct dicom_head, body_part)},
    {TAG(0x0020, 0x000d), TEXT, offsetof(struct dicom_head, study)},
    {TAG(0x0020, 0x000e), TEXT, offsetof(struct dicom_head, series)},
    {TAG(0x0020, 0x0011), INTEGER, offsetof(struct dicom_head, series_number)},
    {TAG(0x0020, 0x0013), INTEGER, offsetof(struct dicom_head, instance_number)},
    {TAG(0x0028, 0x0008), INTEGER, offsetof(struct dicom_head, frames)},
    {TAG(0x0028, 0x0010), SHORT, offsetof(struct dicom_head, rows)},
    {TAG(0x0028, 0x0011), SHORT, offsetof(struct dicom_head, columns)},
};

static uint32_t get16(const unsigned char *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const unsigned char *p, bool big)
{
    return big ? get16(p, true) << 16 | get16(p + 2, true)
               : get16(p + 2, false) << 16 | get16(p, false);
}

static uint32_t get_tag(const unsigned char *p, bool big)
{
    return get16(p, big) << 16 | get16(p + 2, big);
}

/* Value representations whose length has 32 bits after two reserved bytes (PS3.5 7.1.2). */
static bool is_long(const char vr[2])
{
    static const char names[][3] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                    "SV", "UC", "UN", "UR", "UT", "UV"};
    for (size_t i = 0; i < LEN(names); i++) {
        if (memcmp(vr, names[i], 2) == 0) {
            return true;
        }
    }
    return false;
}

enum step { STEP_OK, STEP_END, STEP_CUT, STEP_BROKEN };

/* Reads tag, representation and length; the cursor is then at the value. */
static enum step next_element(struct reader *r, struct coding coding, struct element *e)
{
    const unsigned char *p = r->base + r->at;
    size_t left = r->n - r->at;
    if (left == 0) {
        return STEP_END;
    }
    if (left < 8) {
        return STEP_CUT;
    }
    e->tag = get_tag(p, coding.big);
    memcpy(e->vr, "  ", 2);
    if (coding.implicit || e->tag >> 16 == 0xfffe) {
        e->len = get32(p + 4, coding.big);
        r->at += 8;
        return STEP_OK;
    }
    memcpy(e->vr, p + 4, 2);
    if (e->vr[0] < 'A' || e->vr[0] > 'Z' || e->vr[1] < 'A' || e->vr[1] > 'Z') {
        return STEP_BROKEN;
    }
    if (!is_long(e->vr)) {
        e->len = get16(p + 6, coding.big);
        r->at += 8;
        return STEP_OK;
    }
    if (left < 12) {
        return STEP_CUT;
    }
    e->len = get32(p + 8, coding.big);
    r->at += 12;
    return STEP_OK;
}

static enum step skip_value(struct reader *r, uint32_t len)
{
    if (len > r->n - r->at) {
        r->at = r->n;
        return STEP_CUT;
    }
    r->at += len;
    return STEP_OK;
}

/* Undefined length: content is passed over until its end. Defined lengths are skipped whole. */
static enum step skip_undefined(struct reader *r, struct coding coding, const char vr[2])
{
    struct open stack[MAX_DEPTH];
    size_t depth = 1;
    /* what is of unknown kind and undefined length is written implicitly (PS3.5 6.2.2 note 2) */
    bool unknown = memcmp(vr, "UN", 2) == 0;
    stack[0] = (struct open){true, unknown ? (struct coding){true, false} : coding};
    while (depth > 0) {
        struct open *top = &stack[depth - 1];
        struct element e;
        enum step s = next_element(r, top->coding, &e);
        if (s != STEP_OK) {
            return s == STEP_END ? STEP_CUT : s;
        }
        bool end = e.tag == (top->sequence ? TAG_SEQUENCE_END : TAG_ITEM_END);
        if (end) {
            depth--;
            continue;
        }
        if (top->sequence ? e.tag != TAG_ITEM : e.tag >> 16 == 0xfffe) {
            return STEP_BROKEN;
        }
        if (e.len != UNDEFINED) {
            s = skip_value(r, e.len);
            if (s != STEP_OK) {
                return s;
            }
            continue;
        }
        if (depth == MAX_DEPTH) {
            return STEP_BROKEN;
        }
        struct open inner = {!top->sequence, top->coding};
        if (!top->sequence && memcmp(e.vr, "UN", 2) == 0) {
            inner.coding = (struct coding){true, false};
        }
        stack[depth++] = inner;
    }
    return STEP_OK;
}

static struct str trimmed(struct str s)
{
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == 0)) {
        s.n--;
    }
    while (s.n > 0 && *s.p == ' ') {
        s = str_sub(s, 1, s.n);
    }
    return s;
}

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

static void keep(struct reader *r, const struct field *f, struct coding coding, struct str raw)
{
    char *at = (char *)&r->head + f->offset;
    struct str text = {NULL, 0};
    uint32_t number = 0;
    uint64_t big = 0;
    struct str first = trimmed(str_sub(raw, 0, str_find_char(raw, '\\')));
    switch (f->kind) {
    case SHORT:
        if (raw.n >= 2) {
            number = get16((const unsigned char *)raw.p, coding.big);
        }
        memcpy(at, &number, sizeof(number));
        return;
    case INTEGER:
        if (str_u64(first, &big) && big <= UINT32_MAX) {
            number = (uint32_t)big;
        }
        memcpy(at, &number, sizeof(number));
        return;
    case DATE: text = date_text(r->rq->a, first); break;
    case NAME: {
        struct str group = str_sub(raw, 0, str_find_char(raw, '='));
        if (group.n == 0 && raw.n > 0) {
            group = str_sub(raw, 1, str_find_char(str_sub(raw, 1, raw.n), '='));
        }
        text = dicom_text(r->rq->a, &r->charset, trimmed(group), &r->head.flags);
        break;
    }
    case TEXT: text = dicom_text(r->rq->a, &r->charset, first, &r->head.flags); break;
    }
    if (text.n > 0) {
        memcpy(at, &text, sizeof(text));
    }
}

static void take(struct reader *r, const struct element *e, struct coding coding)
{
    struct str raw = {(const char *)r->base + r->at, MIN(e->len, (uint32_t)MAX_VALUE)};
    if (e->tag == TAG(0x0008, 0x0005)) {
        r->charset = dicom_charset_of(raw);
        return;
    }
    for (size_t i = 0; i < LEN(fields); i++) {
        if (fields[i].tag == e->tag) {
            keep(r, &fields[i], coding, raw);
            return;
        }
    }
}

/* The group 0002: always explicit, little end first. */
static enum err read_meta(struct reader *r)
{
    const struct coding coding = {false, false};
    r->at = PREAMBLE + 4;
    while (r->n - r->at >= 8 && get16(r->base + r->at, false) == 2) {
        struct element e;
        if (next_element(r, coding, &e) != STEP_OK || e.len > r->n - r->at) {
            return FAIL(r->rq, E_SYNTAX, "DICOM: file meta group at byte %zu", r->at);
        }
        take(r, &e, coding);
        r->at += e.len;
    }
    if (r->head.transfer_syntax.n == 0) {
        return FAIL(r->rq, E_SYNTAX, "DICOM: no transfer syntax");
    }
    return OK;
}

static enum step read_data_set(struct reader *r, struct coding coding, uint32_t *ret_tag)
{
    for (;;) {
        struct element e;
        enum step s = next_element(r, coding, &e);
        if (s != STEP_OK) {
            return s;
        }
        *ret_tag = e.tag;
        if (e.tag == TAG(0x7fe0, 0x0008) || e.tag == TAG(0x7fe0, 0x0009)
            || e.tag == TAG(0x7fe0, 0x0010)) {
            r->head.flags |= DICOM_PIXELS;
            return STEP_END;
        }
        if (e.tag >> 16 == 0xfffe) {
            return STEP_BROKEN;
        }
        if (e.len == UNDEFINED) {
            s = skip_undefined(r, coding, e.vr);
        } else {
            if (e.len <= r->n - r->at) {
                take(r, &e, coding);
            }
            s = skip_value(r, e.len);
        }
        if (s != STEP_OK) {
            return s;
        }
    }
}

bool dicom_is(struct str window)
{
    return window.n >= PREAMBLE + 4 && memcmp(window.p + PREAMBLE, "DICM", 4) == 0;
}

enum err dicom_read(struct req *rq, struct str window, bool whole, struct dicom_head *ret_head)
{
    if (!dicom_is(window)) {
        return FAIL(rq, E_MEDIA_TYPE, "not a DICOM file");
    }
    struct reader r = {.rq = rq, .base = (const unsigned char *)window.p, .n = window.n};
    TRY(read_meta(&r));
    struct str syntax = r.head.transfer_syntax;
    if (str_eq(syntax, S("1.2.840.10008.1.2.1.99"))) {
        r.head.flags |= DICOM_DEFLATED;
        *ret_head = r.head;
        return OK;
    }
    struct coding coding = {.implicit = str_eq(syntax, S("1.2.840.10008.1.2")),
                            .big = str_eq(syntax, S("1.2.840.10008.1.2.2"))};
    uint32_t tag = 0;
    enum step s = read_data_set(&r, coding, &tag);
    if (s == STEP_BROKEN || (s == STEP_CUT && whole)) {
        r.head.flags |= DICOM_BROKEN;
    } else if (!whole && tag <= TAG_LAST_FIELD && s != STEP_OK) {
        r.head.flags |= DICOM_CUT;
    }
    *ret_head = r.head;
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
