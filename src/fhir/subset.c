/* fhir/subset.c - _elements and _summary. See subset_int.h. */
#include "fhir/subset_int.h"

#include "codec/url.h"
#include "fhir/defs.h"

bool subset_asked(const struct fhir_query *q, bool is_include)
{
    bool summary = q->summary == SUMMARY_TRUE || q->summary == SUMMARY_TEXT ||
                   q->summary == SUMMARY_DATA;
    return summary || (q->n_elements > 0 && !is_include);
}

/* Elements without which the resource would not be valid, ids and meta stay in any case. */
static bool is_kept(const struct fhir_query *q, uint16_t type, struct str name)
{
    uint16_t unused;
    struct str plain = name.n > 0 && name.p[0] == '_' ? str_sub(name, 1, name.n) : name;
    if (str_eq(plain, S("resourceType")) || str_eq(plain, S("id")) || str_eq(plain, S("meta"))) {
        return true;
    }
    const struct def_elem *e = def_child(fhir_defs(), type, plain, &unused);
    bool must = e != NULL && (e->min > 0 || (e->flags & DEF_MODIFIER) != 0);
    switch (q->summary) {
    case SUMMARY_TRUE: return e != NULL && (must || (e->flags & DEF_SUMMARY) != 0);
    case SUMMARY_TEXT: return str_eq(plain, S("text")) || must;
    case SUMMARY_DATA: return !str_eq(plain, S("text"));
    case SUMMARY_FALSE:
    case SUMMARY_COUNT: break;
    }
    for (size_t i = 0; i < q->n_elements; i++) {
        struct str stem = e != NULL ? def_str(fhir_defs(), e->name) : plain;
        if (str_eq(q->elements[i], plain) || str_eq(q->elements[i], stem)) {
            return true;
        }
    }
    return must;
}

static void meta_write(struct json_out *o, struct req *rq, struct jv meta)
{
    bool tagged = false;
    json_obj(o);
    for (struct jv v = json_first(meta); json_has(v); v = json_next(v)) {
        struct str name = json_key(rq, v);
        if (!str_eq(name, S("tag"))) {
            json_kv(o, name, v);
            continue;
        }
        tagged = true;
    }
    json_k(o, S("tag"));
    json_arr(o);
    struct jv tags = json_get(meta, S("tag"));
    for (struct jv v = json_first(tags); tagged && json_has(v); v = json_next(v)) {
        json_v_raw(o, json_raw(v));
    }
    json_v_raw(o, S("{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                    "v3-ObservationValue\",\"code\":\"SUBSETTED\"}"));
    json_arr_end(o);
    json_obj_end(o);
}

enum err subset_write(struct req *rq, const struct fhir_query *q, const struct res_row *row,
                      struct buf *out)
{
    struct json_doc doc;
    struct json_out o;
    uint16_t type = def_of_fhir_type(fhir_defs(), (enum fhir_type)row->type);
    TRY(json_parse(rq, row->body, NULL, &doc));
    struct jv root = json_root(&doc);
    json_out_init(&o, out);
    json_obj(&o);
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        struct str name = json_key(rq, v);
        if (!is_kept(q, type, name)) {
            continue;
        }
        if (!str_eq(name, S("meta"))) {
            json_kv(&o, name, v);
            continue;
        }
        json_k(&o, name);
        meta_write(&o, rq, v);
    }
    json_obj_end(&o);
    return OK;
}

static enum err summary_read(struct req *rq, struct str text, enum fhir_summary *ret_summary)
{
    static const struct str words[] = {
        [SUMMARY_FALSE] = SI("false"), [SUMMARY_TRUE] = SI("true"), [SUMMARY_TEXT] = SI("text"),
        [SUMMARY_DATA] = SI("data"),
    };
    for (size_t i = 0; i < LEN(words); i++) {
        if (str_eq(text, words[i])) {
            *ret_summary = (enum fhir_summary)i;
            return OK;
        }
    }
    return FAIL(rq, E_BAD_INPUT, "_summary: true, false, text or data");
}

enum err fhir_subset(struct req *rq, const struct url_pairs *form, const struct res_row *row,
                     struct str *ret_json)
{
    struct fhir_query q = {.type = (enum fhir_type)row->type};
    struct str elements = form_find(form, S("_elements"));
    struct str summary = form_find(form, S("_summary"));
    struct str one;
    struct buf b;
    if (summary.n > 0) {
        TRY(summary_read(rq, summary, &q.summary));
    }
    while (str_cut(&elements, ',', &one)) {
        if (q.n_elements == LEN(q.elements)) {
            return FAIL(rq, E_BAD_INPUT, "_elements: too many");
        }
        q.elements[q.n_elements++] = one;
    }
    if (!subset_asked(&q, false)) {
        *ret_json = row->body;
        return OK;
    }
    buf_init(&b, rq->a, row->body.n * 2 + 1024);
    TRY(subset_write(rq, &q, row, &b));
    *ret_json = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
}
