/* fhir/subset.c - _elements and _summary. See subset_int.h. */
#include "fhir/subset_int.h"

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
