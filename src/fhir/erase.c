/* fhir/erase.c - a resource erased by order. See erase.h. */
#include "fhir/erase.h"

#include "fhir/words.h"

/* The words as words_of_resource() gave them when the version was written. What
 * is no JSON has none. */
static enum err words_find(struct req *rq, struct erase_ver *v)
{
    struct json_doc doc;
    if (v->body.n == 0) {
        return OK;
    }
    enum err e = json_parse(rq, v->body, NULL, &doc);
    if (e == OK) {
        e = words_of_resource(rq, json_root(&doc), &v->narrative, &v->words);
    }
    if (e != OK && e != E_TOO_LARGE) {
        err_clear(rq);
        return OK;
    }
    return e;
}

enum err fhir_erase(struct req *rq, struct tx *tx, int64_t rid, enum audit_why why, struct str note,
                    const struct erase_what **ret_what)
{
    struct erase_what *what = ARENA_NEW(rq->a, struct erase_what);
    TRY_MEM(rq, what);
    TRY(erase_load(rq, rid, what));
    for (size_t i = 0; i < what->n; i++) {
        TRY(words_find(rq, &what->vers[i]));
    }
    what->why = why;
    what->note = note;
    TRY(tx_erase(tx, what));
    *ret_what = what;
    return OK;
}
