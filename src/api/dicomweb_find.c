/* api/dicomweb_find.c - QIDO-RS: studies, series and instances found (PS3.18 10.6). */
#include <string.h>

#include "api/dicomweb_int.h"
#include "codec/field.h"
#include "codec/url.h"

enum { LIMIT = 1000, LIMIT_MAX = 5000, PAIRS_MAX = 100, OUT_MAX = 32 * 1024 * 1024, DETAIL_MAX = 200 };

struct finding {
    struct http_req *h;
    struct dicom_query q;
    struct dicom_asked asked[DICOM_ASKED_MAX];
    struct json_out o;
    bool all;                 /* includefield=all, or it names something: what there is */
    bool with_study;          /* of series and instances: the study's attributes, too */
    bool with_series;
    struct buf detail;        /* names of what was asked, for the record */
};

/* ---- the question ---- */

static enum err read_number(struct http_req *h, const struct form_pair *p, uint64_t most, uint32_t *ret_v)
{
    uint64_t v = 0;
    if (!str_u64(p->value, &v)) {
        return FAIL(&h->rq, E_BAD_INPUT, "%.*s: a number", STR_ARG(p->name));
    }
    *ret_v = (uint32_t)MIN(v, most);
    return OK;
}

/* The tag of "00100020", "PatientID", or of the last of "00400275.00400009". */
static bool read_tag(struct str name, uint32_t *ret_tag)
{
    struct str rest = name;
    struct str one;
    uint32_t tag = 0;
    while (str_cut(&rest, '.', &one)) {
        if (!dicom_dict_tag(one, &tag)) {
            return false;
        }
    }
    *ret_tag = tag;
    return tag != 0;
}

static enum err read_key(struct finding *f, const struct form_pair *p)
{
    struct req *rq = &f->h->rq;
    uint32_t tag = 0;
    if (!read_tag(p->name, &tag)) {
        return FAIL(rq, E_BAD_INPUT, "%.*s: no attribute and no parameter", STR_ARG(str_sub(p->name, 0, 64)));
    }
    if (dicom_key_find(tag) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "%.*s: not searched by", STR_ARG(str_sub(p->name, 0, 64)));
    }
    if (f->q.n_asked == LEN(f->asked)) {
        return FAIL(rq, E_BAD_INPUT, "more than %zu attributes", LEN(f->asked));
    }
    if (f->detail.n + p->name.n < DETAIL_MAX) {
        buf_str(&f->detail, f->detail.n > 0 ? S(" ") : S(""));
        buf_str(&f->detail, p->name);
    }
    f->asked[f->q.n_asked++] = (struct dicom_asked){.tag = tag, .value = p->value};
    return OK;
}

static enum err read_pair(struct finding *f, const struct form_pair *p)
{
    struct req *rq = &f->h->rq;
    if (str_eq(p->name, S("limit"))) {
        return read_number(f->h, p, LIMIT_MAX, &f->q.limit);
    }
    if (str_eq(p->name, S("offset"))) {
        return read_number(f->h, p, INT32_MAX, &f->q.offset);
    }
    if (str_eq(p->name, S("fuzzymatching"))) {
        f->q.fuzzy = str_eq(p->value, S("true"));
        return f->q.fuzzy || str_eq(p->value, S("false"))
                   ? OK
                   : FAIL(rq, E_BAD_INPUT, "fuzzymatching: true or false");
    }
    if (str_eq(p->name, S("includefield"))) {
        f->all = true;
        return OK;
    }
    return str_eq(p->name, S("accept")) ? OK : read_key(f, p);
}

static void ask(struct finding *f, uint32_t tag, struct str value)
{
    if (value.n > 0) {
        f->asked[f->q.n_asked++] = (struct dicom_asked){.tag = tag, .value = value};
    }
}

/* The level is what the address ends in; what it names stands beside the keys. */
static enum err read_question(struct finding *f)
{
    struct http_req *h = f->h;
    struct url_pairs pairs;
    struct str study = http_param(h, S("study"));
    struct str series = http_param(h, S("series"));
    f->q.level = str_ends(h->path, S("/instances")) ? DICOM_INSTANCE
                 : str_ends(h->path, S("/series"))  ? DICOM_SERIES
                                                    : DICOM_STUDY;
    f->q.limit = LIMIT;
    f->with_study = f->q.level != DICOM_STUDY && study.n == 0;
    f->with_series = f->q.level == DICOM_INSTANCE && series.n == 0;
    ask(f, DICOM_TAG_STUDY, study);
    ask(f, DICOM_TAG_SERIES, series);
    TRY(form_parse(&h->rq, str_or_empty(h->query), PAIRS_MAX, &pairs));
    for (size_t i = 0; i < pairs.n; i++) {
        TRY(read_pair(f, &pairs.v[i]));
    }
    return OK;
}

/* ---- the answer: DICOM JSON (PS3.18 F) ---- */

static void tag_key(struct json_out *o, uint32_t tag, struct str vr)
{
    static const char digits[] = "0123456789ABCDEF";
    char key[8];
    for (int i = 0; i < 8; i++) {
        key[i] = digits[tag >> (28 - 4 * i) & 0xf];
    }
    json_k(o, (struct str){key, sizeof key});
    json_obj(o);
    json_ks(o, S("vr"), vr);
}

/* Values with '\\' between; PN as an object. An attribute that is asked for and empty is there, empty. */
static void put(struct json_out *o, uint32_t tag, struct str vr, struct str text)
{
    struct str rest = text;
    struct str one;
    bool name = str_eq(vr, S("PN"));
    tag_key(o, tag, vr);
    if (text.n > 0) {
        json_k(o, S("Value"));
        json_arr(o);
        while (str_cut(&rest, '\\', &one)) {
            if (name) {
                static const struct str groups[3] = {SI("Alphabetic"), SI("Ideographic"), SI("Phonetic")};
                struct str group;
                json_obj(o);
                for (int i = 0; i < 3 && str_cut(&one, '=', &group); i++) {
                    if (group.n > 0) {
                        json_ks(o, groups[i], group);
                    }
                }
                json_obj_end(o);
            } else {
                json_v_str(o, one);
            }
        }
        json_arr_end(o);
    }
    json_obj_end(o);
}

static void put_number(struct json_out *o, uint32_t tag, struct str vr, int64_t v, bool has)
{
    tag_key(o, tag, vr);
    if (has) {
        json_k(o, S("Value"));
        json_arr(o);
        json_v_i64(o, v);
        json_arr_end(o);
    }
    json_obj_end(o);
}

static void put_url(struct finding *f, const struct dicom_hit *hit)
{
    struct buf b;
    buf_init(&b, f->h->rq.a, 600);
    dw_url(f->h, &b, hit->study->uid, hit->series != NULL ? hit->series->uid : S(""),
           hit->instance != NULL ? hit->instance->uid : S(""));
    put(&f->o, 0x00081190, S("UR"), buf_get(&b));
}

static void put_study(struct json_out *o, const struct dicom_study *s, bool all)
{
    put(o, 0x00080020, S("DA"), s->date);
    put(o, 0x00080030, S("TM"), s->time);
    put(o, 0x00080050, S("SH"), s->accession);
    put(o, 0x00080061, S("CS"), s->modalities);
    put(o, 0x00080090, S("PN"), s->referring);
    if (all || s->description.n > 0) {
        put(o, 0x00081030, S("LO"), s->description);
    }
    put(o, 0x00100010, S("PN"), s->name);
    put(o, 0x00100020, S("LO"), s->patient_id);
    put(o, 0x00100030, S("DA"), s->birth);
    put(o, 0x00100040, S("CS"), s->sex);
    put(o, 0x00200010, S("SH"), s->study_id);
    put_number(o, 0x00201206, S("IS"), s->n_series, true);
    put_number(o, 0x00201208, S("IS"), s->n_instances, true);
}

static void put_series(struct json_out *o, const struct dicom_series *s, bool all)
{
    put(o, 0x00080060, S("CS"), s->modality);
    put(o, 0x0008103e, S("LO"), s->description);
    if (all || s->body_part.n > 0) {
        put(o, 0x00180015, S("CS"), s->body_part);
    }
    put_number(o, 0x00200011, S("IS"), s->number, s->number != DICOM_NO_NUMBER);
    put_number(o, 0x00201209, S("IS"), s->n_instances, true);
    put(o, 0x00400244, S("DA"), s->pps_date);
    put(o, 0x00400245, S("TM"), s->pps_time);
    tag_key(o, 0x00400275, S("SQ"));
    if (s->step_id.n > 0 || s->procedure_id.n > 0) {
        json_k(o, S("Value"));
        json_arr(o);
        json_obj(o);
        put(o, 0x00400009, S("SH"), s->step_id);
        put(o, 0x00401001, S("SH"), s->procedure_id);
        json_obj_end(o);
        json_arr_end(o);
    }
    json_obj_end(o);
}

static void put_instance(struct json_out *o, const struct dicom_instance *i)
{
    put(o, 0x00080016, S("UI"), i->sop_class);
    put(o, 0x00080018, S("UI"), i->uid);
    put_number(o, 0x00200013, S("IS"), i->number, i->number != DICOM_NO_NUMBER);
    put_number(o, 0x00280008, S("IS"), i->frames, i->frames > 0);
    put_number(o, 0x00280010, S("US"), i->rows, i->rows > 0);
    put_number(o, 0x00280011, S("US"), i->columns, i->columns > 0);
    put_number(o, 0x00280100, S("US"), i->bits, i->bits > 0);
}

static enum err on_hit(struct req *rq, const struct dicom_hit *hit, void *ctx)
{
    struct finding *f = ctx;
    struct json_out *o = &f->o;
    json_obj(o);
    put(o, DICOM_TAG_CHARSET, S("CS"), S("ISO_IR 192"));
    put(o, 0x00080056, S("CS"), S("ONLINE"));
    put_url(f, hit);
    put(o, DICOM_TAG_STUDY, S("UI"), hit->study->uid);
    if (hit->series == NULL || f->with_study) {
        put_study(o, hit->study, f->all);
    }
    if (hit->series != NULL) {
        put(o, DICOM_TAG_SERIES, S("UI"), hit->series->uid);
        if (hit->instance == NULL || f->with_series) {
            put_series(o, hit->series, f->all);
        }
    }
    if (hit->instance != NULL) {
        put_instance(o, hit->instance);
    }
    json_obj_end(o);
    return buf_ok(o->b) ? OK : FAIL(rq, E_TOO_LARGE, "results: ask for fewer by limit");
}

static enum err on_record(struct finding *f)
{
    struct audit_rec rec = {.action = AUDIT_SEARCH,
                            .why = who_may(f->h->rq.who, IS_SYSTEM) ? WHY_SYSTEM : WHY_TEAM,
                            .type = T_IMAGING_STUDY,
                            .detail = buf_get(&f->detail)};
    return audit_add(&f->h->rq, &rec);
}

/* The answer has memory of its own: a search gives back what is taken from the request's between hits. */
static void end_arena(void *p)
{
    arena_free(p);
}

enum err api_dicomweb_find(struct http_req *h)
{
    struct finding *f = ARENA_NEW(h->rq.a, struct finding);
    struct dicom_found found;
    struct buf out;

    TRY_MEM(&h->rq, f);
    TRY(api_may(h, T_IMAGING_STUDY, OP_SEARCH));
    f->h = h;
    buf_init(&f->detail, h->rq.a, 2 * DETAIL_MAX);
    f->q.asked = f->asked;
    f->q.may = imaging_may;
    f->q.each = on_hit;
    f->q.each_ctx = f;
    TRY(read_question(f));
    struct arena *a = arena_new((size_t)3 * OUT_MAX);
    if (!arena_defer(h->rq.a, end_arena, a)) {
        arena_free(a);
        return FAIL(&h->rq, E_TOO_LARGE, "memory cap");
    }
    buf_init(&out, a, OUT_MAX);
    json_out_init(&f->o, &out);
    json_arr(&f->o);
    TRY(dicom_search(&h->rq, &f->q, &found));
    json_arr_end(&f->o);
    TRY(on_record(f));
    if (found.more) {
        http_reply_header(h, "Warning", S("299 consilium \"There are more results: see offset\""));
    }
    if (found.n == 0) {
        return http_reply_empty(h, 204);
    }
    return http_reply(h, 200, S("application/dicom+json"), buf_get(&out));
}
