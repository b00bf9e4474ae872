/* care/patient_account.c - what an account of the patients' side opens, and as whom it acts. */
#include "care/patient_account_int.h"

#include "base/text.h"
#include "care/account_int.h"
#include "fhir/extract.h"

enum { NUMBER_MIN = 11, NUMBER_MAX = 20 };

static const struct relation relations[] = {
    {SI("MTH"), T("mother")},         {SI("FTH"), T("father")},
    {SI("CHILD"), T("son or daughter")}, {SI("SPS"), T("husband or wife")},
    {SI("SIB"), T("brother or sister")}, {SI("GUARD"), T("guardian")},
    {SI("POWATT"), T("by power of attorney")}, {SI("FAMMEMB"), T("another relative")},
};

const struct relation *relation_at(unsigned i)
{
    return i < LEN(relations) ? &relations[i] : NULL;
}

const struct relation *relation_find(struct str code)
{
    for (unsigned i = 0; i < LEN(relations); i++) {
        if (str_eq(relations[i].code, code)) {
            return &relations[i];
        }
    }
    return NULL;
}

struct str person_ref(struct req *rq, enum fhir_type type, struct str id)
{
    struct buf b;
    buf_init(&b, rq->a, 100);
    buf_str(&b, fhir_type_name(type));
    buf_char(&b, '/');
    buf_str(&b, id);
    return buf_get(&b);
}

/* ---- ties ---- */

void tie_read(struct req *rq, const struct db_rows *q, struct patient_tie *ret_tie)
{
    *ret_tie = (struct patient_tie){
        .id = db_text(rq->a, q, 0),
        .account = db_i64(q, 1),
        .patient = db_text(rq->a, q, 2),
        .related = db_text(rq->a, q, 3),
        .may = (uint32_t)db_i64(q, 4),
        .by = db_text(rq->a, q, 5),
        .created = {db_i64(q, 6)},
        .until = {db_i64(q, 7)},
        .ended = {db_i64(q, 8)},
    };
}

static enum err ties_read(struct req *rq, struct db_rows *q, struct patient_tie *ret_ties,
                          uint32_t *ret_n)
{
    uint32_t n = 0;
    bool has = false;
    TRY(db_next(rq, q, &has));
    while (has && n < TIES_MAX) {
        tie_read(rq, q, &ret_ties[n++]);
        TRY(db_next(rq, q, &has));
    }
    *ret_n = n;
    return OK;
}

enum err patient_ties(struct req *rq, int64_t account, struct patient_tie *ret_ties,
                      uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_QUERY(rq, &q, Q_TIES_OF, sql_i64(account), sql_i64(rq->now.ms), sql_i64(TIES_MAX)));
    return ties_read(rq, &q, ret_ties, ret_n);
}

enum err patient_ties_to(struct req *rq, struct str patient, struct patient_tie *ret_ties,
                         uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_QUERY(rq, &q, Q_TIES_TO, sql_text(patient), sql_i64(TIES_MAX)));
    return ties_read(rq, &q, ret_ties, ret_n);
}

bool patient_tie_holds(const struct patient_tie *t, struct instant now)
{
    return t->ended.ms == 0 && (t->until.ms == 0 || t->until.ms > now.ms);
}

/* Nobody is told of what they did themselves. */
static enum err tell_one(struct req *rq, struct tx *tx, struct str owner, enum notice_kind kind,
                         struct str subject)
{
    bool self = rq->who != NULL && str_eq(rq->who->person, owner);
    return self ? OK : notice_tell(rq, tx, owner, kind, subject);
}

static enum err tell_ties(struct req *rq, struct tx *tx, struct str patient, uint32_t limits,
                          bool but_own, enum notice_kind kind, struct str subject)
{
    struct patient_tie *ties = ARENA_ARRAY(rq->a, TIES_MAX, struct patient_tie);
    uint32_t n = 0;

    TRY_MEM(rq, ties);
    TRY(patient_ties_to(rq, patient, ties, &n));
    for (uint32_t i = 0; i < n; i++) {
        bool own = ties[i].related.n == 0;
        if (patient_tie_holds(&ties[i], rq->now) && (ties[i].may & limits) != 0 && !(own && but_own)) {
            struct str owner = person_ref(rq, own ? T_PATIENT : T_RELATED_PERSON,
                                          own ? patient : ties[i].related);
            TRY(tell_one(rq, tx, owner, kind, subject));
        }
    }
    return OK;
}

enum err patient_tell(struct req *rq, struct tx *tx, struct str patient, uint32_t limits,
                      enum notice_kind kind, struct str subject)
{
    return tell_ties(rq, tx, patient, limits, false, kind, subject);
}

enum err patient_side_tell(struct req *rq, struct tx *tx, struct str patient, uint32_t limits,
                           enum notice_kind kind, struct str subject)
{
    TRY(tell_one(rq, tx, person_ref(rq, T_PATIENT, patient), kind, subject));
    return tell_ties(rq, tx, patient, limits, true, kind, subject);
}

/* ---- signing in ---- */

uint64_t sign_in_name(struct req *rq, struct str typed)
{
    char digits[NUMBER_MAX];
    size_t n = 0;
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if (c >= '0' && c <= '9' && n < NUMBER_MAX) {
            digits[n++] = c;
        } else if (c != ' ' && c != '-' && c != '.') {
            return 0;
        }
    }
    return n >= NUMBER_MIN && n < NUMBER_MAX
               ? store_hash2(care_of(rq)->store, S("sign-in"), (struct str){digits, n})
               : 0;
}

enum err patient_login(struct req *rq, struct str typed, struct str *ret_login)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint64_t name = sign_in_name(rq, typed);
    if (name == 0) {
        *ret_login = typed;
        return OK;
    }
    enum err e = DB_ONE(rq, &q, Q_SIGN_IN_NAME, sql_u64(name));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_login = typed;
        return OK;
    }
    TRY(e);
    *ret_login = db_text(rq->a, &q, 0);
    return OK;
}

/* ---- who ---- */

enum err patient_person(struct req *rq, struct str ref, struct patient_person *ret_person)
{
    struct patient_person p = {.legal = false};
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct res_row row;
    struct str id = {0};
    enum fhir_type type = fhir_ref_split(ref, &id);
    TRY_MEM(rq, doc);
    if (type != T_PATIENT && type != T_RELATED_PERSON) {
        return FAIL(rq, E_NOT_FOUND, "person");
    }
    TRY(db_read(rq, type, id, &row));
    TRY(json_parse(rq, row.body, NULL, doc));
    struct jv root = json_root(doc);
    if (type == T_PATIENT) {
        struct patient patient;
        patient_read(rq, root, &patient);
        p.name = patient.name;
    } else {
        p.name = json_str(rq->a, json_path(root, S("name.0.text")));
        p.relation = json_str(rq->a, json_path(root, S("relationship.0.coding.0.code")));
        for (struct jv r = json_first(json_get(root, S("relationship"))); json_has(r);
             r = json_next(r)) {
            p.legal = p.legal || json_is(json_path(r, S("coding.0.code")), S("legal"));
        }
    }
    *ret_person = p;
    return OK;
}

/* The tie of a record; NULL when there is none. */
static const struct patient_tie *tie_of(const struct patient_tie *ties, uint32_t n,
                                        struct str patient)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(ties[i].patient, patient)) {
            return &ties[i];
        }
    }
    return NULL;
}

enum err patient_who(struct req *rq, const struct account *acc, struct str chosen,
                     struct who **ret_who)
{
    struct patient_tie *ties = ARENA_ARRAY(rq->a, TIES_MAX, struct patient_tie);
    struct who *w = ARENA_NEW(rq->a, struct who);
    uint64_t *principal = ARENA_NEW(rq->a, uint64_t);
    struct patient_person self = {.legal = false};
    uint32_t n = 0;

    TRY_MEM(rq, ties);
    TRY_MEM(rq, w);
    TRY_MEM(rq, principal);
    TRY(patient_ties(rq, acc->id, ties, &n));
    if (n == 0) {
        return FAIL(rq, E_SIGN_IN, "no record is open to this account");
    }
    const struct patient_tie *t = tie_of(ties, n, chosen);
    t = t != NULL ? t : &ties[0];
    enum err e = patient_person(rq, acc->person, &self);
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        return FAIL(rq, E_SIGN_IN, "the person of this account is gone");
    }
    TRY(e);
    *principal = principal_patient(care_of(rq)->store, t->patient);
    w->person = acc->person;
    w->name = self.name;
    w->principals = principal;
    w->n_principals = 1;
    w->rights = IS_PATIENT;
    w->scopes = SCOPE_ALL;
    w->patient = t->patient;
    w->related = t->related;
    w->limits = t->may;
    w->account = acc->id;
    w->role_chosen = true;
    w->audit.actor = acc->person;
    w->audit.role = t->related.n > 0 ? S("representative") : S("patient");
    w->audit.org = S("");
    *ret_who = w;
    return OK;
}

enum err patient_switch(struct req *rq, struct tx *tx, struct str patient)
{
    struct patient_tie *ties = ARENA_ARRAY(rq->a, TIES_MAX, struct patient_tie);
    uint32_t n = 0;
    TRY_MEM(rq, ties);
    if (!who_is_patient(rq->who) || rq->who->session.n == 0) {
        return FAIL(rq, E_FORBIDDEN, "no session of a patient");
    }
    TRY(patient_ties(rq, rq->who->account, ties, &n));
    if (tie_of(ties, n, patient) == NULL) {
        return FAIL(rq, E_FORBIDDEN, "not open to this account");
    }
    TRY(TX_SQL(tx, W_SESSION_ROLE, TX_MUST_CHANGE, sql_blob(rq->who->session), sql_text(patient)));
    return account_note(rq, AUDIT_ROLE, rq->who->person, OK, patient);
}
