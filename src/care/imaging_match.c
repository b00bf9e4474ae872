/* care/imaging_match.c - whose an image is: by the case it is sent for, by its accession number, by its
 * patient id. */
#include "care/attach.h"
#include "care/imaging_int.h"
#include "care/patient_int.h"
#include "fhir/extract.h"

enum { NUMBER_LEN = 8, ID_MAX = 64, CANDIDATES = 3, NATIONAL_LEN = 11 };

struct str image_org(const struct req *rq, const struct image_from *from)
{
    const struct role_ref *r = who_role(rq->who);

    return from->org.n > 0 ? from->org : r != NULL ? r->org : S("");
}

/* Whom a draft is about, when somebody was chosen already. */
static enum err draft_patient(struct req *rq, struct str key, struct patient *ret_patient)
{
    struct draft d;
    struct res_row row;

    TRY(draft_load(rq, key, &d));
    struct str id = fields_get(&d.fields, S("patient"));
    if (id.n == 0) {
        return OK;
    }
    enum err e = db_head(rq, T_PATIENT, id, &row);
    if (e == E_NOT_FOUND || (e == OK && row.deleted)) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return patient_load(rq, row.rid, ret_patient);
}

enum err image_target(struct req *rq, const struct image_from *from, bool may_add,
                      struct image_target *ret_to)
{
    struct image_target to = {.from = from};

    if (from->key.n == 0) {
        *ret_to = to;
        return OK;
    }
    if (may_add) {
        TRY(attach_may_add(rq, from->key));
    }
    enum err e = case_row_load(rq, from->key, &to.row);
    if (e == OK) {
        TRY(patient_load(rq, to.row.patient_rid, &to.patient));
    } else if (e == E_NOT_FOUND) {
        err_clear(rq);
        to.is_draft = true;
        TRY(draft_patient(rq, from->key, &to.patient));
    }
    TRY(e == E_NOT_FOUND ? OK : e);
    *ret_to = to;
    return OK;
}

/* Lower case letters and digits of an accession number; empty when it is none of a case. */
static struct str case_letters(struct req *rq, struct str accession)
{
    struct buf b;

    buf_init(&b, rq->a, ID_MAX);
    for (size_t i = 0; i < accession.n; i++) {
        char c = accession.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        } else if (!letter) {
            return S("");
        }
        buf_char(&b, c);
    }
    struct str s = buf_get(&b);
    return s.n >= NUMBER_LEN ? s : S("");
}

/* The one case whose id begins so. */
static enum err case_of_number(struct req *rq, struct str letters, struct case_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct case_row rows[CANDIDATES];
    struct buf end;
    uint32_t n = 0;
    bool has = false;

    buf_init(&end, rq->a, ID_MAX + 1);
    buf_str(&end, letters);
    buf_char(&end, '~');
    TRY(DB_QUERY(rq, &q, Q_FLOW_NUMBER, sql_text(letters), sql_text(buf_get(&end)),
                 sql_i64(CANDIDATES)));
    TRY(db_next(rq, &q, &has));
    while (has && n < CANDIDATES) {
        case_row_get(rq, &q, &rows[n++]);
        TRY(db_next(rq, &q, &has));
    }
    if (n == 1) {
        *ret_row = rows[0];
    }
    return OK;
}

/* The number without blanks, dashes and dots. */
static struct str plain_number(struct req *rq, struct str id)
{
    struct buf b;

    buf_init(&b, rq->a, ID_MAX);
    for (size_t i = 0; i < id.n && i < ID_MAX; i++) {
        if (id.p[i] != ' ' && id.p[i] != '-' && id.p[i] != '.' && id.p[i] != '/') {
            buf_char(&b, id.p[i]);
        }
    }
    return buf_get(&b);
}

/* Adds the live patients that have this identifier in some system; *ret_rid: the one so far, -1 several. */
static enum err patients_with(struct req *rq, struct str id, int64_t *ret_rid)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct fhir_param *sp = fhir_param_find(T_PATIENT, S("identifier"));
    struct hit hit;

    enum err e = list_token(rq, sp->sp, db_hash(rq->db, id), TOKEN_ANY_SYS, LIST_NEWEST, &l);
    if (e == E_TOO_LARGE) { /* in too many systems to be anybody's */
        err_clear(rq);
        *ret_rid = -1;
        return OK;
    }
    TRY(e);
    while (*ret_rid >= 0 && list_next(l, &hit)) {
        *ret_rid = *ret_rid == 0 || *ret_rid == hit.rid ? hit.rid : -1;
    }
    return list_err(rq, l);
}

/* A national number is somebody's alone; a shorter one may be of any hospital's books, and counts with the
 * birth date only. */
static bool is_sure(struct str number, const struct image_item *item, const struct patient *p)
{
    return number.n >= NATIONAL_LEN
           || (p->birth_date.n > 0 && str_eq(p->birth_date, item->facts.birth_date));
}

enum err image_match(struct req *rq, const struct image_item *item, struct image_target *ret_to)
{
    struct image_target to = {.from = item->from};
    struct str letters = case_letters(rq, item->study.accession);
    struct str number = plain_number(rq, item->study.patient_id);
    int64_t rid = 0;

    if (letters.n > 0) {
        TRY(case_of_number(rq, letters, &to.row));
        if (to.row.id.n > 0) {
            TRY(patient_load(rq, to.row.patient_rid, &to.patient));
            if (!dicom_is_other_patient(rq, &item->facts, &to.patient)) {
                *ret_to = to;
                return OK;
            }
            to = (struct image_target){.from = item->from};
        }
    }
    if (number.n > 0) {
        TRY(patients_with(rq, number, &rid));
        if (rid >= 0 && !str_eq(number, item->study.patient_id)) {
            TRY(patients_with(rq, item->study.patient_id, &rid));
        }
    }
    if (rid > 0) {
        TRY(patient_load(rq, rid, &to.patient));
        if (!is_sure(number, item, &to.patient)
            || dicom_is_other_patient(rq, &item->facts, &to.patient)) {
            to.patient = (struct patient){.age_years = 0};
        }
    }
    *ret_to = to;
    return OK;
}
