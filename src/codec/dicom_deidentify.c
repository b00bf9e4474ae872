/* codec/dicom_deidentify.c - rewriting a DICOM file without identity. See dicom_deidentify.h. */
#include "codec/dicom_deidentify.h"

#include <openssl/hmac.h>
#include <string.h>

#include "base/instant.h"
#include "codec/dicom_head.h"
#include "codec/dicom_int.h"

enum {
    NAME = 0x00100010,
    BIRTH_DATE = 0x00100030,
    BIRTH_TIME = 0x00100032,
    DOCUMENT = 0x00420011,
    DATE_DIGITS = 8,
    SLACK = 64 * 1024, /* a rewritten head may be longer than what it was made from, per 64 KiB */
    SHORT_MAX = 0xfffe,
};

/* Actions of the table, and what is known beside it. */
enum action {
    KEEP = 'K',
    REMOVE = 'X',
    EMPTY = 'Z',
    STAND_IN = 'D',
    UID = 'U',
    SHIFT = 'S',
};

/* UIDs that name kinds of things, never a patient's. */
static const uint32_t kinds_of_uid[] = {
    0x00080016, 0x0008001a, 0x0008001b, 0x00080062, 0x0008010c,
    0x00080117, 0x00080118, 0x00081150, 0x0008115a, 0x00083002,
};

/* What is set at the top, in order; what the file said there goes. */
static const uint32_t added[] = {NAME, 0x00100020, 0x00120062, 0x00120063, 0x00120064, 0x00280303};

struct work {
    struct req *rq;
    const struct dicom_deidentify *how;
    struct buf head;
    struct buf tail;
    struct buf *out;   /* the one in use */
    struct str pixels;
    size_t n_added;
};

/* ---- writing explicit little endian ---- */

static void put_tag(struct buf *b, uint32_t tag)
{
    dicom_put_u16(b, tag >> 16);
    dicom_put_u16(b, tag & 0xffff);
}

static void put_head(struct buf *b, uint32_t tag, const char *vr, size_t n)
{
    put_tag(b, tag);
    if (dicom_is_short(vr) && n <= SHORT_MAX) {
        buf_bytes(b, vr, 2);
        dicom_put_u16(b, (uint32_t)n);
        return;
    }
    buf_bytes(b, dicom_is_short(vr) ? "UN" : vr, 2); /* PS3.5 6.2.2: too long for its own kind */
    dicom_put_u16(b, 0);
    dicom_put_u32(b, (uint32_t)n);
}

static void put_value(struct buf *b, uint32_t tag, const char *vr, struct str v)
{
    put_head(b, tag, vr, v.n + v.n % 2);
    buf_str(b, v);
    if (v.n % 2 != 0) {
        buf_char(b, dicom_is_text(vr) && memcmp(vr, "UI", 2) != 0 ? ' ' : '\0');
    }
}

static void put_mark(struct buf *b, uint32_t tag, uint32_t len)
{
    put_tag(b, tag);
    dicom_put_u32(b, len);
}

/* Of a big endian value, with the bytes of each unit turned round. */
static struct str little(struct work *w, const struct dicom_elem *e)
{
    size_t unit = MAX(dicom_number_size(e->vr), dicom_unit(e->vr));
    unit = memcmp(e->vr, "AT", 2) == 0 ? 2 : unit;
    if (!e->big_endian || unit <= 1 || e->value.n == 0) {
        return e->value;
    }
    char *turned = arena_alloc_raw(w->rq->a, e->value.n);
    if (turned == NULL) {
        w->out->failed = true;
        return S("");
    }
    dicom_swap(e->value, unit, turned);
    return (struct str){turned, e->value.n};
}

/* ---- values that stand for others ---- */

/* The UID that stands for uid in an export. */
static struct str new_uid(struct req *rq, const uint8_t secret[DICOM_SECRET], struct str uid)
{
    uint8_t mac[EVP_MAX_MD_SIZE] = {0};
    unsigned n = 0;
    char *out = arena_alloc_raw(rq->a, DICOM_UUID_UID);
    if (out == NULL ||
        HMAC(EVP_sha256(), secret, DICOM_SECRET, (const unsigned char *)uid.p, uid.n, mac, &n) == NULL) {
        return S("");
    }
    return (struct str){out, dicom_uid_make(mac, out)};
}

static void put_uids(struct work *w, const struct dicom_elem *e)
{
    struct buf b;
    struct str rest = e->value;
    struct str one;
    buf_init(&b, w->rq->a, e->value.n * DICOM_UUID_UID + DICOM_UUID_UID);
    for (bool first = true; str_cut(&rest, '\\', &one); first = false) {
        one = dicom_trim(one, "UI");
        if (!first) {
            buf_char(&b, '\\');
        }
        bool of_standard = one.n == 0 || str_starts(one, S("1.2.840.10008."));
        buf_str(&b, of_standard ? one : new_uid(w->rq, w->how->secret, one));
    }
    w->out->failed = w->out->failed || !buf_ok(&b);
    put_value(w->out, e->tag, "UI", buf_get(&b));
}

/* YYYYMMDD moved by days; false when it is no date. */
static bool shift_date(struct str s, int32_t days, struct buf *out)
{
    uint64_t n = 0;
    if (s.n < DATE_DIGITS || !str_u64(str_sub(s, 0, DATE_DIGITS), &n)) {
        return false;
    }
    struct civil c = {.year = (int)(n / 10000), .month = (int)(n / 100 % 100), .day = (int)(n % 100)};
    if (!civil_is_valid(&c)) {
        return false;
    }
    int64_t day = civil_days(c.year, c.month, c.day) + days;
    c = instant_civil((struct instant){day * 24 * 3600 * 1000}, 0);
    if (c.year < 1 || c.year > 9999) {
        return false;
    }
    buf_u64_pad(out, (uint64_t)c.year, 4);
    buf_u64_pad(out, (uint64_t)c.month, 2);
    buf_u64_pad(out, (uint64_t)c.day, 2);
    return true;
}

/* Dates and the dates of times are moved, the zone a time is of is left out. What is no date goes. */
static void put_shifted(struct work *w, const struct dicom_elem *e)
{
    struct buf b;
    struct str rest = e->value;
    struct str one;
    buf_init(&b, w->rq->a, e->value.n * 2 + DATE_DIGITS);
    for (bool first = true; str_cut(&rest, '\\', &one); first = false) {
        one = dicom_trim(one, e->vr);
        if (!first) {
            buf_char(&b, '\\');
        }
        if (e->vr[0] == 'D' && shift_date(one, w->how->days, &b)) {
            one = str_sub(one, DATE_DIGITS, one.n);
        } else if (e->vr[0] == 'D') {
            continue;
        }
        for (size_t i = 0; i < one.n; i++) {
            if ((one.p[i] < '0' || one.p[i] > '9') && one.p[i] != '.') {
                break;
            }
            buf_char(&b, one.p[i]);
        }
    }
    w->out->failed = w->out->failed || !buf_ok(&b);
    put_value(w->out, e->tag, e->vr, buf_get(&b));
}

static void put_stand_in(struct work *w, const struct dicom_elem *e)
{
    static const struct {
        char vr[3];
        struct str v;
    } dummies[] = {
        {"DA", SI("19000101")}, {"DT", SI("19000101000000")}, {"TM", SI("000000")},
        {"IS", SI("0")},        {"DS", SI("0")},              {"AS", SI("000Y")},
        {"PN", SI("ANON")},     {"UR", SI("about:blank")},
    };
    static const char zeros[8];
    struct str v = dicom_is_text(e->vr) ? S("ANON") : S("");
    if (e->vr[0] == 'U' && e->vr[1] == 'I') {
        put_uids(w, e);
        return;
    }
    for (size_t i = 0; i < LEN(dummies); i++) {
        if (memcmp(dummies[i].vr, e->vr, 2) == 0) {
            v = dummies[i].v;
        }
    }
    if (v.n == 0) {
        v = (struct str){zeros, MAX(dicom_number_size(e->vr), dicom_unit(e->vr))};
    }
    put_value(w->out, e->tag, e->vr, v);
}

/* ---- what becomes of an element ---- */

static bool is_time(const char vr[2])
{
    return memcmp(vr, "DA", 2) == 0 || memcmp(vr, "DT", 2) == 0 || memcmp(vr, "TM", 2) == 0;
}

/* Without a row in the table. */
static enum action by_kind(const struct dicom_elem *e)
{
    static const char gone[] = "UNPNDADTTMLTSTUTUR";
    for (size_t i = 0; i + 1 < sizeof(gone); i += 2) {
        if (memcmp(e->vr, gone + i, 2) == 0) {
            return REMOVE;
        }
    }
    if (memcmp(e->vr, "UI", 2) != 0) {
        return dicom_dict_name(e->tag).n == 0 ? REMOVE : KEEP;
    }
    for (size_t i = 0; i < LEN(kinds_of_uid); i++) {
        if (kinds_of_uid[i] == e->tag) {
            return KEEP;
        }
    }
    return UID;
}

static enum action action_of(const struct work *w, const struct dicom_elem *e)
{
    uint32_t group = e->tag >> 16;
    if (group % 2 != 0 || group <= 2 || (e->tag & 0xffff) == 0 || (group & 0xff00) == 0x5000 ||
        (group & 0xff00) == 0x6000) {
        return REMOVE;
    }
    if (w->how->shift && is_time(e->vr) && e->tag != BIRTH_DATE && e->tag != BIRTH_TIME) {
        return SHIFT;
    }
    size_t from = 0;
    size_t to = dicom_actions_count;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (dicom_actions[mid].tag == e->tag) {
            return (enum action)dicom_actions[mid].what;
        }
        if (dicom_actions[mid].tag < e->tag) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return by_kind(e);
}

/* ---- what is said in their place ---- */

static void put_code(struct buf *b, struct str code, struct str meaning)
{
    put_mark(b, DICOM_TAG_ITEM, DICOM_UNDEFINED);
    put_value(b, 0x00080100, "SH", code);
    put_value(b, 0x00080102, "SH", S("DCM"));
    put_value(b, 0x00080104, "LO", meaning);
    put_mark(b, DICOM_TAG_ITEM_END, 0);
}

static void put_added(struct work *w, uint32_t tag)
{
    struct buf *b = w->out;
    switch (tag) {
    case NAME: put_value(b, tag, "PN", w->how->pseudonym); break;
    case 0x00100020: put_value(b, tag, "LO", w->how->pseudonym); break;
    case 0x00120062: put_value(b, tag, "CS", S("YES")); break;
    case 0x00120063:
        put_value(b, tag, "LO", S("PS3.15 E.1 Basic Profile, content/dicom/deidentify.json"));
        break;
    case 0x00280303: put_value(b, tag, "CS", w->how->shift ? S("MODIFIED") : S("REMOVED")); break;
    default: /* PS3.16 CID 7050 */
        put_head(b, tag, "SQ", DICOM_UNDEFINED);
        put_code(b, S("113100"), S("Basic Application Confidentiality Profile"));
        if (w->how->shift) {
            put_code(b, S("113107"),
                     S("Retain Longitudinal Temporal Information Modified Dates Option"));
        }
        put_mark(b, DICOM_TAG_SEQUENCE_END, 0);
    }
}

/* Those that stand before tag, and tag itself: true when it is one of them. */
static bool add_before(struct work *w, uint32_t tag)
{
    while (w->n_added < LEN(added) && added[w->n_added] <= tag) {
        put_added(w, added[w->n_added++]);
    }
    for (size_t i = 0; i < LEN(added); i++) {
        if (added[i] == tag) {
            return true;
        }
    }
    return false;
}

/* ---- one after the other ---- */

static void put_element(struct work *w, const struct dicom_elem *e)
{
    switch (action_of(w, e)) {
    case REMOVE: return;
    case EMPTY: put_value(w->out, e->tag, e->vr, S("")); return;
    case STAND_IN: put_stand_in(w, e); return;
    case UID: put_uids(w, e); return;
    case SHIFT: put_shifted(w, e); return;
    case KEEP: break;
    }
    struct str v = little(w, e);
    if (e->depth == 0 && e->tag == DICOM_TAG_PIXELS && w->pixels.p == NULL && v.n % 2 == 0) {
        put_head(w->out, e->tag, e->vr, v.n);
        w->pixels = v;
        w->out = &w->tail;
        return;
    }
    put_value(w->out, e->tag, e->vr, v);
}

static void put_fragments(struct work *w, const struct dicom_elem *e)
{
    put_head(w->out, e->tag, "OB", DICOM_UNDEFINED);
    if (e->depth == 0 && w->pixels.p == NULL) {
        w->pixels = e->value;
        w->out = &w->tail;
    } else {
        buf_str(w->out, e->value);
    }
    put_mark(w->out, DICOM_TAG_SEQUENCE_END, 0);
}

static enum err put_sequence(struct work *w, struct dicom_walk *walk, const struct dicom_elem *e)
{
    enum action a = action_of(w, e);
    if (a == REMOVE || a == EMPTY) {
        if (a == EMPTY) {
            put_head(w->out, e->tag, "SQ", 0);
        }
        return dicom_walk_skip(walk);
    }
    put_head(w->out, e->tag, "SQ", DICOM_UNDEFINED);
    return OK;
}

static enum err put_all(struct work *w, struct dicom_walk *walk)
{
    for (;;) {
        struct dicom_elem e;
        bool has = false;
        TRY(dicom_walk_next(walk, &e, &has));
        if (!has) {
            (void)add_before(w, UINT32_MAX);
            return OK;
        }
        bool starts = e.kind == DICOM_VALUE || e.kind == DICOM_SEQUENCE || e.kind == DICOM_FRAGMENTS;
        if (starts && e.depth == 0 && add_before(w, e.tag)) {
            if (e.kind == DICOM_SEQUENCE) {
                TRY(dicom_walk_skip(walk));
            }
            continue;
        }
        switch (e.kind) {
        case DICOM_VALUE: put_element(w, &e); break;
        case DICOM_FRAGMENTS: put_fragments(w, &e); break;
        case DICOM_SEQUENCE: TRY(put_sequence(w, walk, &e)); break;
        case DICOM_ITEM: put_mark(w->out, DICOM_TAG_ITEM, DICOM_UNDEFINED); break;
        case DICOM_ITEM_END: put_mark(w->out, DICOM_TAG_ITEM_END, 0); break;
        case DICOM_SEQUENCE_END: put_mark(w->out, DICOM_TAG_SEQUENCE_END, 0); break;
        }
    }
}

/* The value of a top level UID. */
static enum err uid_of(struct req *rq, const struct dicom_file *f, struct str path, struct str *ret_uid)
{
    struct dicom_elem e;
    bool has = false;
    TRY(dicom_find(rq, f, path, &e, &has));
    *ret_uid = has && e.kind == DICOM_VALUE ? dicom_trim(e.value, "UI") : S("");
    return OK;
}

static enum err put_meta(struct work *w, const struct dicom_file *f, struct str syntax)
{
    struct str sop_class;
    struct str instance;
    TRY(uid_of(w->rq, f, S("00080016"), &sop_class));
    TRY(uid_of(w->rq, f, S("00080018"), &instance));
    dicom_head_write(&w->head, &(struct dicom_meta){
        .sop_class = sop_class,
        .sop_instance = instance.n == 0 ? instance : new_uid(w->rq, w->how->secret, instance),
        .syntax = syntax});
    return OK;
}

static enum err check_pseudonym(struct req *rq, struct str s)
{
    bool good = s.n > 0 && s.n <= DICOM_PSEUDONYM_MAX;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        good = good && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        c == '-' || c == '_');
    }
    return good ? OK : FAIL(rq, E_BAD_INPUT, "pseudonym");
}

enum err dicom_deidentify(struct req *rq, const struct dicom_file *f,
                          const struct dicom_deidentify *how, struct dicom_clean *ret_clean)
{
    static const struct str native = SI("1.2.840.10008.1.2.1");
    struct dicom_walk walk;
    enum dicom_risk risk = DICOM_RISK_LOW;
    TRY(check_pseudonym(rq, how->pseudonym));
    TRY(dicom_deidentify_risk(rq, f, &risk));
    if (risk == DICOM_RISK_DOCUMENT) {
        return FAIL(rq, E_UNSUPPORTED, "(0042,0011): a document cannot be de-identified");
    }
    bool plain = f->implicit_vr || f->big_endian || f->deflated;
    if (f->deflated && !str_eq(f->transfer_syntax, S("1.2.840.10008.1.2.1.99"))) {
        return FAIL(rq, E_UNSUPPORTED, "(0002,0010): pixels are elsewhere");
    }
    struct work w = {.rq = rq, .how = how};
    size_t small = f->data_set.n - f->pixels.n;
    buf_init(&w.head, rq->a, SLACK + small * 2 + f->elements * (size_t)16);
    buf_init(&w.tail, rq->a, SLACK + small * 2 + f->elements * (size_t)16);
    w.out = &w.head;
    TRY(put_meta(&w, f, plain ? native : f->transfer_syntax));
    TRY(dicom_walk_begin(rq, f, &walk));
    TRY(put_all(&w, &walk));
    if (!buf_ok(&w.head) || !buf_ok(&w.tail)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    ret_clean->head = buf_get(&w.head);
    ret_clean->pixels = w.pixels.p == NULL ? S("") : w.pixels;
    ret_clean->tail = buf_get(&w.tail);
    return OK;
}

/* ---- what may still tell ---- */

/* Kinds of pictures that are known to have names written into them. */
static bool is_risky(struct str modality)
{
    static const char *const kinds[] = {"US", "IVUS", "OT", "XA", "RF",  "XC",
                                        "ES", "GM",   "DOC", "SC", "DG", "EPS"};
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_eq(modality, str_z(kinds[i]))) {
            return true;
        }
    }
    return false;
}

enum err dicom_deidentify_risk(struct req *rq, const struct dicom_file *f, enum dicom_risk *ret_risk)
{
    struct dicom_walk walk;
    enum dicom_risk risk = DICOM_RISK_LOW;
    TRY(dicom_walk_begin(rq, f, &walk));
    for (;;) {
        struct dicom_elem e;
        bool has = false;
        TRY(dicom_walk_next(&walk, &e, &has));
        if (!has) {
            break;
        }
        struct str v = e.kind == DICOM_VALUE ? dicom_trim(e.value, e.vr) : S("");
        bool says = (e.tag == 0x00280301 || e.tag == 0x00280302) && str_eq(v, S("YES"));
        bool kind = (e.tag == 0x00080060 && is_risky(v)) ||
                    (e.tag == DICOM_TAG_SOP_CLASS &&
                     str_starts(v, S("1.2.840.10008.5.1.4.1.1.7"))) ||
                    e.tag == 0x00080064; /* Conversion Type: it was made from something else */
        if (e.tag == DOCUMENT) {
            risk = DICOM_RISK_DOCUMENT;
        } else if ((says || kind) && risk == DICOM_RISK_LOW) {
            risk = DICOM_RISK_BURNED;
        }
    }
    *ret_risk = risk;
    return OK;
}
