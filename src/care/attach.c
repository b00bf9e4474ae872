/* care/attach.c - may this person add files here? See attach.h. */
#include "care/attach.h"

#include "care/access.h"
#include "care/upload.h"
#include "care/who.h"
#include "store/db.h"

enum err attach_may_add(struct req *rq, struct str key)
{
    CLEANUP(db_rows_done) struct db_rows r = {0};
    struct case_row row;
    if (key.n == 0 || rq->who == NULL) {
        return FAIL(rq, E_NOT_FOUND, "draft or case");
    }
    if (str_eq(key, S(UPLOAD_IMPORT))) {
        return who_may(rq->who, IS_SYSTEM) ? OK : FAIL(rq, E_NOT_FOUND, "draft or case");
    }
    if (who_is_patient(rq->who)) {
        bool own = str_eq(key, rq->who->patient) && who_may_my(rq->who, MY_SEND);
        return own ? OK : FAIL(rq, E_NOT_FOUND, "not the own record");
    }
    enum err e = DB_ONE(rq, &r, Q_DRAFT, sql_text(rq->who->person), sql_text(key));
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(access_case(rq, key, AUDIT_UPLOAD, &row));
    if (!row.open) {
        return FAIL(rq, E_CONFLICT, "the case is closed");
    }
    return OK;
}
