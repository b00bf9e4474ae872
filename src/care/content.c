/* care/content.c - reads the content folder. */
#include "care/content_int.h"
#include "care/form.h"
#include "care/policy.h"
#include "care/topic.h"
#include "care/who.h"
#include "os/file.h"
#include "codec/utf8.h"

enum {
    CONTENT_CAP = 64 << 20, /* arena of all content */
    FILE_CAP = 4 << 20,     /* one file */
    FILES_MAX = 256         /* files of one folder */
};

struct str text4_get(const struct text4 *t, enum lang lang)
{
    return t->v[lang].n > 0 ? t->v[lang] : t->v[LANG_EN];
}

void content_text4(struct req *rq, struct jv v, struct text4 *ret_text)
{
    static const struct str keys[LANG_COUNT] = {
        [LANG_EN] = SI("en"), [LANG_RU] = SI("ru"), [LANG_KK] = SI("kk"), [LANG_UZ] = SI("uz")};

    for (int i = 0; i < LANG_COUNT; i++) {
        ret_text->v[i] = json_str(rq->a, json_get(v, keys[i]));
    }
}

static enum err read_json(struct req *rq, struct str dir, struct str name, struct json_doc **ret_doc)
{
    char path[OS_PATH_MAX];
    struct str text = {0};

    TRY(os_path(rq, dir, name, path));
    TRY(os_read_file(rq, path, FILE_CAP, &text));
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    if (json_parse(rq, text, NULL, doc) != OK) {
        char where[200];
        size_t n = 0;
        for (; rq->err.detail[n] != '\0' && n + 1 < sizeof where; n++) {
            where[n] = rq->err.detail[n];
        }
        where[n] = '\0';
        err_clear(rq);
        return FAIL(rq, E_SYNTAX, "%.*s: %.120s", STR_ARG(name), where);
    }
    *ret_doc = doc;
    return OK;
}

/* The items of a file {"kind": ..., "items": [...]}. */
static enum err read_items(struct req *rq, struct str dir, struct str name, struct str member,
                           struct jv *ret_items, uint32_t *ret_n)
{
    struct json_doc *doc = NULL;

    TRY(read_json(rq, dir, name, &doc));
    struct jv items = json_get(json_root(doc), member);
    uint32_t n = json_len(items);
    if (json_kind(items) != JSON_ARRAY || n == 0) {
        return FAIL(rq, E_BAD_INPUT, "%.*s: no %.*s", STR_ARG(name), STR_ARG(member));
    }
    *ret_items = items;
    *ret_n = n;
    return OK;
}

static enum err load_urgencies(struct req *rq, struct content *c)
{
    struct jv items;
    uint32_t n = 0;
    TRY(read_items(rq, c->dir, S("urgency.json"), S("items"), &items, &n));
    struct urgency *all = ARENA_ARRAY(rq->a, n, struct urgency);
    TRY_MEM(rq, all);
    uint32_t i = 0;
    for (struct jv v = json_first(items); json_has(v); v = json_next(v), i++) {
        int64_t rank = i + 1;
        (void)!json_i64(json_get(v, S("order")), &rank);
        all[i] = (struct urgency){.code = json_str(rq->a, json_get(v, S("code"))),
                                  .fhir_priority = json_str(rq->a, json_get(v, S("fhirPriority"))),
                                  .rank = (uint32_t)rank};
        content_text4(rq, json_get(v, S("title")), &all[i].title);
        content_text4(rq, json_get(v, S("definition")), &all[i].definition);
        if (all[i].code.n == 0 || all[i].fhir_priority.n == 0 || rank != i + 1) {
            return FAIL(rq, E_BAD_INPUT, "urgency.json: item %u", i + 1);
        }
    }
    c->urgencies = all;
    c->n_urgencies = n;
    return OK;
}

static enum err load_roles(struct req *rq, struct content *c)
{
    static const struct {
        struct str key;
        uint32_t right;
    } rights[] = {
        {SI("ask"), MAY_ASK},           {SI("answer"), MAY_ANSWER},
        {SI("coordinate"), MAY_COORDINATE}, {SI("head"), MAY_HEAD},
        {SI("register-patient"), MAY_REGISTER}, {SI("administer"), MAY_ADMIN},
        {SI("audit"), MAY_AUDIT},       {SI("visit"), MAY_VISIT},
        {SI("book"), MAY_BOOK},
    };
    struct jv items;
    uint32_t n = 0;
    TRY(read_items(rq, c->dir, S("roles.json"), S("items"), &items, &n));
    struct role *all = ARENA_ARRAY(rq->a, n, struct role);
    TRY_MEM(rq, all);
    uint32_t i = 0;
    for (struct jv v = json_first(items); json_has(v); v = json_next(v), i++) {
        all[i].code = json_str(rq->a, json_get(v, S("code")));
        content_text4(rq, json_get(v, S("title")), &all[i].title);
        for (size_t k = 0; k < LEN(rights); k++) {
            if (json_true(json_path(json_get(v, S("rights")), rights[k].key))) {
                all[i].rights |= rights[k].right;
            }
        }
        all[i].factor = json_true(json_get(v, S("secondFactor")));
        if (all[i].code.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "roles.json: item %u", i + 1);
        }
    }
    c->roles = all;
    c->n_roles = n;
    return OK;
}

static enum err load_measures(struct req *rq, struct content *c)
{
    struct jv items;
    uint32_t n = 0;
    TRY(read_items(rq, c->dir, S("observations.json"), S("items"), &items, &n));
    struct measure *all = ARENA_ARRAY(rq->a, n, struct measure);
    TRY_MEM(rq, all);
    uint32_t i = 0;
    for (struct jv v = json_first(items); json_has(v); v = json_next(v), i++) {
        all[i].code = json_str(rq->a, json_get(v, S("code")));
        all[i].panel = json_str(rq->a, json_get(v, S("panel")));
        all[i].ucum = json_str(rq->a, json_path(v, S("unit.ucum")));
        content_text4(rq, json_get(v, S("title")), &all[i].title);
        content_text4(rq, json_path(v, S("unit.title")), &all[i].unit);
        struct jv loinc = json_get(v, S("loinc"));
        for (struct jv l = json_first(loinc); json_has(l) && all[i].n_loinc < 2; l = json_next(l)) {
            all[i].loinc[all[i].n_loinc++] = json_str(rq->a, l);
        }
        if (all[i].code.n == 0 || all[i].n_loinc == 0) {
            return FAIL(rq, E_BAD_INPUT, "observations.json: item %u", i + 1);
        }
    }
    c->measures = all;
    c->n_measures = n;
    return OK;
}

static enum err load_lists(struct req *rq, struct content *c)
{
    struct jv lists;
    uint32_t n = 0;
    TRY(read_items(rq, c->dir, S("outcome.json"), S("lists"), &lists, &n));
    struct code_list *all = ARENA_ARRAY(rq->a, n, struct code_list);
    TRY_MEM(rq, all);
    uint32_t i = 0;
    for (struct jv v = json_first(lists); json_has(v); v = json_next(v), i++) {
        struct jv items = json_get(v, S("items"));
        struct coded *coded = ARENA_ARRAY(rq->a, json_len(items), struct coded);
        TRY_MEM(rq, coded);
        all[i].code = json_str(rq->a, json_get(v, S("code")));
        content_text4(rq, json_get(v, S("title")), &all[i].title);
        all[i].items = coded;
        for (struct jv w = json_first(items); json_has(w); w = json_next(w)) {
            coded[all[i].n].code = json_str(rq->a, json_get(w, S("code")));
            content_text4(rq, json_get(w, S("title")), &coded[all[i].n].title);
            all[i].n++;
        }
        if (all[i].code.n == 0 || all[i].n == 0) {
            return FAIL(rq, E_BAD_INPUT, "outcome.json: list %u", i + 1);
        }
    }
    c->lists = all;
    c->n_lists = n;
    return OK;
}

struct names {
    struct str v[FILES_MAX];
    uint32_t n;
};

static enum err note_name(struct req *rq, const char *name, void *ctx)
{
    struct names *names = ctx;
    struct str s = str_z(name);

    if (!str_ends(s, S(".json"))) {
        return OK;
    }
    if (names->n == FILES_MAX) {
        return FAIL(rq, E_TOO_LARGE, "more than %d files in one content folder", FILES_MAX);
    }
    names->v[names->n] = arena_str(rq->a, s);
    TRY_MEM(rq, names->v[names->n].p);
    names->n++;
    return OK;
}

/* The names of the .json files of a folder, in order. */
static enum err list_files(struct req *rq, struct str dir, struct names *ret_names)
{
    char path[OS_PATH_MAX];

    TRY(os_path(rq, dir, S("."), path));
    TRY(os_each_entry(rq, path, note_name, ret_names));
    for (uint32_t i = 1; i < ret_names->n; i++) {
        for (uint32_t k = i; k > 0 && str_cmp(ret_names->v[k - 1], ret_names->v[k]) > 0; k--) {
            struct str swap = ret_names->v[k];
            ret_names->v[k] = ret_names->v[k - 1];
            ret_names->v[k - 1] = swap;
        }
    }
    return OK;
}

static enum err sub_dir(struct req *rq, struct str dir, struct str name, struct str *ret_path)
{
    char path[OS_PATH_MAX];

    TRY(os_path(rq, dir, name, path));
    *ret_path = arena_str(rq->a, str_z(path));
    TRY_MEM(rq, ret_path->p);
    return OK;
}

static enum err load_forms(struct req *rq, struct content *c)
{
    struct names *names = ARENA_NEW(rq->a, struct names);
    struct str dir = {0};

    TRY_MEM(rq, names);
    TRY(sub_dir(rq, c->dir, S("questionnaires"), &dir));
    TRY(list_files(rq, dir, names));
    struct form *all = ARENA_ARRAY(rq->a, names->n, struct form);
    TRY_MEM(rq, all);
    for (uint32_t i = 0; i < names->n; i++) {
        struct json_doc *doc = NULL;
        TRY(read_json(rq, dir, names->v[i], &doc));
        TRY(form_load(rq, json_root(doc), &all[i]));
    }
    c->forms = all;
    c->n_forms = names->n;
    return OK;
}

static enum err load_policies(struct req *rq, struct content *c)
{
    struct names *names = ARENA_NEW(rq->a, struct names);
    struct str dir = {0};

    TRY_MEM(rq, names);
    TRY(sub_dir(rq, c->dir, S("policy"), &dir));
    TRY(list_files(rq, dir, names));
    struct policy *all = ARENA_ARRAY(rq->a, names->n, struct policy);
    TRY_MEM(rq, all);
    for (uint32_t i = 0; i < names->n; i++) {
        struct json_doc *doc = NULL;
        TRY(read_json(rq, dir, names->v[i], &doc));
        TRY(policy_load(rq, json_root(doc), &all[i]));
        for (uint32_t k = 0; k < c->n_urgencies; k++) {
            if (policy_terms(&all[i], c->urgencies[k].code) == NULL) {
                return FAIL(rq, E_BAD_INPUT, "%.*s: no clocks for %.*s", STR_ARG(names->v[i]),
                            STR_ARG(c->urgencies[k].code));
            }
        }
    }
    if (names->n == 0) {
        return FAIL(rq, E_BAD_INPUT, "no policy profile");
    }
    c->policies = all;
    c->n_policies = names->n;
    return OK;
}

static enum err load_profiles(struct req *rq, struct content *c)
{
    struct jv items;
    uint32_t n = 0;
    TRY(read_items(rq, c->dir, S("profiles.json"), S("items"), &items, &n));
    struct profile *all = ARENA_ARRAY(rq->a, n, struct profile);
    TRY_MEM(rq, all);
    uint32_t i = 0;
    for (struct jv v = json_first(items); json_has(v); v = json_next(v), i++) {
        all[i].code = json_str(rq->a, json_get(v, S("code")));
        content_text4(rq, json_get(v, S("title")), &all[i].title);
        all[i].request = content_form(c, json_str(rq->a, json_get(v, S("request"))));
        all[i].conclusion = content_form(c, json_str(rq->a, json_get(v, S("conclusion"))));
        if (all[i].code.n == 0 || all[i].request == NULL || all[i].conclusion == NULL) {
            return FAIL(rq, E_BAD_INPUT, "profiles.json: item %u: code, request or conclusion form",
                        i + 1);
        }
    }
    c->profiles = all;
    c->n_profiles = n;
    return OK;
}

/* A folder without the file has nothing to subscribe to. */
static enum err load_topics(struct req *rq, struct content *c)
{
    struct jv items;
    uint32_t n = 0;
    enum err e = read_items(rq, c->dir, S("topics.json"), S("items"), &items, &n);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return topics_load(rq, items, &c->topics, &c->n_topics);
}

/* A folder without the file offers no windows but those of the images themselves. */
static enum err load_windows(struct req *rq, struct content *c)
{
    struct jv rows;
    uint32_t n = 0;
    enum err e = read_items(rq, c->dir, S("imaging.json"), S("windows"), &rows, &n);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    struct image_window *all = ARENA_ARRAY(rq->a, n, struct image_window);
    TRY_MEM(rq, all);
    uint32_t i = 0;
    for (struct jv v = json_first(rows); json_has(v); v = json_next(v), i++) {
        struct image_window *w = &all[i];
        w->code = json_str(rq->a, json_get(v, S("code")));
        w->modality = json_str(rq->a, json_get(v, S("modality")));
        w->verified = json_true(json_get(v, S("verified")));
        content_text4(rq, json_get(v, S("title")), &w->title);
        content_text4(rq, json_get(v, S("source")), &w->source);
        if (w->code.n == 0 || w->modality.n == 0 || !json_i64(json_get(v, S("centre")), &w->centre)
            || !json_i64(json_get(v, S("width")), &w->width) || w->width < 1) {
            return FAIL(rq, E_BAD_INPUT, "imaging.json: window %u", i + 1);
        }
    }
    c->windows = all;
    c->n_windows = n;
    return OK;
}

/* Words and keyboard rows that make a password easy to guess, folded as passwords are (care/password.h). */
static enum err load_guesses(struct req *rq, struct content *c, const char *member,
                             const struct str **ret_list, uint32_t *ret_n)
{
    enum { FOLD_CAP = 1024 };
    struct jv rows;
    uint32_t n = 0;
    enum err e = read_items(rq, c->dir, S("passwords.json"), str_z(member), &rows, &n);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    struct str *all = ARENA_ARRAY(rq->a, n, struct str);
    TRY_MEM(rq, all);
    uint32_t i = 0;
    for (struct jv v = json_first(rows); json_has(v); v = json_next(v), i++) {
        struct buf b;
        buf_init(&b, rq->a, FOLD_CAP);
        utf8_fold(&b, json_str(rq->a, v));
        all[i] = buf_get(&b);
        if (all[i].n == 0) {
            return FAIL(rq, E_BAD_INPUT, "passwords.json: %s %u", member, i + 1);
        }
    }
    *ret_list = all;
    *ret_n = n;
    return OK;
}

static enum err load_all(struct req *rq, struct content *c)
{
    TRY(load_guesses(rq, c, "words", &c->password_words, &c->n_password_words));
    TRY(load_guesses(rq, c, "rows", &c->password_rows, &c->n_password_rows));
    TRY(load_windows(rq, c));
    TRY(load_topics(rq, c));
    TRY(load_urgencies(rq, c));
    TRY(load_roles(rq, c));
    TRY(load_measures(rq, c));
    TRY(load_lists(rq, c));
    TRY(load_forms(rq, c));
    TRY(load_policies(rq, c));
    return load_profiles(rq, c);
}

enum err content_load(struct req *rq, struct str dir, struct content **ret_content)
{
    struct req own;

    req_init(&own, CONTENT_CAP, rq->now);
    struct content_box *box = ARENA_NEW(own.a, struct content_box);
    struct str kept = arena_str(own.a, dir);
    enum err e = box != NULL && kept.p != NULL ? OK : FAIL(&own, E_TOO_LARGE, "memory cap");
    if (e == OK) {
        box->c.dir = kept;
        e = load_all(&own, &box->c);
    }
    if (e != OK) {
        enum err code = FAIL(rq, e, "content: %s", own.err.detail);
        req_done(&own);
        return code;
    }
    box->rq = own;
    *ret_content = &box->c;
    return OK;
}

void content_free(struct content *c)
{
    if (c != NULL) {
        struct req own = ((struct content_box *)c)->rq;
        req_done(&own);
    }
}

#define FIND(list, n, want)                          \
    for (uint32_t i = 0; i < (n); i++) {             \
        if (str_eq((list)[i].code, (want))) {        \
            return &(list)[i];                       \
        }                                            \
    }                                                \
    return NULL

const struct profile *content_profile(const struct content *c, struct str code)
{
    FIND(c->profiles, c->n_profiles, code);
}

const struct urgency *content_urgency(const struct content *c, struct str code)
{
    FIND(c->urgencies, c->n_urgencies, code);
}

const struct role *content_role(const struct content *c, struct str code)
{
    FIND(c->roles, c->n_roles, code);
}

const struct measure *content_measure(const struct content *c, struct str code)
{
    FIND(c->measures, c->n_measures, code);
}

const struct measure *content_measure_loinc(const struct content *c, struct str loinc)
{
    for (uint32_t i = 0; i < c->n_measures; i++) {
        for (uint32_t n = 0; n < c->measures[i].n_loinc; n++) {
            if (str_eq(c->measures[i].loinc[n], loinc)) {
                return &c->measures[i];
            }
        }
    }
    return NULL;
}

const struct code_list *content_list(const struct content *c, struct str code)
{
    FIND(c->lists, c->n_lists, code);
}

const struct coded *content_item(const struct code_list *list, struct str code)
{
    if (list == NULL) {
        return NULL;
    }
    FIND(list->items, list->n, code);
}

const struct image_window *content_window(const struct content *c, struct str code)
{
    FIND(c->windows, c->n_windows, code);
}

const struct form *content_form(const struct content *c, struct str url_or_id)
{
    for (uint32_t i = 0; i < c->n_forms; i++) {
        if (str_eq(c->forms[i].url, url_or_id) || str_eq(c->forms[i].id, url_or_id)) {
            return &c->forms[i];
        }
    }
    return NULL;
}

const struct policy *content_policy(const struct content *c, struct str id)
{
    for (uint32_t i = 0; i < c->n_policies; i++) {
        if (str_eq(c->policies[i].id, id)) {
            return &c->policies[i];
        }
    }
    return NULL;
}
