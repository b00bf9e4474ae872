/* care/consult_measure.c - measured values of a form as Observations. */
#include "care/consult_int.h"

#define BP_PANEL S("85354-9")

static void write_code(struct json_out *o, struct str key, const struct str *loinc, uint32_t n)
{
    json_k(o, key);
    json_obj(o);
    json_k(o, S("coding"));
    json_arr(o);
    for (uint32_t i = 0; i < n; i++) {
        json_obj(o);
        json_ks(o, S("system"), S("http://loinc.org"));
        json_ks(o, S("code"), loinc[i]);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static void write_quantity(struct json_out *o, const struct form_item *it, struct str v)
{
    json_k(o, S("valueQuantity"));
    json_obj(o);
    json_k(o, S("value"));
    json_v_raw(o, v);
    if (it->unit_code.n > 0) {
        json_ks(o, S("unit"), it->unit_title);
        json_ks(o, S("system"), it->unit_system);
        json_ks(o, S("code"), it->unit_code);
    }
    json_obj_end(o);
}

static void write_value(struct json_out *o, struct req *rq, const struct form_item *it,
                        struct str v)
{
    const struct form_option *opt = form_option_find(it, v);

    if (it->kind == FORM_INTEGER || it->kind == FORM_DECIMAL) {
        write_quantity(o, it, v);
    } else if (it->kind == FORM_DATE || it->kind == FORM_DATE_TIME) {
        json_ks(o, S("valueDateTime"), form_date_time(rq, v));
    } else if (opt != NULL) {
        put_concept(o, S("valueCodeableConcept"), opt->system, opt->code,
                    text4_get(&opt->title, LANG_EN), (struct str){0});
    } else {
        json_ks(o, S("valueString"), v);
    }
}

static void observation(struct put *p, struct req *rq, struct tx *tx, const struct case_row *row,
                        struct str at)
{
    static const struct str category = SI("vital-signs");

    put_of_case(p, rq, tx, T_OBSERVATION, row, 16 << 10);
    json_ks(&p->o, S("status"), S("final"));
    put_concepts(&p->o, S("category"),
                 S("http://terminology.hl7.org/CodeSystem/observation-category"), &category, 1);
    if (at.n > 0) {
        json_ks(&p->o, S("effectiveDateTime"), at);
    } else {
        put_instant(&p->o, S("effectiveDateTime"), rq->now);
    }
    json_k(&p->o, S("performer"));
    json_arr(&p->o);
    put_ref_item(&p->o, T_PRACTITIONER, rq->who->person);
    json_arr_end(&p->o);
}

/* The part of a linkId after its last dot: our code of the measure. */
static struct str last_part(struct str link_id)
{
    size_t at = link_id.n;

    while (at > 0 && link_id.p[at - 1] != '.') {
        at--;
    }
    return str_sub(link_id, at, link_id.n);
}

static enum err put_pressure(struct req *rq, struct tx *tx, const struct form *f,
                             const struct fields *typed, const struct case_row *row, struct str at)
{
    static const struct str parts[] = {SI("systolic"), SI("diastolic")};
    struct put p;
    struct str panel = BP_PANEL;
    bool any = false;

    observation(&p, rq, tx, row, at);
    write_code(&p.o, S("code"), &panel, 1);
    json_k(&p.o, S("component"));
    json_arr(&p.o);
    for (size_t i = 0; i < LEN(parts); i++) {
        for (uint32_t k = 0; k < f->n_items; k++) {
            const struct form_item *it = &f->items[k];
            struct str v = fields_get(typed, it->link_id);
            if (!str_eq(last_part(it->link_id), parts[i]) || v.p == NULL || it->loinc.p == NULL
                || !form_is_enabled(f, k, typed, 0)) {
                continue;
            }
            json_obj(&p.o);
            write_code(&p.o, S("code"), &it->loinc, 1);
            write_quantity(&p.o, it, v);
            json_obj_end(&p.o);
            any = true;
        }
    }
    json_arr_end(&p.o);
    return any ? put_end(&p) : OK;
}

enum err consult_observations(struct req *rq, struct tx *tx, const struct form *f,
                              const struct fields *typed, const struct case_row *row)
{
    const struct content *c = care_of(rq)->content;
    struct str at = fields_get(typed, S("vitals.measured-at"));
    bool pressure = false;

    at = at.n > 0 ? form_date_time(rq, at) : at;
    for (uint32_t i = 0; i < f->n_items; i++) {
        const struct form_item *it = &f->items[i];
        const struct measure *m = content_measure(c, last_part(it->link_id));
        struct str v = it->rep_group < 0 ? fields_get(typed, it->link_id) : (struct str){0};
        if (m == NULL || it->loinc.p == NULL || v.p == NULL || !form_is_enabled(f, i, typed, 0)) {
            continue;
        }
        if (m->panel.p != NULL) {
            pressure = true;
            continue;
        }
        struct put p;
        observation(&p, rq, tx, row, at);
        write_code(&p.o, S("code"), m->loinc, m->n_loinc);
        write_value(&p.o, rq, it, v);
        TRY(put_end(&p));
    }
    return pressure ? put_pressure(rq, tx, f, typed, row, at) : OK;
}
