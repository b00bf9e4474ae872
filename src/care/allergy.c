/* care/allergy.c - a patient's allergies from what is on record. See allergy.h. */
#include "care/allergy.h"

#include "base/text.h"
#include "care/access.h"
#include "care/care.h"
#include "care/content.h"
#include "care/form.h"
#include "care/put.h"
#include "codec/utf8.h"
#include "store/db.h"

enum { LOOKED_AT_MAX = 200, CHARACTER_MAX = 4 };

struct gathering {
    struct req *rq;
    struct access_anchors anchors;
    struct allergies a;
};

static void name(struct gathering *g, struct str text)
{
    for (uint32_t i = 0; i < g->a.n; i++) {
        if (str_eq(g->a.texts[i], text)) {
            return;
        }
    }
    if (g->a.n < ALLERGIES_MAX) {
        g->a.texts[g->a.n++] = text;
    } else {
        g->a.more = true;
    }
}

/* What is more than fits is not written, but told. */
static void write_cut(struct buf *b, struct str s)
{
    buf_str(b, utf8_cut(s, ALLERGY_TEXT_MAX + CHARACTER_MAX));
}

/* An allergy to something, with what it did (empty: not told). */
static enum err name_it(struct gathering *g, struct str to, struct str reaction)
{
    struct buf b;
    buf_init(&b, g->rq->a, (size_t)3 * (ALLERGY_TEXT_MAX + CHARACTER_MAX));
    to = str_trim(to);
    write_cut(&b, to.n > 0 ? to : tr(g->rq->lang, T("Has allergies")));
    if (reaction.n > 0) {
        BUF_LIT(&b, ": ");
        write_cut(&b, str_trim(reaction));
    }
    struct str text = buf_get(&b);
    if (text.n > ALLERGY_TEXT_MAX) {
        buf_truncate(&b, utf8_cut(text, ALLERGY_TEXT_MAX).n);
        BUF_LIT(&b, "…");
        text = buf_get(&b);
    }
    if (!buf_ok(&b)) {
        return FAIL(g->rq, E_TOO_LARGE, "memory cap");
    }
    g->a.known = ALLERGY_YES;
    name(g, text);
    return OK;
}

static void name_none(struct gathering *g)
{
    g->a.known = g->a.known == ALLERGY_NOTHING ? ALLERGY_NONE : g->a.known;
}

/* ---- answered in forms ---- */

static enum err form_gather(struct gathering *g, struct jv v)
{
    static const struct {
        struct str asked, yes, no, text;
    } questions[] = {
        {SI("allergies.known"), SI("allergy-yes"), SI("allergy-none"), SI("allergies.text")},
        {SI("before.allergy"), SI("yes"), SI("no"), SI("before.allergy-to")},
    };
    struct req *rq = g->rq;
    const struct form *f =
        content_form(care_of(rq)->content, json_str(rq->a, json_get(v, S("questionnaire"))));
    struct str status = json_str(rq->a, json_get(v, S("status")));
    struct fields typed;

    if (f == NULL || !(str_eq(status, S("completed")) || str_eq(status, S("amended")))) {
        return OK;
    }
    TRY(form_read_items(rq, f, v, &typed));
    for (size_t i = 0; i < LEN(questions); i++) {
        struct str answer = fields_get(&typed, questions[i].asked);
        if (str_eq(answer, questions[i].yes)) {
            TRY(name_it(g, fields_get(&typed, questions[i].text), S("")));
        } else if (str_eq(answer, questions[i].no)) {
            name_none(g);
        }
    }
    return OK;
}

/* ---- AllergyIntolerance (FHIR R4) ---- */

static struct str words_of(struct req *rq, struct jv concept)
{
    struct str text = json_str(rq->a, json_get(concept, S("text")));
    return text.n > 0 ? text : json_str(rq->a, json_path(concept, S("coding.0.display")));
}

static enum err resource_gather(struct gathering *g, struct jv v)
{
    static const struct str over[] = {SI("inactive"), SI("resolved")};
    static const struct str wrong[] = {SI("refuted"), SI("entered-in-error")};
    struct req *rq = g->rq;
    struct str status = json_str(rq->a, json_path(v, S("clinicalStatus.coding.0.code")));
    struct str verified = json_str(rq->a, json_path(v, S("verificationStatus.coding.0.code")));

    for (size_t i = 0; i < LEN(over); i++) {
        if (str_eq(status, over[i]) || str_eq(verified, wrong[i])) {
            return OK;
        }
    }
    if (json_is(json_path(v, S("code.coding.0.code")), S("716186003"))) { /* SNOMED CT: no known allergy */
        name_none(g);
        return OK;
    }
    return name_it(g, words_of(rq, json_get(v, S("code"))),
                   words_of(rq, json_path(v, S("reaction.0.manifestation.0"))));
}

static enum err gather(struct gathering *g, enum fhir_type type,
                       enum err (*take)(struct gathering *g, struct jv v))
{
    CLEANUP(list_close) struct list *list = NULL;
    struct hit hit;
    uint32_t looked = 0;

    TRY(list_owner(g->rq, g->anchors.patient_rid, type, LIST_NEWEST, &list));
    while (list_next(list, &hit)) {
        struct res_row row;
        struct jv v;
        bool may = false;
        if (looked++ == LOOKED_AT_MAX) {
            g->a.more = true;
            break;
        }
        TRY(db_head_rid(g->rq, hit.rid, &row));
        if (!row.deleted) {
            TRY(access_anchor(g->rq, &g->anchors, row.anchor, &may));
        }
        if (may) {
            TRY(res_load(g->rq, hit.rid, &row, &v));
            TRY(take(g, v));
        }
    }
    return list_err(g->rq, list);
}

enum err allergy_of_patient(struct req *rq, int64_t patient_rid, struct allergies *ret_a)
{
    struct gathering *g = ARENA_NEW(rq->a, struct gathering);

    TRY_MEM(rq, g);
    *g = (struct gathering){.rq = rq,
                            .anchors = {.patient_rid = patient_rid, .detail = S("allergies")}};
    TRY(gather(g, T_ALLERGY_INTOLERANCE, resource_gather));
    TRY(gather(g, T_QUESTIONNAIRE_RESPONSE, form_gather));
    *ret_a = g->a;
    return OK;
}
