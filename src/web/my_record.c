/* web/my_record.c - a patient's visits, results, and who looked at the record. */
#include "web/my.h"

#include "base/text.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/put.h"
#include "care/visit.h"
#include "web/audit_words.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { VISITS_SHOWN = 100, RESULTS_SHOWN = 100, LOG_SHOWN = 200, SCANNED_MAX = 500 };

/* ---- visits ---- */

enum err web_my_visits(struct http_req *h)
{
    struct encounter_row *rows = ARENA_ARRAY(h->rq.a, VISITS_SHOWN, struct encounter_row);
    struct my m;
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(my_begin(h, T("Visits"), &m));
    TRY(my_set_bookings(h, &m, m.root));
    TRY(encounter_list(&h->rq, m.rid, rows, VISITS_SHOWN, &n));
    struct val *list = val_set_list(m.root, "visits");
    for (uint32_t i = 0; i < n; i++) {
        bool goes_on = str_eq(rows[i].status, S("in-progress")) && rows[i].start.ms > h->rq.now.ms - MS_DAY;
        if (goes_on || str_eq(rows[i].status, S("entered-in-error"))
            || str_eq(rows[i].status, S("cancelled"))) {
            continue;
        }
        struct val *x = val_add_map(list);
        val_set_str(x, "at", rows[i].start_text);
        val_set_str(x, "who", rows[i].practitioner_name);
        val_set_str(x, "org", rows[i].org_name);
        val_set_str(x, "problem", rows[i].problem);
        val_set_bool(x, "remote", str_eq(rows[i].cls, S(VISIT_REMOTE)));
    }
    return page_reply(h, m.root, tpl_my_visits);
}

/* ---- results ---- */

/* What a code of the record is here; NULL: unknown. */
static const struct measure *measure_of(struct http_req *h, struct str code)
{
    return content_measure_loinc(care_of(&h->rq)->content, code);
}

/* A panel of ours is one of pressures. */
static bool is_panel(struct http_req *h, struct str code)
{
    const struct content *c = care_of(&h->rq)->content;
    for (uint32_t i = 0; i < c->n_measures && code.n > 0; i++) {
        if (str_eq(c->measures[i].panel, code)) {
            return true;
        }
    }
    return false;
}

static struct str concept_text(struct http_req *h, struct jv v)
{
    struct str code = json_str(h->rq.a, json_path(v, S("coding.0.code")));
    const struct measure *k = measure_of(h, code);
    struct str text = json_str(h->rq.a, json_get(v, S("text")));
    if (k != NULL) {
        return text4_get(&k->title, h->rq.lang);
    }
    if (text.n == 0) {
        text = json_str(h->rq.a, json_path(v, S("coding.0.display")));
    }
    if (text.n == 0 && is_panel(h, code)) {
        return tr(h->rq.lang, T("Blood pressure"));
    }
    return text.n > 0 ? text : code;
}

/* In the reader's language when it is the unit the measure is taken in here; else as it was written. */
static struct str unit_text(struct http_req *h, struct jv v, struct jv quantity)
{
    const struct measure *k = measure_of(h, json_str(h->rq.a, json_path(v, S("code.coding.0.code"))));
    struct str code = json_str(h->rq.a, json_get(quantity, S("code")));
    struct str unit = json_str(h->rq.a, json_get(quantity, S("unit")));
    if (k != NULL && k->ucum.n > 0 && str_eq(k->ucum, code)) {
        return text4_get(&k->unit, h->rq.lang);
    }
    return unit.n > 0 ? unit : code;
}

/* value and unit of an Observation or of one of its components; false: it has none to show. */
static bool set_value(struct http_req *h, struct jv v, struct val *x)
{
    struct jv q = json_get(v, S("valueQuantity"));
    struct str text = json_str(h->rq.a, json_get(v, S("valueString")));
    if (json_has(json_get(q, S("value")))) {
        val_set_str(x, "value", json_raw(json_get(q, S("value"))));
        val_set_str(x, "unit", unit_text(h, v, q));
        return true;
    }
    if (text.n == 0 && json_has(json_get(v, S("valueCodeableConcept")))) {
        text = concept_text(h, json_get(v, S("valueCodeableConcept")));
    }
    val_set_str(x, "value", text);
    return text.n > 0;
}

/* "3.5 – 5.1", as the laboratory wrote it. */
static void set_range(struct http_req *h, struct jv v, struct val *x)
{
    struct jv r = json_path(v, S("referenceRange.0"));
    struct str low = json_raw(json_path(r, S("low.value")));
    struct str high = json_raw(json_path(r, S("high.value")));
    struct buf b;
    buf_init(&b, h->rq.a, 200);
    buf_str(&b, low);
    if (low.n + high.n > 0) {
        BUF_LIT(&b, " – ");
    }
    buf_str(&b, high);
    struct str text = json_str(h->rq.a, json_get(r, S("text")));
    val_set_str(x, "range", text.n > 0 ? text : buf_get(&b));
}

static bool is_shown(struct jv v)
{
    bool out = json_is(json_get(v, S("status")), S("entered-in-error"))
               || json_is(json_get(v, S("status")), S("cancelled"));
    for (struct jv c = json_first(json_get(v, S("category"))); json_has(c); c = json_next(c)) {
        out = out || json_is(json_path(c, S("coding.0.code")), S("imaging")); /* marks on pictures */
    }
    return !out;
}

/* What hangs on the record is shown; what hangs on a case, while the patient is of its team. */
static enum err may_see(struct http_req *h, const struct my *m, const struct res_row *row, bool *ret_may)
{
    const struct who *w = h->rq.who;
    *ret_may = row->anchor == m->rid;
    return *ret_may || row->anchor <= 0
               ? OK
               : db_team_has(&h->rq, row->anchor, w->principals, w->n_principals, ret_may);
}

static bool add_result(struct http_req *h, struct jv v, struct val *list)
{
    struct val *x = val_map(h->rq.a);
    bool any = set_value(h, v, x);
    struct val *parts = val_set_list(x, "parts");
    for (struct jv c = json_first(json_get(v, S("component"))); json_has(c); c = json_next(c)) {
        struct val *p = val_map(h->rq.a);
        if (set_value(h, c, p)) {
            val_set_str(p, "title", concept_text(h, json_get(c, S("code"))));
            val_add(parts, p);
            any = true;
        }
    }
    if (!any) {
        return false;
    }
    struct str at = json_str(h->rq.a, json_get(v, S("effectiveDateTime")));
    val_set_str(x, "title", concept_text(h, json_get(v, S("code"))));
    val_set_str(x, "at", at.n > 0 ? at : json_str(h->rq.a, json_get(v, S("issued"))));
    val_set_bool(x, "own", ref_get(&h->rq, json_path(v, S("performer.0")), T_PATIENT).n > 0);
    set_range(h, v, x);
    val_add(list, x);
    return true;
}

static enum err set_reports(struct http_req *h, const struct my *m, struct val *list)
{
    CLEANUP(list_close) struct list *l = NULL;
    uint32_t n = 0;
    struct hit hit;
    TRY(list_owner(&h->rq, m->rid, T_DIAGNOSTIC_REPORT, LIST_NEWEST, &l));
    while (n < RESULTS_SHOWN && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        bool may = false;
        TRY(res_load(&h->rq, hit.rid, &row, &v));
        TRY(may_see(h, m, &row, &may));
        if (!may || !is_shown(v)) {
            continue;
        }
        struct val *x = val_add_map(list);
        val_set_str(x, "title", concept_text(h, json_get(v, S("code"))));
        val_set_str(x, "at", json_str(h->rq.a, json_get(v, S("effectiveDateTime"))));
        val_set_str(x, "value", json_str(h->rq.a, json_get(v, S("conclusion"))));
        n++;
    }
    return list_err(&h->rq, l);
}

enum err web_my_results(struct http_req *h)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct my m;
    uint32_t n = 0;
    uint32_t seen = 0;
    struct hit hit;
    TRY(my_begin(h, T("Results"), &m));
    TRY(set_reports(h, &m, val_set_list(m.root, "reports")));
    struct val *list = val_set_list(m.root, "results");
    TRY(list_owner(&h->rq, m.rid, T_OBSERVATION, LIST_NEWEST, &l));
    while (n < RESULTS_SHOWN && seen++ < SCANNED_MAX && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        bool may = false;
        TRY(res_load(&h->rq, hit.rid, &row, &v));
        TRY(may_see(h, &m, &row, &may));
        n += may && is_shown(v) && add_result(h, v, list);
    }
    TRY(list_err(&h->rq, l));
    return page_reply(h, m.root, tpl_my_results);
}

/* ---- who looked ---- */

const struct policy *my_policy(struct http_req *h, const struct my *m)
{
    const struct directory *dir = NULL;
    const struct dir_org *org = NULL;
    if (m->patient.org.n > 0 && directory_get(&h->rq, &dir) == OK) {
        org = dir_org(dir, m->patient.org);
    }
    return org != NULL && org->policy != NULL ? org->policy : care_of(&h->rq)->policy;
}

static bool same(const struct val *a, const struct val *b, const char *key)
{
    const struct val *x = val_find(a, str_z(key));
    const struct val *y = val_find(b, str_z(key));
    return x != NULL && y != NULL && str_eq(x->s, y->s);
}

/* Others who looked, by post and organisation; the same again and again is one line. The own looks, and
 * what the program does by itself, are left out. */
static void set_log(struct http_req *h, const struct directory *dir, const struct audit_row *rows,
                    size_t n, struct val *list)
{
    struct val *last = NULL;
    int64_t times = 0;
    for (size_t i = 0; i < n; i++) {
        struct val *w = val_map(h->rq.a);
        bool own = str_starts(rows[i].actor, S("Patient/"));
        if (own || rows[i].actor.n == 0 || rows[i].role.n == 0
            || str_eq(rows[i].role, who_system.audit.role)
            || str_eq(rows[i].role, who_clock.audit.role)) {
            continue;
        }
        audit_words(h, dir, &rows[i], w);
        if (last != NULL && same(last, w, "role") && same(last, w, "org") && same(last, w, "what")
            && same(last, w, "why")) {
            val_set_i64(last, "times", ++times);
            continue;
        }
        last = val_add_map(list);
        times = 1;
        audit_words(h, dir, &rows[i], last);
        val_set_bool(last, "representative", str_starts(rows[i].actor, S("RelatedPerson/")));
    }
}

enum err web_my_log(struct http_req *h)
{
    struct audit_row *rows = ARENA_ARRAY(h->rq.a, LOG_SHOWN, struct audit_row);
    const struct directory *dir = NULL;
    struct my m;
    uint64_t before = 0;
    size_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(my_begin(h, T("Who looked at my record"), &m));
    const struct policy *policy = my_policy(h, &m);
    bool shown = policy->patient_sees_log.value;
    val_set_bool(m.root, "shown", shown);
    val_set_bool(m.root, "unverified", !policy->patient_sees_log.from.verified);
    val_set_str(m.root, "source", text4_get(&policy->patient_sees_log.from.source, h->rq.lang));
    if (!shown) {
        return page_reply(h, m.root, tpl_my_log);
    }
    if (!str_u64(http_query(h, S("before")), &before)) {
        before = 0;
    }
    TRY(directory_get(&h->rq, &dir));
    TRY(audit_list(&h->rq, m.rid, before, LOG_SHOWN, rows, &n));
    set_log(h, dir, rows, n, val_set_list(m.root, "rows"));
    if (n == LOG_SHOWN) {
        struct buf b;
        buf_init(&b, h->rq.a, 60);
        BUF_LIT(&b, "/my/log?before=");
        buf_u64(&b, rows[n - 1].seq);
        val_set_str(m.root, "older", buf_get(&b));
    }
    return page_reply(h, m.root, tpl_my_log);
}
