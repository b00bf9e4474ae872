/* care/consult_gone.c - a file whose bytes left by term: its document stays and says so. */
#include <string.h>

#include "care/consult_int.h"

#include "fhir/prepare.h"
#include "store/tx.h"

enum { DOCUMENT_CAP = 64 << 10 };

/* Members that are written anew. */
static bool is_new(struct str name)
{
    static const struct str names[] = {SI("resourceType"), SI("id"), SI("meta"), SI("extension"),
                                       SI("content")};
    for (size_t i = 0; i < LEN(names); i++) {
        if (str_eq(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* The extensions but the digest, and when and why the bytes left. */
static void put_extensions(struct req *rq, struct json_out *o, struct jv was, struct str by)
{
    json_k(o, S("extension"));
    json_arr(o);
    for (struct jv e = json_first(was); json_has(e); e = json_next(e)) {
        if (!json_is(json_get(e, S("url")), EXT_SHA) && !json_is(json_get(e, S("url")), EXT_GONE)) {
            json_v_jv(o, e);
        }
    }
    json_obj(o);
    json_k(o, S("extension"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("url"), S("at"));
    put_instant(o, S("valueInstant"), rq->now);
    json_obj_end(o);
    json_obj(o);
    json_ks(o, S("url"), S("by"));
    json_ks(o, S("valueString"), by);
    json_obj_end(o);
    json_arr_end(o);
    json_ks(o, S("url"), EXT_GONE);
    json_obj_end(o);
    json_arr_end(o);
}

/* What it was stays, without the address. */
static void put_content(struct req *rq, struct json_out *o, struct jv was)
{
    struct jv att = json_path(was, S("0.attachment"));
    int64_t size = 0;
    json_k(o, S("content"));
    json_arr(o);
    json_obj(o);
    json_k(o, S("attachment"));
    json_obj(o);
    json_ks(o, S("contentType"), json_str(rq->a, json_get(att, S("contentType"))));
    if (json_i64(json_get(att, S("size")), &size)) {
        json_ki(o, S("size"), size);
    }
    json_ks(o, S("title"), json_str(rq->a, json_get(att, S("title"))));
    json_obj_end(o);
    json_obj_end(o);
    json_arr_end(o);
}

enum err consult_file_sha(struct req *rq, struct str id, uint8_t ret_sha[32], bool *ret_has)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct ver_row first;
    TRY_MEM(rq, doc);
    *ret_has = false;
    enum err e = db_vread(rq, T_DOCUMENT_REFERENCE, id, 1, &first);
    if (e == E_GONE) { /* erased by order: it took its use of the bytes along */
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(json_parse(rq, first.body, NULL, doc));
    struct jv all = json_get(json_root(doc), S("extension"));
    for (struct jv v = json_first(all); json_has(v); v = json_next(v)) {
        if (json_is(json_get(v, S("url")), EXT_SHA)) {
            *ret_has = str_unhex(json_str(rq->a, json_get(v, S("valueString"))), ret_sha, 32);
        }
    }
    return OK;
}

static enum err put_gone(struct req *rq, struct tx *tx, const struct res_row *row, struct jv was,
                         struct str by)
{
    struct put p;
    struct res_row anchor;
    put_begin(&p, rq, tx, T_DOCUMENT_REFERENCE, row->id, DOCUMENT_CAP);
    p.expect = (int64_t)row->version;
    TRY(db_head_rid(rq, row->anchor, &anchor));
    if (anchor.type == T_SERVICE_REQUEST) {
        p.case_id = anchor.id;
    } else {
        p.patient = anchor.id;
    }
    put_extensions(rq, &p.o, json_get(was, S("extension")), by);
    for (struct jv m = json_first(was); json_has(m); m = json_next(m)) {
        struct str name = json_key(rq, m);
        if (!is_new(name)) {
            json_kv(&p.o, name, m);
        }
    }
    put_content(rq, &p.o, json_get(was, S("content")));
    return put_end(&p);
}

enum err consult_file_gone(struct req *rq, struct tx *tx, struct str id, struct str by,
                           struct str ground)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    uint8_t *sha = arena_alloc(rq->a, 32);
    struct res_row row;
    bool has = false;
    TRY_MEM(rq, doc);
    TRY_MEM(rq, sha);
    TRY(db_find(rq, T_DOCUMENT_REFERENCE, id, &row));
    TRY(consult_file_sha(rq, id, sha, &has));
    if (has && !row.deleted) {
        TRY(json_parse(rq, row.body, NULL, doc));
        TRY(put_gone(rq, tx, &row, json_root(doc), by));
    }
    if (has) {
        TRY(TX_SQL(tx, W_BLOB_DROP, 0, sql_blob((struct str){(const char *)sha, 32})));
    }
    struct audit_rec rec = {.action = AUDIT_DELETE,
                            .why = WHY_SYSTEM,
                            .type = T_DOCUMENT_REFERENCE,
                            .id = row.id,
                            .patient_rid = row.patient,
                            .case_rid = row.anchor != row.patient ? row.anchor : 0,
                            .detail = ground};
    return audit_add(rq, &rec);
}

void consult_gone_read(struct req *rq, struct jv extension, struct case_file *f)
{
    struct jv parts = json_get(extension, S("extension"));
    for (struct jv e = json_first(parts); json_has(e); e = json_next(e)) {
        struct jv url = json_get(e, S("url"));
        if (json_is(url, S("at"))) {
            (void)!instant_parse(json_str(rq->a, json_get(e, S("valueInstant"))), &f->gone);
        } else if (json_is(url, S("by"))) {
            f->gone_by = json_str(rq->a, json_get(e, S("valueString")));
        }
    }
}
