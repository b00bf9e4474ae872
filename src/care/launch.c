/* care/launch.c - applications opened from a page of ours: which ones, for whom, about what (SMART App Launch
 * 2.2, EHR launch). See grant.h. */
#include <sodium.h>

#include "care/access.h"
#include "care/grant_int.h"
#include "codec/url.h"
#include "fhir/scope.h"
#include "fhir/search.h"
#include "os/random.h"
#include "store/tx.h"

enum { INTENT_MAX = 64, QUERY_MAX = 300 };

/* ---- which ---- */

bool launch_may(const struct who *w, const struct client *c)
{
    bool theirs = c->org.n == 0;
    for (uint32_t i = 0; i < w->n_roles; i++) {
        theirs = theirs || str_eq(w->roles[i].org, c->org);
    }
    return theirs && c->revoked.ms == 0 && (c->launch & CLIENT_EHR) != 0 && c->launch_url.n > 0;
}

enum err launch_list(struct req *rq, struct client *ret_clients, uint32_t n, uint32_t *ret_n)
{
    struct client *all = ARENA_ARRAY(rq->a, LAUNCH_CLIENTS_MAX, struct client);
    uint32_t n_all = 0;
    uint32_t got = 0;
    TRY_MEM(rq, all);
    TRY(client_list(rq, all, LAUNCH_CLIENTS_MAX, &n_all));
    for (uint32_t i = 0; i < n_all && got < n; i++) {
        if (launch_may(rq->who, &all[i])) {
            ret_clients[got++] = all[i];
        }
    }
    *ret_n = got;
    return OK;
}

/* ---- a launch value ---- */

static bool intent_is_good(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-')) {
            return false;
        }
    }
    return s.n <= INTENT_MAX;
}

enum err launch_begin(struct req *rq, struct tx *tx, const struct launch_ask *ask,
                      char ret_launch[GRANT_VALUE_MAX])
{
    uint8_t raw[32];
    char text[GRANT_VALUE_MAX] = {0};
    struct str patient = ask->patient;
    struct case_row row;
    struct res_row who;
    if (!intent_is_good(ask->intent)) {
        return FAIL(rq, E_BAD_INPUT, "intent: at most %d of a-z 0-9 -", INTENT_MAX);
    }
    if (ask->case_id.n > 0) {
        TRY(access_case(rq, ask->case_id, AUDIT_READ, &row));
        patient = row.patient;
    } else {
        TRY(access_patient(rq, patient, AUDIT_READ, &who));
    }
    os_random(raw, sizeof raw);
    sodium_bin2base64(text, sizeof text, raw, sizeof raw, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    struct str hash = grant_hash(rq, str_z(text));
    TRY_MEM(rq, hash.p);
    TRY(TX_SQL(tx, W_LAUNCH_NEW, TX_MUST_BE_NEW, sql_blob(hash), sql_i64(rq->who->account),
               sql_text(str_or_empty(ask->client)), sql_text(patient),
               sql_text(str_or_empty(ask->case_id)), sql_i64(rq->now.ms + GRANT_LAUNCH_MS),
               sql_text(str_or_empty(ask->intent))));
    TRY(grant_note(rq, ask->client, OK, S("opened from a page:")));
    for (size_t i = 0; i < sizeof text; i++) {
        ret_launch[i] = text[i];
    }
    return OK;
}

enum err launch_address(struct req *rq, const struct client *c, struct str iss, struct str launch,
                        struct str *ret_url)
{
    struct buf b;
    buf_init(&b, rq->a, 4096);
    buf_str(&b, c->launch_url);
    buf_char(&b, str_find_char(c->launch_url, '?') < c->launch_url.n ? '&' : '?');
    BUF_LIT(&b, "iss=");
    url_encode(&b, iss, URL_COMPONENT);
    BUF_LIT(&b, "&launch=");
    url_encode(&b, launch, URL_COMPONENT);
    *ret_url = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "address");
}

enum err launch_find(struct req *rq, struct str launch, struct str client, struct launch *ret_launch)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct str hash = grant_hash(rq, launch);
    TRY_MEM(rq, hash.p);
    enum err e = DB_ONE(rq, &q, Q_LAUNCH, sql_blob(hash));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_FORBIDDEN, "launch");
    }
    TRY(e);
    struct str only = db_peek(&q, 1);
    if (db_i64(&q, 0) != rq->who->account || (only.n > 0 && !str_eq(only, client))
        || db_i64(&q, 4) <= rq->now.ms) {
        return FAIL(rq, E_FORBIDDEN, "launch");
    }
    *ret_launch = (struct launch){.patient = db_text(rq->a, &q, 2),
                                  .case_id = db_text(rq->a, &q, 3),
                                  .intent = db_text(rq->a, &q, 5)};
    return OK;
}

enum err launch_use(struct tx *tx, struct req *rq, struct str launch)
{
    struct str hash = grant_hash(rq, launch);
    TRY_MEM(rq, hash.p);
    return TX_SQL(tx, W_LAUNCH_USED, TX_MUST_CHANGE, sql_blob(hash));
}

/* ---- the visit ---- */

/* What the case itself was asked in; p NULL: it names none. */
static enum err case_visit(struct req *rq, struct str case_id, struct str *ret_id)
{
    struct res_row row;
    struct json_doc doc;
    struct str id = {NULL, 0};
    TRY(db_read(rq, T_SERVICE_REQUEST, case_id, &row));
    TRY(json_parse(rq, row.body, NULL, &doc));
    struct jv ref = json_get(json_get(json_root(&doc), S("encounter")), S("reference"));
    struct str text = json_str(rq->a, ref);
    if (str_starts(text, S("Encounter/"))) {
        id = str_sub(text, 10, text.n);
    }
    *ret_id = id;
    return OK;
}

enum err launch_visit(struct req *rq, struct str case_id, struct str patient, struct str *ret_id)
{
    const struct who *w = rq->who;
    const struct fhir_access acc = {.all = who_may(w, IS_SYSTEM), .principals = w->principals,
                                    .n = w->n_principals};
    struct fhir_page page = {0};
    struct str id = {NULL, 0};
    struct buf b;
    *ret_id = S("");
    if (case_id.n > 0) {
        TRY(case_visit(rq, case_id, &id));
    }
    if (patient.n == 0) {
        return OK;
    }
    buf_init(&b, rq->a, QUERY_MAX);
    if (id.p != NULL) {
        BUF_LIT(&b, "_id=");
        url_encode(&b, id, URL_COMPONENT);
        BUF_LIT(&b, "&");
    } else {
        BUF_LIT(&b, "status=arrived,triaged,in-progress,onleave&_sort=-date&");
    }
    BUF_LIT(&b, "_count=1&patient=Patient/");
    url_encode(&b, patient, URL_COMPONENT);
    TRY(fhir_search_text(rq, T_ENCOUNTER, buf_get(&b), &acc, &page));
    if (page.n_matches > 0) {
        *ret_id = arena_str(rq->a, page.v[0].row.id);
    }
    return OK;
}
