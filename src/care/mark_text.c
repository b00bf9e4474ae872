/* care/mark_text.c - marks in words, and as the JSON of viewers. See mark.h. */
#include "care/mark_int.h"

#include "base/text.h"
#include "care/modality.h"
#include "care/sign_doc.h"
#include "codec/utf8.h"
#include "dicom/study.h"

static const struct kind {
    struct str code;
    struct str brief; /* as viewers call it */
    const char *title;
} kinds[MARK_TOOLS] = {
    [MARK_LENGTH] = {SI("length"), SI("length"), T("Length")},
    [MARK_ANGLE] = {SI("angle"), SI("angle"), T("Angle")},
    [MARK_COBB] = {SI("cobb-angle"), SI("cobb"), T("Cobb angle")},
    [MARK_ELLIPSE] = {SI("ellipse"), SI("ellipse"), T("Ellipse")},
    [MARK_KEY] = {SI("key-image"), SI("key"), T("Key image")},
};

bool mark_tool_find(struct str name, enum mark_tool *ret_tool)
{
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_eq(kinds[i].code, name) || str_eq(kinds[i].brief, name)) {
            *ret_tool = (enum mark_tool)i;
            return true;
        }
    }
    return false;
}

struct str mark_tool_code(enum mark_tool tool)
{
    return kinds[tool].code;
}

const char *mark_tool_title(enum mark_tool tool)
{
    return kinds[tool].title;
}

static const struct why {
    struct str code;
    const char *length; /* msgid */
} whys[MARK_WHYS] = {
    [MARK_WHY_UNKNOWN] = {SI(""), T("{n} points of the image (true size not known)")},
    [MARK_WHY_OUTSIDE] = {SI("outside"), T("{n} points of the image (outside the calibrated regions)")},
    [MARK_WHY_ACROSS] = {SI("across"), T("{n} points of the image (across two regions)")},
    [MARK_WHY_UNITS] = {SI("units"), T("{n} points of the image (the region is not in centimetres)")},
};

struct str mark_why_code(enum mark_why why)
{
    return whys[why].code;
}

enum mark_why mark_why_of(struct str code)
{
    for (size_t i = 0; i < LEN(whys); i++) {
        if (str_eq(whys[i].code, code)) {
            return (enum mark_why)i;
        }
    }
    return MARK_WHY_UNKNOWN;
}

/* ---- words ---- */

/* The number with the language's decimal sign. */
static struct str shown(struct req *rq, struct str number)
{
    struct buf b;

    if (rq->lang == LANG_EN) {
        return number;
    }
    buf_init(&b, rq->a, number.n + 1);
    for (size_t i = 0; i < number.n; i++) {
        buf_char(&b, number.p[i] == '.' ? ',' : number.p[i]);
    }
    return buf_get(&b);
}

static struct str filled(struct req *rq, const char *msgid, const struct text_arg *args, size_t n)
{
    struct buf b;

    buf_init(&b, rq->a, 1024);
    text_fill(&b, tr(rq->lang, msgid), args, n);
    return buf_get(&b);
}

static struct str with_n(struct req *rq, const char *msgid, struct str number)
{
    return filled(rq, msgid, &(struct text_arg){S("n"), shown(rq, number)}, 1);
}

static struct str level(struct req *rq, const struct mark *m, enum mark_part part)
{
    if (m->parts[part].n == 0) {
        return S("–");
    }
    return m->hounsfield ? with_n(rq, T("{n} HU"), m->parts[part]) : shown(rq, m->parts[part]);
}

static struct str ellipse_text(struct req *rq, const struct mark *m)
{
    struct str area = with_n(rq, m->area_mm2 ? T("{n} mm²") : T("{n} points"), m->parts[MARK_AREA]);
    const struct text_arg all[] = {{S("mean"), level(rq, m, MARK_MEAN)},
                                   {S("deviation"), level(rq, m, MARK_DEVIATION)},
                                   {S("least"), level(rq, m, MARK_LEAST)},
                                   {S("most"), level(rq, m, MARK_MOST)},
                                   {S("area"), area}};

    if (m->parts[MARK_MEAN].n == 0) {
        return filled(rq, T("area {area}"), &all[4], 1);
    }
    if (m->levels_seen) {
        return filled(rq,
                      T("mean {mean}, standard deviation {deviation}, from {least} to {most}, area {area} "
                        "(values as the viewer reckoned them)"),
                      all, LEN(all));
    }
    return filled(rq, T("mean {mean}, standard deviation {deviation}, from {least} to {most}, area {area}"),
                  all, LEN(all));
}

struct str mark_value_text(struct req *rq, const struct mark *m)
{
    switch (m->tool) {
    case MARK_LENGTH:
        return with_n(rq, m->unit.n > 0 ? T("{n} mm") : whys[m->why].length, m->value);
    case MARK_ANGLE:
    case MARK_COBB: return with_n(rq, "{n}°", m->value);
    case MARK_ELLIPSE: return ellipse_text(rq, m);
    default: return S("");
    }
}

static void place_number(struct req *rq, struct buf *b, const char *msgid, int64_t n)
{
    struct buf number;

    if (n == DICOM_NO_NUMBER) {
        return;
    }
    buf_init(&number, rq->a, 24);
    buf_i64(&number, n);
    BUF_LIT(b, ", ");
    text_fill(b, tr(rq->lang, msgid), &(struct text_arg){S("n"), buf_get(&number)}, 1);
}

/* As papers have it. */
static struct str date_text(struct req *rq, struct str date)
{
    struct civil c;
    struct buf b;

    if (!date_parse(date, &c)) {
        return S("");
    }
    buf_init(&b, rq->a, 16);
    sign_date_write(&b, &c);
    return buf_get(&b);
}

struct str mark_place_text(struct req *rq, const struct mark *m)
{
    const struct str parts[] = {modality_words(rq, m->modality), date_text(rq, m->date), m->description};
    struct buf b;
    bool any = false;

    buf_init(&b, rq->a, 2048);
    for (size_t i = 0; i < LEN(parts); i++) {
        if (parts[i].n > 0) {
            buf_str(&b, any ? S(" · ") : S(""));
            buf_str(&b, parts[i]);
            any = true;
        }
    }
    if (!any) {
        buf_str(&b, tr(rq->lang, T("Study")));
    }
    place_number(rq, &b, T("series {n}"), m->series_number);
    place_number(rq, &b, T("image {n}"), m->number);
    if (m->frames > 1) {
        place_number(rq, &b, T("frame {n}"), m->frame);
    }
    return buf_get(&b);
}

/* ---- JSON of viewers ---- */

static const struct str part_names[MARK_PARTS] = {
    [MARK_MEAN] = SI("mean"), [MARK_DEVIATION] = SI("deviation"), [MARK_LEAST] = SI("least"),
    [MARK_MOST] = SI("most"), [MARK_AREA] = SI("area")};

/* A number's text; empty where there is none. */
static enum err number(struct req *rq, struct jv v, const char *name, struct str *ret_number)
{
    struct decimal d;

    *ret_number = S("");
    if (!json_has(v) || json_kind(v) == JSON_NULL) {
        return OK;
    }
    struct str text = json_raw(v);
    if (json_kind(v) != JSON_NUMBER || text.n > 40 || !decimal_parse(text, &d)) {
        return FAIL(rq, E_BAD_INPUT, "%s: a number", name);
    }
    *ret_number = text;
    return OK;
}

static enum err read_points(struct req *rq, struct jv list, struct mark *m)
{
    m->n_points = 0;
    m->points = ARENA_ARRAY(rq->a, MARK_POINTS_MAX, struct mark_point);
    TRY_MEM(rq, m->points);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        if (m->n_points == MARK_POINTS_MAX) {
            return FAIL(rq, E_BAD_INPUT, "points: %d at most", MARK_POINTS_MAX);
        }
        struct mark_point *p = &m->points[m->n_points++];
        TRY(number(rq, json_at(v, 0), "points", &p->x));
        TRY(number(rq, json_at(v, 1), "points", &p->y));
        if (json_len(v) != 2 || p->x.n == 0 || p->y.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "points: pairs of numbers");
        }
    }
    return OK;
}

enum err mark_read(struct req *rq, struct jv json, struct mark *ret_mark)
{
    struct mark *m = ret_mark;
    struct jv frame = json_get(json, S("frame"));
    int64_t n = 1;

    *m = (struct mark){.id = str_or_empty(json_str(rq->a, json_get(json, S("id")))),
                       .series = str_or_empty(json_str(rq->a, json_get(json, S("series")))),
                       .sop = str_or_empty(json_str(rq->a, json_get(json, S("sop")))),
                       .unit = str_or_empty(json_str(rq->a, json_get(json, S("unit")))),
                       .text = str_or_empty(json_str(rq->a, json_get(json, S("text"))))};
    if (!mark_tool_find(str_or_empty(json_str(rq->a, json_get(json, S("tool")))), &m->tool)) {
        return FAIL(rq, E_BAD_INPUT, "tool");
    }
    if ((json_has(frame) && !json_i64(frame, &n)) || n < 1 || n > INT32_MAX) {
        return FAIL(rq, E_BAD_INPUT, "frame");
    }
    m->frame = (uint32_t)n;
    TRY(read_points(rq, json_get(json, S("points")), m));
    TRY(number(rq, json_get(json, S("value")), "value", &m->value));
    for (size_t i = 0; i < MARK_AREA; i++) {
        struct jv more = json_get(json, S("more"));
        TRY(number(rq, json_get(more, part_names[i]), "more", &m->parts[i]));
    }
    if (m->tool == MARK_ELLIPSE && m->parts[MARK_MEAN].n == 0) {
        m->parts[MARK_MEAN] = m->value;
    }
    return OK;
}

static void write_number(struct json_out *o, struct str key, struct str number)
{
    json_k(o, key);
    if (number.n > 0) {
        json_v_raw(o, number);
    } else {
        json_v_null(o);
    }
}

void mark_write(struct req *rq, struct json_out *o, const struct mark *m)
{
    json_obj(o);
    json_ks(o, S("id"), m->id);
    json_ks(o, S("tool"), kinds[m->tool].brief);
    json_ks(o, S("study"), m->study);
    json_ks(o, S("series"), m->series);
    json_ks(o, S("sop"), m->sop);
    json_ki(o, S("frame"), m->frame);
    json_k(o, S("points"));
    json_arr(o);
    for (uint32_t i = 0; i < m->n_points; i++) {
        json_arr(o);
        json_v_raw(o, m->points[i].x);
        json_v_raw(o, m->points[i].y);
        json_arr_end(o);
    }
    json_arr_end(o);
    write_number(o, S("value"), m->tool == MARK_ELLIPSE ? m->parts[MARK_MEAN] : m->value);
    json_ks(o, S("unit"), m->unit.n > 0 || m->tool != MARK_LENGTH ? m->unit : S("px"));
    json_k(o, S("more"));
    json_obj(o);
    for (size_t i = 0; i < MARK_PARTS; i++) {
        if (m->parts[i].n > 0) {
            write_number(o, part_names[i], m->parts[i]);
        }
    }
    json_obj_end(o);
    json_ks(o, S("areaUnit"), m->area_mm2 ? S("mm²") : S("px²"));
    json_kb(o, S("hounsfield"), m->hounsfield);
    json_ks(o, S("why"), mark_why_code(m->why));
    json_ks(o, S("text"), m->text);
    json_ks(o, S("shown"), mark_value_text(rq, m));
    json_ks(o, S("by"), m->by_name);
    json_kb(o, S("own"), rq->who != NULL && str_eq(m->by, rq->who->person));
    json_obj_end(o);
}
