/* web/system.c - the state of the program for its administrators: people and accounts, tokens, room on
 * the disk, and which values of the policy profiles nobody has verified. No clinical text. */
#include "web/pages.h"

#include <stdatomic.h>

#include "base/text.h"
#include "care/account.h"
#include "care/directory.h"
#include "care/erasure.h"
#include "care/modality.h"
#include "care/policy.h"
#include "care/retain.h"
#include "care/stamping.h"
#include "dicom/study.h"
#include "http/server.h"
#include "os/file.h"
#include "store/db.h"
#include "web/page.h"
#include "web/tpl.h"
#include "web/web.h"

enum { LISTED = 50, SOURCES_MAX = 40, GROWTH_DAYS = 30, BACKUP_LATE_DAYS = 2, DAY_MINUTES = 24 * 60 };

/* ---- people, accounts, tokens ---- */

static enum err set_people(struct http_req *h, const struct directory *dir, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    CLEANUP(db_rows_done) struct db_rows s = {0};
    struct val *m = val_set_map(root, "people");
    int64_t orgs = 0;
    int64_t services = 0;
    int64_t people = 0;
    for (uint32_t i = 0; i < dir->n_orgs; i++) {
        orgs += dir->orgs[i].active;
    }
    for (uint32_t i = 0; i < dir->n_services; i++) {
        services += dir->services[i].active;
    }
    for (uint32_t i = 0; i < dir->n_people; i++) {
        people += dir->people[i].active && dir->people[i].n_roles > 0;
    }
    TRY(DB_ONE(&h->rq, &q, Q_ACCOUNT_COUNTS, sql_i64(h->rq.now.ms)));
    TRY(DB_ONE(&h->rq, &s, Q_SESSION_COUNT, sql_i64(h->rq.now.ms)));
    val_set_i64(m, "orgs", orgs);
    val_set_i64(m, "services", services);
    val_set_i64(m, "people", people);
    val_set_i64(m, "accounts", db_i64(&q, 0) - db_i64(&q, 2));
    val_set_i64(m, "must_change", db_i64(&q, 1));
    val_set_i64(m, "closed", db_i64(&q, 2));
    val_set_i64(m, "locked", db_i64(&q, 3));
    val_set_i64(m, "sessions", db_i64(&s, 0));
    return OK;
}

/* Accounts that wait: after wrong passwords, or for a password of their own. */
static enum err set_waiting(struct http_req *h, const struct directory *dir, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct val *list = val_set_list(root, "waiting");
    bool has = false;
    TRY(DB_QUERY(&h->rq, &q, Q_ACCOUNTS_WAITING, sql_i64(h->rq.now.ms), sql_i64(LISTED)));
    TRY(db_next(&h->rq, &q, &has));
    while (has) {
        struct val *m = val_add_map(list);
        struct instant until = {db_i64(&q, 3)};
        val_set_str(m, "login", db_text(h->rq.a, &q, 0));
        val_set_str(m, "name", dir_person_name(dir, db_text(h->rq.a, &q, 1)));
        val_set_bool(m, "locked", until.ms > h->rq.now.ms);
        val_set_instant(m, "until", until);
        val_set_i64(m, "failures", db_i64(&q, 4));
        TRY(db_next(&h->rq, &q, &has));
    }
    return OK;
}

static enum err set_tokens(struct http_req *h, const struct directory *dir, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct val *list = val_set_list(root, "tokens");
    int64_t all = 0;
    bool has = false;
    TRY(DB_QUERY(&h->rq, &q, Q_TOKENS_IN_FORCE, sql_i64(h->rq.now.ms), sql_i64(LISTED)));
    TRY(db_next(&h->rq, &q, &has));
    while (has) {
        struct val *m = val_add_map(list);
        int64_t scopes = db_i64(&q, 3);
        val_set_str(m, "login", db_text(h->rq.a, &q, 0));
        val_set_str(m, "name", dir_person_name(dir, db_text(h->rq.a, &q, 1)));
        val_set_str(m, "title", db_text(h->rq.a, &q, 2));
        val_set_bool(m, "writes", (scopes & SCOPE_WRITE) != 0);
        val_set_bool(m, "system", (scopes & SCOPE_SYSTEM) != 0);
        if (db_i64(&q, 4) != 0) {
            val_set_instant(m, "expires", (struct instant){db_i64(&q, 4)});
        }
        if (db_i64(&q, 5) != 0) {
            val_set_instant(m, "used", (struct instant){db_i64(&q, 5) * MS_DAY});
        }
        all = db_i64(&q, 6);
        TRY(db_next(&h->rq, &q, &has));
    }
    val_set_i64(root, "token_count", all);
    return OK;
}

/* ---- room ---- */

static enum err set_room(struct http_req *h, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows files = {0};
    CLEANUP(db_rows_done) struct db_rows coming = {0};
    CLEANUP(db_rows_done) struct db_rows base = {0};
    struct val *m = val_set_map(root, "room");
    const char *dir = store_dir(care_of(&h->rq)->store);
    uint64_t left = 0;
    TRY(DB_ONE(&h->rq, &files, Q_BLOB_SUM, sql_i64(0)));
    TRY(DB_ONE(&h->rq, &coming, Q_UPLOAD_SUM, sql_i64(h->rq.now.ms)));
    TRY(DB_ONE(&h->rq, &base, Q_BASE_SIZE, sql_i64(1)));
    TRY(os_free_bytes(&h->rq, dir, &left));
    val_set_i64(m, "files", db_i64(&files, 0));
    val_set_i64(m, "file_bytes", db_i64(&files, 1));
    val_set_i64(m, "coming", db_i64(&coming, 0));
    val_set_i64(m, "coming_bytes", db_i64(&coming, 1));
    val_set_i64(m, "base_bytes", db_i64(&base, 0));
    val_set_i64(m, "free_bytes", (int64_t)(left & INT64_MAX));
    struct store_backup backup = store_backup_last(&h->rq, care_of(&h->rq)->store);
    val_set_bool(m, "backup_is", backup.at.ms > 0);
    val_set_instant(m, "backup", backup.at);
    val_set_bool(m, "backup_late", h->rq.now.ms - backup.at.ms > BACKUP_LATE_DAYS * MS_DAY);
    return OK;
}

/* What images come to, and how fast files grow. */
static enum err set_growth(struct http_req *h, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows came = {0};
    struct val *m = val_set_map(root, "images");
    struct dicom_totals t;
    uint64_t left = 0;
    int64_t now = h->rq.now.ms;
    TRY(dicom_totals(&h->rq, &t));
    TRY(DB_ONE(&h->rq, &came, Q_BLOB_CAME, sql_i64(now - GROWTH_DAYS * MS_DAY), sql_i64(now)));
    TRY(os_free_bytes(&h->rq, store_dir(care_of(&h->rq)->store), &left));
    uint64_t grown = db_u64(&came, 1);
    val_set_i64(m, "studies", (int64_t)t.studies);
    val_set_i64(m, "instances", (int64_t)t.instances);
    val_set_i64(m, "bytes", (int64_t)t.bytes);
    val_set_i64(m, "came", db_i64(&came, 0));
    val_set_i64(m, "came_bytes", (int64_t)grown);
    val_set_bool(m, "grows", grown > 0);
    val_set_i64(m, "months", grown > 0 ? (int64_t)MIN(left / grown, UINT64_C(1200)) : 0);
    return OK;
}

/* ---- policy profiles ---- */

/* The sources of one profile, each once. */
struct sources {
    struct val *list;
    struct str seen[SOURCES_MAX];
    uint32_t n;
};

/* gives the number it is shown under, 1.. */
static uint32_t add_source(struct http_req *h, struct sources *s, const struct text4 *source)
{
    struct str text = text4_get(source, h->rq.lang);
    for (uint32_t i = 0; i < s->n; i++) {
        if (str_eq(s->seen[i], text)) {
            return i + 1;
        }
    }
    if (s->n == SOURCES_MAX) {
        return 0;
    }
    struct val *m = val_add_map(s->list);
    val_set_str(m, "text", text);
    val_set_str(m, "language", lang_code(source->v[h->rq.lang].n > 0 ? h->rq.lang : LANG_EN));
    s->seen[s->n++] = text;
    return s->n;
}

/* gives 1 when nobody has verified it */
static uint32_t set_sourced(struct http_req *h, struct val *m, struct sources *sources,
                            const struct sourced *from)
{
    val_set_i64(m, "source", add_source(h, sources, &from->source));
    val_set_bool(m, "verified", from->verified);
    val_set_str(m, "by", from->verified_by);
    val_set_str(m, "on", from->verified_on);
    return from->verified ? 0 : 1;
}

static uint32_t set_term(struct http_req *h, struct val *row, struct sources *sources,
                         const char *key, const struct term *t)
{
    struct val *m = val_set_map(row, key);
    val_set_i64(m, "value", t->ms);
    return set_sourced(h, m, sources, &t->from);
}

static void set_policies(struct http_req *h, struct val *root)
{
    const struct content *c = care_of(&h->rq)->content;
    struct val *list = val_set_list(root, "policies");
    for (uint32_t i = 0; i < c->n_policies; i++) {
        const struct policy *p = &c->policies[i];
        struct val *m = val_add_map(list);
        struct val *terms = val_set_list(m, "terms");
        struct sources sources = {.list = val_set_list(m, "sources")};
        struct val *rings = val_set_list(m, "rings");
        int64_t open = 0;
        uint32_t n_rings = 0;
        for (uint32_t k = 0; k < p->n_terms; k++) {
            const struct policy_terms *t = &p->terms[k];
            struct val *row = val_add_map(terms);
            val_set_str(row, "urgency", t->urgency);
            open += set_term(h, row, &sources, "accept", &t->accept_within);
            open += set_term(h, row, &sources, "answer", &t->answer_within);
            open += set_term(h, row, &sources, "remind", &t->remind_before);
            open += set_term(h, row, &sources, "tell", &t->escalate_after);
            if (t->ring.ms > 0) {
                struct val *call = val_add_map(rings);
                val_set_str(call, "urgency", t->urgency);
                open += set_term(h, call, &sources, "ring", &t->ring);
                n_rings++;
            }
        }
        struct val *keep = val_set_list(m, "keep");
        for (uint32_t k = 0; k < p->n_keep; k++) {
            struct val *row = val_add_map(keep);
            bool any = str_eq(p->keep[k].kind, S("any"));
            val_set_str(row, "kind", any ? tr(h->rq.lang, T("all kinds"))
                                         : modality_words(&h->rq, p->keep[k].kind));
            val_set_i64(row, "years", p->keep[k].years);
            open += set_sourced(h, row, &sources, &p->keep[k].from);
        }
        val_set_str(m, "title", text4_get(&p->title, h->rq.lang));
        val_set_str(m, "version", p->version);
        val_set_i64(m, "open", open);
        val_set_i64(m, "all", (int64_t)p->n_terms * 4 + p->n_keep + n_rings);
        val_set_bool(m, "used", p == care_of(&h->rq)->policy);
    }
}

/* root.stamps {late, unreadable, crowded}: only when there is something to say. */
static enum err set_stamps(struct http_req *h, struct val *root)
{
    uint64_t late = 0;
    uint64_t unreadable = 0;
    uint64_t crowded = 0;
    TRY(stamping_late(&h->rq, &late));
    TRY(stamping_given_up(&h->rq, STAMP_UNREADABLE, &unreadable));
    TRY(stamping_given_up(&h->rq, STAMP_CROWDED, &crowded));
    if (late + unreadable + crowded > 0) {
        struct val *m = val_set_map(root, "stamps");
        val_set_i64(m, "late", (int64_t)late);
        val_set_i64(m, "unreadable", (int64_t)unreadable);
        val_set_i64(m, "crowded", (int64_t)crowded);
        val_set_bool(m, "again", unreadable + crowded > 0 && stamping_offered(care_of(&h->rq)));
    }
    return OK;
}

enum err web_system_stamps(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    uint64_t n = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(stamping_retry(&h->rq, tx, &n));
    return n > 0 ? page_commit(h, tx, S("/system?done=stamps-again")) : http_redirect(h, S("/system#stamps"));
}

/* Whether what is past its term is held up: by a clock that jumped, or by a failure. */
static enum err set_held_up(struct http_req *h, struct val *root)
{
    struct retain_seen seen[RETAIN_COUNT];
    struct retain_clock clock;
    TRY(retain_clock_look(&h->rq, &clock));
    TRY(retain_look(&h->rq, seen));
    bool held_up = !clock.trusted;
    for (uint32_t i = 0; i < RETAIN_COUNT; i++) {
        held_up = held_up || seen[i].failed.ms > 0;
    }
    val_set_bool(root, "held_up", held_up);
    return OK;
}

enum err web_system(struct http_req *h)
{
    struct val *root = NULL;
    bool may_erase = false;
    const struct directory *dir = NULL;
    TRY(page_begin(h, T("System"), &root));
    TRY(directory_get(&h->rq, &dir));
    TRY(set_people(h, dir, root));
    TRY(set_waiting(h, dir, root));
    TRY(set_tokens(h, dir, root));
    TRY(set_room(h, root));
    TRY(set_growth(h, root));
    TRY(set_stamps(h, root));
    TRY(set_held_up(h, root));
    struct http_server *server = atomic_load(&web_of(&h->rq)->server);
    if (server != NULL) {
        val_set_i64(root, "errors_lately", (int64_t)http_server_span(server, DAY_MINUTES).failed);
    }
    TRY(erasure_may_propose(&h->rq, &may_erase));
    val_set_bool(root, "may_erase", may_erase || who_may(h->rq.who, MAY_AUDIT));
    set_policies(h, root);
    return page_reply(h, root, tpl_system);
}
