/* care/visit_note.c - the note of a remote visit: its form without what may not be done, and the bytes
 * that will be signed. See visit.h. */
#include <string.h>

#include "care/visit_int.h"

#include "base/text.h"
#include "care/account.h"
#include "care/sign_int.h"

enum { HEAD_SECTIONS = 4, HEAD_LINES = 8 };

/* ---- the form ---- */

static bool is_left_out(const struct form_item *it, bool diagnose, bool treat)
{
    return (!diagnose && str_eq(it->link_id, S("diagnosis")))
           || (!treat && str_eq(it->link_id, S("treatment")));
}

enum err visit_form(struct req *rq, const struct form *whole, bool diagnose, bool treat,
                    const struct form **ret_form)
{
    struct form *f = ARENA_NEW(rq->a, struct form);
    struct form_item *items = ARENA_ARRAY(rq->a, whole->n_items, struct form_item);
    uint32_t gone = 0;
    uint32_t n = 0;
    TRY_MEM(rq, f);
    TRY_MEM(rq, items);
    for (uint32_t i = 0; i < whole->n_items;) {
        const struct form_item *it = &whole->items[i];
        if (it->depth == 0 && is_left_out(it, diagnose, treat)) {
            gone += it->end - i;
            i = it->end;
            continue;
        }
        items[n] = *it;
        items[n].end -= gone; /* only whole groups at the top go: what is below moves along */
        items[n].parent -= it->parent >= 0 ? (int32_t)gone : 0;
        items[n].rep_group -= it->rep_group >= 0 ? (int32_t)gone : 0;
        n++;
        i++;
    }
    *f = *whole;
    f->items = items;
    f->n_items = n;
    *ret_form = f;
    return OK;
}

/* ---- what was typed ---- */

static bool is_of(struct str name, struct str group)
{
    return str_starts(name, group) && name.n > group.n && name.p[group.n] == '.';
}

/* The page does not offer it; whoever sends it all the same is told why. */
static void check_allowed(const struct visit_view *v, const struct fields *typed,
                          struct problems *p)
{
    for (uint32_t i = 0; i < typed->n; i++) {
        const struct field *f = &typed->v[i];
        bool not_so = (!v->may_diagnose && is_of(f->name, S("diagnosis")))
                      || (!v->may_treat && is_of(f->name, S("treatment")));
        if (not_so && str_trim(f->value).n > 0) {
            problem_add(p, f->name,
                        T("This may not be done in a remote visit: it needs an examination in "
                          "person. A visit in person can be booked instead."),
                        (struct str){0}, NULL);
        }
    }
}

static enum err check(struct req *rq, const struct visit_view *v, const struct fields *typed,
                      struct problems *p)
{
    static const struct text4 label = {.v = {[LANG_EN] = SI("Reason"), [LANG_RU] = SI("Причина"),
                                             [LANG_KK] = SI("Себебі"), [LANG_UZ] = SI("Sabab")}};
    check_allowed(v, typed, p);
    TRY(form_check(rq, v->form, typed, false, p));
    if (v->note.n > 0 && fields_get(typed, S("reason")).n == 0) {
        problem_add(p, S("reason"), T("Say why the note is corrected."), (struct str){0}, &label);
    }
    return p->n == 0 ? OK : FAIL(rq, E_BAD_INPUT, "note");
}

/* ---- the sections before the form ---- */

struct head {
    struct req *rq;
    const struct visit_view *v;
    const struct sign_doc *d;
    struct sign_section *sections;
    struct sign_line *lines;
    uint32_t n;
};

static void begin(struct head *h, struct str code, const char *title)
{
    h->sections[h->n] = (struct sign_section){.code = code,
                                              .title = tr(h->rq->lang, title),
                                              .lines = &h->lines[(size_t)h->n * HEAD_LINES]};
    h->n++;
}

static void add(struct head *h, const char *label, struct str text)
{
    struct sign_section *s = &h->sections[h->n - 1];
    struct sign_line *lines = &h->lines[(size_t)(h->n - 1) * HEAD_LINES];
    if (text.n > 0 && s->n < HEAD_LINES) {
        lines[s->n++] = (struct sign_line){
            .label = label != NULL ? tr(h->rq->lang, label) : (struct str){0}, .text = text};
    }
}

static struct str time_text(struct head *h, struct instant t)
{
    struct buf b;
    buf_init(&b, h->rq->a, 64);
    if (t.ms != 0) {
        sign_time_write(&b, t, h->d->offset_min);
    }
    return buf_get(&b);
}

static struct str date_text(struct head *h, struct str fhir)
{
    struct civil c;
    struct buf b;
    buf_init(&b, h->rq->a, 32);
    if (!date_parse(str_sub(fhir, 0, 10), &c)) {
        return fhir;
    }
    sign_date_write(&b, &c);
    return buf_get(&b);
}

static struct str purpose_title(struct head *h)
{
    const struct code_list *list = content_list(care_of(h->rq)->content, S("visit-purpose"));
    const struct coded *item = list != NULL ? content_item(list, h->v->purpose) : NULL;
    return item != NULL ? text4_get(&item->title, h->rq->lang) : h->v->purpose;
}

static struct str correction(struct head *h)
{
    struct buf b;
    if (h->d->replaces.n == 0) {
        return (struct str){0};
    }
    buf_init(&b, h->rq->a, h->d->replaces.n + h->d->replace_reason.n + 400);
    text_fill(&b, tr(h->rq->lang, T("It replaces the note {code}.")),
              &(struct text_arg){S("code"), h->d->replaces}, 1);
    BUF_LIT(&b, "\n");
    buf_str(&b, h->d->replace_reason);
    return buf_get(&b);
}

static void head_fill(struct head *h)
{
    const struct visit_view *v = h->v;
    const struct encounter_row *seen = &v->in_person;
    begin(h, S("visit"), T("Visit"));
    add(h, T("Correction"), correction(h));
    add(h, T("Kind"), tr(h->rq->lang, T("Remote, by video")));
    add(h, T("Begun at"), time_text(h, v->encounter.start));
    add(h, T("Ended at"), time_text(h, v->encounter.end.ms != 0 ? v->encounter.end : h->d->at));
    add(h, T("Purpose"), purpose_title(h));
    add(h, T("Problem"), v->problem);
    begin(h, S("in-person-visit"), T("Visit in person it rests on"));
    if (seen->id.n > 0) {
        add(h, T("Date"), date_text(h, seen->start_text));
        add(h, T("Doctor"), seen->practitioner_name);
        add(h, T("Organisation"), seen->org_name);
        add(h, T("Diagnosis"), seen->diagnosis);
    } else {
        add(h, NULL, tr(h->rq->lang, T("None is on record: the visit gives advice only.")));
    }
    begin(h, S("identity-check"), T("Identity of the patient"));
    add(h, NULL, v->identity.n > 0 ? tr(h->rq->lang, visit_identity_title(v->identity))
                                   : (struct str){0});
    add(h, T("Checked at"), time_text(h, v->identity_at));
    begin(h, S("consent"), T("Consent"));
    add(h, NULL, v->consent_how.n == 0 ? (struct str){0}
                 : str_eq(v->consent_how, S("written")) ? tr(h->rq->lang, T("given in writing"))
                                                        : tr(h->rq->lang, T("given orally")));
    add(h, NULL, v->consent_how.n > 0 ? tr(h->rq->lang, visit_consent_text()) : (struct str){0});
}

/* Head and form as one list. */
static enum err sections_fill(struct req *rq, const struct visit_view *v, const struct fields *typed,
                              struct sign_doc *d)
{
    struct head h = {.rq = rq, .v = v, .d = d};
    const struct sign_section *form = NULL;
    uint32_t n = 0;
    TRY(sign_int_sections(rq, v->form, typed, &form, &n));
    h.sections = ARENA_ARRAY(rq->a, HEAD_SECTIONS + n, struct sign_section);
    h.lines = ARENA_ARRAY(rq->a, (size_t)HEAD_SECTIONS * HEAD_LINES, struct sign_line);
    TRY_MEM(rq, h.sections);
    TRY_MEM(rq, h.lines);
    head_fill(&h);
    memcpy(&h.sections[h.n], form, n * sizeof *form);
    d->sections = h.sections;
    d->n_sections = h.n + n;
    return OK;
}

/* Each section that the policy demands is there and says something. */
static enum err check_sections(struct req *rq, const struct visit_view *v, const struct sign_doc *d,
                               struct problems *p)
{
    const struct policy_doc *doc = policy_doc(v->policy, S("visit"));
    for (uint32_t i = 0; doc != NULL && i < doc->n_sections; i++) {
        bool has = str_eq(doc->sections[i], S("signer")); /* stands in every signed document */
        for (uint32_t k = 0; !has && k < d->n_sections; k++) {
            has = str_eq(d->sections[k].code, doc->sections[i]) && d->sections[k].n > 0;
        }
        if (!has) {
            problem_add(p, doc->sections[i], T("The rules demand the section \"{arg}\": it is empty."),
                        doc->sections[i], NULL);
        }
    }
    return p->n == 0 ? OK : FAIL(rq, E_BAD_INPUT, "note: a mandatory section");
}

/* ---- the document ---- */

static enum err replaces_fill(struct req *rq, const struct visit_view *v, const struct fields *typed,
                              struct sign_doc *d)
{
    struct jv bundle;
    d->version = v->n_notes + 1;
    if (v->note.n == 0) {
        return OK;
    }
    TRY(sign_int_load(rq, T_BUNDLE, v->note, &bundle));
    d->replaces = json_str(rq->a, json_path(bundle, S("identifier.value")));
    d->replace_reason = fields_get(typed, S("reason"));
    return OK;
}

static enum err build(struct req *rq, const struct visit_view *v, const struct fields *typed,
                      struct sign_doc *d, struct problems *p, struct str *ret_bytes)
{
    d->type = &sign_visit;
    d->lang = rq->lang;
    d->offset_min = care_tz(rq);
    d->at = rq->now;
    d->case_id = v->id;
    d->title = text4_get(&v->form->title, rq->lang);
    d->start = v->encounter.start;
    TRY(replaces_fill(rq, v, typed, d));
    TRY(sign_int_ids(rq, d));
    TRY(sign_int_author(rq, d));
    TRY(sign_int_load(rq, T_PATIENT, v->patient_id, &d->patient));
    TRY(sign_int_load(rq, T_ENCOUNTER, v->id, &d->encounter));
    TRY(sign_int_response(rq, v->form, typed, v->patient_id, &d->response));
    TRY(sections_fill(rq, v, typed, d));
    TRY(check_sections(rq, v, d, p));
    return sign_doc_build(rq, d, ret_bytes);
}

static enum err keep(struct req *rq, struct str id, struct str bytes)
{
    struct tx *tx = tx_new(rq);
    struct field one = {S("bundle"), bytes};
    struct fields f = {&one, 1};
    TRY_MEM(rq, tx);
    TRY(draft_save(rq, tx, sign_int_preview_key(rq->a, id), S("preview"), &f, 0));
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err visit_note_lang(struct req *rq, const struct visit_view *v, enum lang *ret_lang)
{
    struct jv patient;
    struct account acc;
    struct buf owner;
    bool found = false;
    bool preferred = false;
    TRY(sign_int_load(rq, T_PATIENT, v->patient_id, &patient));
    struct jv all = json_get(patient, S("communication"));
    for (struct jv c = json_first(all); json_has(c); c = json_next(c)) {
        struct str code = json_str(rq->a, json_path(c, S("language.coding.0.code")));
        bool better = json_true(json_get(c, S("preferred"))) && !preferred;
        enum lang spoken;
        if ((!found || better) && lang_parse(str_sub(code, 0, 2), &spoken)) {
            *ret_lang = spoken;
            preferred = preferred || better;
            found = true;
        }
    }
    if (found) {
        return OK;
    }
    buf_init(&owner, rq->a, 80);
    BUF_LIT(&owner, "Patient/");
    buf_str(&owner, v->patient_id);
    enum err e = account_by_person(rq, buf_get(&owner), &acc);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    *ret_lang = acc.lang;
    return OK;
}

enum err visit_note_preview(struct req *rq, const struct visit_view *v, const struct fields *typed,
                            struct str base_url, struct problems *ret_problems,
                            struct sign_paper *ret_paper)
{
    struct sign_doc *d = ARENA_NEW(rq->a, struct sign_doc);
    struct visit_moving m = {.rq = rq, .v = v, .reason = S("?"), .document = S("?")};
    enum lang reader = rq->lang;
    struct sign_paper paper;
    TRY_MEM(rq, d);
    TRY(visit_may(&m, v->note.n > 0 ? S("correct") : S("sign")));
    TRY(check(rq, v, typed, ret_problems));
    d->base_url = base_url;
    if (!lang_parse(fields_get(typed, S("language")), &rq->lang)) {
        TRY(visit_note_lang(rq, v, &rq->lang)); /* the patient's */
    }
    enum err e = build(rq, v, typed, d, ret_problems, &paper.bytes);
    rq->lang = reader;
    TRY(e);
    sign_int_sha(paper.bytes, paper.sha);
    TRY(keep(rq, v->id, paper.bytes));
    *ret_paper = paper;
    return OK;
}
