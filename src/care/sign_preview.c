/* care/sign_preview.c - from the typed conclusion to the bytes that will be signed. See sign_case.h. */
#include <string.h>

#include "care/consult_int.h"
#include "care/outside.h"
#include "care/sign_int.h"

enum { SEEN_MAX = 200, SECTIONS_MAX = 64 };

struct str sign_int_preview_key(struct arena *a, struct str case_id)
{
    return draft_key(a, case_id, S("preview"));
}

enum err sign_int_load(struct req *rq, enum fhir_type type, struct str id, struct jv *ret_v)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct res_row row;
    TRY_MEM(rq, doc);
    TRY(db_read(rq, (uint16_t)type, id, &row));
    TRY(json_parse(rq, row.body, NULL, doc));
    *ret_v = json_root(doc);
    return OK;
}

/* ---- the form as sections ---- */

struct sections {
    struct sign_section *v;
    uint32_t n;
    struct sign_line *lines; /* one array for all: each section's lines follow each other */
    uint32_t n_lines;
};

static void section_begin(struct sections *s, const struct form_item *it, enum lang lang)
{
    if (s->n < SECTIONS_MAX) {
        s->v[s->n++] = (struct sign_section){
            .code = it->link_id,
            .title = text4_get(&it->text, lang),
            .lines = s->lines + s->n_lines,
        };
    }
}

/* Dates as papers have them; other answers as they are. */
static struct str line_text(struct req *rq, const struct form_line *l)
{
    struct instant at;
    struct civil c;
    struct buf b;
    buf_init(&b, rq->a, 64);
    if (l->item->kind == FORM_DATE && date_parse(l->value, &c)) {
        sign_date_write(&b, &c);
        return buf_get(&b);
    }
    if (l->item->kind != FORM_DATE_TIME || l->value.n < 16
        || !instant_parse(form_date_time(rq, l->value), &at)) {
        return l->value;
    }
    sign_time_write(&b, at, zone_at(&care_of(rq)->zone, at.ms));
    return buf_get(&b);
}

enum err sign_int_sections(struct req *rq, const struct form *form, const struct fields *typed,
                           const struct sign_section **ret_sections, uint32_t *ret_n)
{
    const struct form_line *lines;
    uint32_t n = 0;
    TRY(form_lines(rq, form, typed, &lines, &n));
    struct sections s = {.v = ARENA_ARRAY(rq->a, SECTIONS_MAX, struct sign_section),
                         .lines = ARENA_ARRAY(rq->a, n + 1, struct sign_line)};
    TRY_MEM(rq, s.v);
    TRY_MEM(rq, s.lines);
    for (uint32_t i = 0; i < n; i++) {
        const struct form_item *it = lines[i].item;
        if (it->depth == 0) {
            section_begin(&s, it, rq->lang);
        }
        if (it->kind == FORM_GROUP || lines[i].value.n == 0 || s.n == 0) {
            continue;
        }
        s.lines[s.n_lines++] = (struct sign_line){
            .label = it->depth == 0 ? (struct str){0} : text4_get(&it->text, rq->lang),
            .text = line_text(rq, &lines[i]),
        };
        s.v[s.n - 1].n++;
    }
    *ret_sections = s.v;
    *ret_n = s.n;
    return OK;
}

enum err sign_int_seen(struct req *rq, int64_t case_rid, const struct sign_seen **ret_seen,
                       uint32_t *ret_n)
{
    struct case_file *files = ARENA_ARRAY(rq->a, SEEN_MAX, struct case_file);
    struct sign_seen *seen = ARENA_ARRAY(rq->a, SEEN_MAX, struct sign_seen);
    uint32_t n = 0;
    uint32_t total = 0;
    TRY_MEM(rq, files);
    TRY_MEM(rq, seen);
    TRY(consult_files(rq, case_rid, 0, files, SEEN_MAX, &n, &total));
    uint32_t n_seen = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct buf at;
        if (files[i].aside != NULL || files[i].gone.ms != 0) { /* nobody's yet; nothing to see any more */
            continue;
        }
        buf_init(&at, rq->a, 64);
        instant_write(&at, files[i].at);
        struct sign_seen *s = &seen[n_seen++];
        *s = (struct sign_seen){.id = files[i].id,
                                .title = files[i].title,
                                .type = files[i].type,
                                .date = buf_get(&at),
                                .size = files[i].size};
        memcpy(s->sha, files[i].sha, sizeof s->sha);
        if (files[i].study.n > 0) {
            TRY(consult_study_hash(rq, files[i].study, s->sha));
        }
    }
    *ret_seen = seen;
    *ret_n = n_seen;
    return OK;
}

/* The answered form as a QuestionnaireResponse, to stand in the document. */
enum err sign_int_response(struct req *rq, const struct form *form, const struct fields *typed,
                           struct str patient, struct jv *ret_v)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct json_out o;
    struct buf b;
    TRY_MEM(rq, doc);
    buf_init(&b, rq->a, SIGN_DOC_MAX);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("QuestionnaireResponse"));
    json_ks(&o, S("id"), put_new_id(rq));
    json_ks(&o, S("questionnaire"), form->url);
    json_ks(&o, S("status"), S("completed"));
    put_ref(&o, S("subject"), T_PATIENT, patient);
    put_instant(&o, S("authored"), rq->now);
    form_write_items(&o, rq, form, typed);
    json_obj_end(&o);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "conclusion");
    }
    TRY(json_parse(rq, buf_get(&b), NULL, doc));
    *ret_v = json_root(doc);
    return OK;
}

/* The files the consultant ticked ("seen", once the form listed them: "seen-listed"); all otherwise. */
static enum err seen_fill(struct req *rq, const struct fields *typed, const struct case_row *row,
                          struct sign_doc *d)
{
    const struct sign_seen *all;
    uint32_t n = 0;
    TRY(sign_int_seen(rq, row->rid, &all, &n));
    struct sign_seen *kept = ARENA_ARRAY(rq->a, n + 1, struct sign_seen);
    TRY_MEM(rq, kept);
    bool listed = fields_get(typed, S("seen-listed")).n > 0;
    for (uint32_t i = 0; i < n; i++) {
        bool ticked = !listed;
        for (uint32_t k = 0; !ticked && fields_at(typed, S("seen"), k).p != NULL; k++) {
            ticked = str_eq(fields_at(typed, S("seen"), k), all[i].id);
        }
        if (ticked) {
            kept[d->n_seen++] = all[i];
        }
    }
    d->seen = kept;
    return OK;
}

/* ---- the document's facts ---- */

static struct str role_title(struct req *rq, struct str code)
{
    const struct role *r = content_role(care_of(rq)->content, code);
    return r != NULL ? text4_get(&r->title, rq->lang) : code;
}

/* As it was asked for; a meeting by video that was held about the case is named too. */
static enum err mode_text(struct req *rq, const struct case_row *row, struct str *ret_text)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    bool live = str_eq(row->mode, S("real-time"));

    TRY(list_owner(rq, row->rid, T_ENCOUNTER, LIST_NEWEST, &l));
    bool met = list_next(l, &hit);
    TRY(list_err(rq, l));
    *ret_text = tr(rq->lang, live  ? T("In real time")
                             : met ? T("By the documents sent and in a meeting by video")
                                   : T("By the documents sent"));
    return OK;
}

static enum err asker_fill(struct req *rq, const struct case_view *v, struct sign_doc *d)
{
    const struct directory *dir;
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, v->row.asker);
    d->asker = v->asker_name;
    d->asker_org = v->asker_org_name;
    for (uint32_t i = 0; p != NULL && i < p->n_roles; i++) {
        if (str_eq(p->roles[i].org, v->row.asker_org) && d->asker_role.n == 0) {
            d->asker_role = role_title(rq, p->roles[i].code);
        }
    }
    return OK;
}

enum err sign_int_author(struct req *rq, struct sign_doc *d)
{
    const struct role_ref *role = who_role(rq->who);
    if (role == NULL) {
        return FAIL(rq, E_FORBIDDEN, "no role");
    }
    TRY(sign_int_load(rq, T_PRACTITIONER, rq->who->person, &d->practitioner));
    TRY(sign_int_load(rq, T_PRACTITIONER_ROLE, role->id, &d->role));
    TRY(sign_int_load(rq, T_ORGANIZATION, role->org, &d->organization));
    d->numbers = outside_offered(care_of(rq));
    d->author_name = rq->who->name;
    d->author_post = role_title(rq, role->code);
    d->organization_name = role->org_name;
    return OK;
}

/* What a correction replaces. */
static enum err replaces_fill(struct req *rq, const struct case_view *v, struct str reason,
                              struct sign_doc *d)
{
    struct jv bundle;
    struct str ids[64];
    uint32_t n = 0;
    d->version = 1;
    if (v->row.conclusion.n == 0) {
        return OK;
    }
    TRY(signed_versions(rq, &v->row, ids, LEN(ids), &n));
    TRY(sign_int_load(rq, T_BUNDLE, v->row.conclusion, &bundle));
    d->version = n + 1;
    d->replaces = json_str(rq->a, json_path(bundle, S("identifier.value")));
    d->replace_reason = reason;
    return OK;
}

enum err sign_int_ids(struct req *rq, struct sign_doc *d)
{
    char code[SIGN_CODE_LEN + 1];
    sign_code_make(code);
    d->bundle_id = put_new_id(rq);
    d->composition_id = put_new_id(rq);
    d->code = arena_str(rq->a, str_z(code));
    TRY_MEM(rq, d->bundle_id.p);
    TRY_MEM(rq, d->composition_id.p);
    TRY_MEM(rq, d->code.p);
    return OK;
}

static enum err doc_fill(struct req *rq, const struct case_view *v, const struct fields *typed,
                         struct sign_doc *d)
{
    const struct form *form = v->profile->conclusion;
    d->lang = rq->lang;
    d->offset_min = care_tz(rq);
    d->at = rq->now;
    d->case_id = v->row.id;
    d->title = text4_get(&form->title, rq->lang);
    d->kind = text4_get(&v->urgency->title, rq->lang);
    TRY(mode_text(rq, &v->row, &d->mode));
    d->asked = (struct instant){v->row.submitted_ms};
    d->start = (struct instant){v->row.accepted_ms};
    d->question = v->question;
    TRY(sign_int_ids(rq, d));
    TRY(asker_fill(rq, v, d));
    TRY(sign_int_author(rq, d));
    TRY(sign_int_load(rq, T_PATIENT, v->row.patient, &d->patient));
    TRY(sign_int_load(rq, T_SERVICE_REQUEST, v->row.id, &d->request));
    TRY(sign_int_response(rq, form, typed, v->row.patient, &d->response));
    TRY(sign_int_sections(rq, form, typed, &d->sections, &d->n_sections));
    TRY(sign_int_mark_fill(rq, typed, &v->row, d));
    return seen_fill(rq, typed, &v->row, d);
}

/* ---- preview ---- */

const char *sign_int_action(const struct case_view *v)
{
    for (uint32_t i = 0; i < v->n_moves; i++) {
        if ((v->moves[i]->need & NEED_CONCLUSION) != 0) {
            return v->moves[i]->action;
        }
    }
    return NULL;
}

static enum err may_sign(struct req *rq, const struct case_view *v)
{
    if ((v->actor & ACTOR_CONSULTANT) == 0) {
        return FAIL(rq, E_FORBIDDEN, "only the consultant of the case signs its conclusion");
    }
    if (sign_int_action(v) == NULL || v->profile == NULL) {
        return FAIL(rq, E_CONFLICT, "nothing can be signed in the state %s", v->state->name);
    }
    return OK;
}

/* The typed form without what is not the form's (the reason, buttons): checked as a whole. */
static enum err typed_check(struct req *rq, const struct case_view *v, const struct fields *typed,
                            struct str reason, struct problems *ret_problems)
{
    static const struct text4 label = {.v = {[LANG_EN] = SI("Reason"), [LANG_RU] = SI("Причина"),
                                             [LANG_KK] = SI("Себебі"), [LANG_UZ] = SI("Sabab")}};
    TRY(form_check(rq, v->profile->conclusion, typed, false, ret_problems));
    if (v->row.conclusion.n > 0 && str_trim(reason).n == 0) {
        problem_add(ret_problems, S("reason"), T("Say why the conclusion is corrected."),
                    (struct str){0}, &label);
    }
    return ret_problems->n == 0 ? OK : FAIL(rq, E_BAD_INPUT, "conclusion");
}

void sign_int_sha(struct str bytes, char out[65])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t sha[32];
    sha_of(bytes, sha);
    for (size_t i = 0; i < sizeof(sha); i++) {
        out[2 * i] = hex[sha[i] >> 4];
        out[2 * i + 1] = hex[sha[i] & 15];
    }
    out[64] = 0;
}

static enum err keep(struct req *rq, struct str case_id, struct str bytes)
{
    struct tx *tx = tx_new(rq);
    struct field one = {S("bundle"), bytes};
    struct fields f = {&one, 1};
    TRY_MEM(rq, tx);
    TRY(draft_save(rq, tx, sign_int_preview_key(rq->a, case_id), S("preview"), &f, 0));
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err sign_preview(struct req *rq, struct str case_id, const struct fields *typed,
                      struct str base_url, struct str reason, struct problems *ret_problems,
                      struct sign_paper *ret_paper)
{
    struct case_view *v = ARENA_NEW(rq->a, struct case_view);
    struct sign_doc *d = ARENA_NEW(rq->a, struct sign_doc);
    struct sign_paper paper;
    TRY_MEM(rq, v);
    TRY_MEM(rq, d);
    TRY(consult_view(rq, case_id, v));
    TRY(may_sign(rq, v));
    TRY(typed_check(rq, v, typed, reason, ret_problems));
    d->base_url = base_url;
    TRY(replaces_fill(rq, v, str_trim(reason), d));
    TRY(doc_fill(rq, v, typed, d));
    TRY(sign_doc_build(rq, d, &paper.bytes));
    sign_int_sha(paper.bytes, paper.sha);
    TRY(keep(rq, case_id, paper.bytes));
    *ret_paper = paper;
    return OK;
}

enum err sign_preview_load(struct req *rq, struct str case_id, struct sign_paper *ret_paper)
{
    struct draft d;
    struct sign_paper paper;
    TRY(draft_load(rq, sign_int_preview_key(rq->a, case_id), &d));
    paper.bytes = fields_get(&d.fields, S("bundle"));
    if (paper.bytes.n == 0) {
        return FAIL(rq, E_NOT_FOUND, "preview");
    }
    sign_int_sha(paper.bytes, paper.sha);
    *ret_paper = paper;
    return OK;
}
