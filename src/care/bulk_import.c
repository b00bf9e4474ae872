/* care/bulk_import.c - imports: lines into resources, chunk by chunk. See bulk.h.
 *
 * A chunk is one transaction: its resources, their records, and how far the import is then. Lines that
 * cannot be taken are left out and told in the file "outcome". When the store refuses a chunk, its lines
 * are tried one by one. */
#include "care/bulk_int.h"
#include "care/fixed.h"
#include "care/put.h"
#include "care/scan.h"
#include "fhir/issue.h"
#include "fhir/prepare.h"
#include "os/file.h"
#include "os/lines.h"
#include "store/audit.h"
#include "store/blob.h"

enum { CHUNK_BYTES = 4 << 20, CHUNK_LINES_MAX = 1024 };
#define LINE_EXTENSION                                                                             \
    "\"extension\":[{\"url\":\"" CARE_URL "/StructureDefinition/import-line\",\"valueString\":\""

/* Where it stands; a copy is what a chunk goes back to. */
struct place {
    size_t input;
    uint64_t at;     /* byte of the input */
    uint64_t line;   /* lines given of it */
    uint64_t before; /* bytes of the inputs before */
    uint64_t n;      /* resources written */
    uint64_t bad;    /* lines left out */
    uint64_t told;   /* bytes of the outcomes */
};

struct bulk_import {
    const struct bulk_row *row;
    struct bulk_input *inputs;
    size_t n_inputs;
    struct os_lines lines; /* of the input it stands in */
    bool is_open;
    struct place p;
    struct bulk_out outcome;
    struct str progress;   /* as the store has it */
    size_t singly;         /* lines still to be tried alone */
    struct { enum fhir_type type; struct str id; } seen[CHUNK_LINES_MAX];
    size_t n_seen;
    char held[BULK_PROGRESS_MAX];
};

/* ---- lines ---- */

static enum err input_open(struct req *rq, struct bulk_import *m)
{
    const struct bulk_input *in = &m->inputs[m->p.input];
    if (in->path.n > 0) {
        char *path = arena_cstr(rq->a, in->path);
        TRY_MEM(rq, path);
        TRY(os_lines_open(rq, path, m->p.at, BULK_LINE_MAX, &m->lines));
    } else {
        uint64_t size;
        int fd;
        TRY(blob_open(rq, care_of(rq)->store, in->sha, &fd, &size));
        os_lines_of(fd, m->p.at, BULK_LINE_MAX, &m->lines);
    }
    m->is_open = true;
    return OK;
}

static void input_close(struct bulk_import *m)
{
    if (m->is_open) {
        os_lines_close(&m->lines);
        m->is_open = false;
    }
}

/* The next line that is not blank, through all inputs. */
static enum err next_line(struct req *rq, struct bulk_import *m, struct str *ret_line, bool *ret_has)
{
    while (m->p.input < m->n_inputs) {
        bool has = false;
        if (!m->is_open) {
            TRY(input_open(rq, m));
        }
        TRY(os_lines_next(rq, &m->lines, ret_line, &has));
        m->p.at = m->lines.at;
        if (!has) {
            m->p.before += m->p.at;
            m->p.input++;
            m->p.at = 0;
            m->p.line = 0;
            input_close(m);
            continue;
        }
        m->p.line++;
        if (str_trim(*ret_line).n > 0) {
            *ret_has = true;
            return OK;
        }
    }
    *ret_has = false;
    return OK;
}

static enum err go_back(struct req *rq, struct bulk_import *m, const struct place *to)
{
    if (m->p.input != to->input) {
        input_close(m);
    }
    m->p = *to;
    if (m->is_open) {
        os_lines_seek(&m->lines, to->at);
    }
    return bulk_out_cut(rq, &m->outcome, to->bad, to->told);
}

/* ---- outcomes ---- */

/* What is wrong with a line, and which it is: "input:line", from 1. */
static enum err tell(struct req *rq, struct bulk_import *m, enum err why)
{
    static const struct str head = SI("{\"resourceType\":\"OperationOutcome\",");
    struct buf b;
    struct buf line;
    struct json_out o;
    buf_init(&b, rq->a, 256 << 10);
    buf_init(&line, rq->a, 512 << 10);
    json_out_init(&o, &b);
    fhir_outcome_write(rq, why, &o);
    struct str outcome = buf_get(&b);
    if (!str_starts(outcome, head)) {
        return FAIL(rq, E_INTERNAL, "form of an outcome");
    }
    buf_str(&line, head);
    BUF_LIT(&line, LINE_EXTENSION);
    buf_u64(&line, m->p.input + 1);
    buf_char(&line, ':');
    buf_u64(&line, m->p.line);
    BUF_LIT(&line, "\"}],");
    buf_str(&line, str_sub(outcome, head.n, outcome.n));
    err_clear(rq);
    fhir_issues_clear(rq);
    TRY(bulk_out_add(rq, &m->outcome, buf_get(&line)));
    m->p.bad++;
    m->p.told = m->outcome.bytes;
    return OK;
}

static bool is_of_the_machine(enum err e)
{
    return e == E_IO || e == E_FULL || e == E_BUSY;
}

/* ---- one resource ---- */

/* What is there now: signed documents and cases stay; types without a date keep their place. */
static enum err look_at_old(struct req *rq, enum fhir_type type, struct str id, struct fhir_how *how)
{
    struct res_row old;
    TRY(fixed_case(rq, type, id));
    if (fhir_type_date(type).n > 0 && !fixed_can_be_signed(type)) {
        return OK;
    }
    enum err e = db_find(rq, (uint16_t)type, id, &old);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    if (old.version > 0) {
        TRY(fixed_signed(rq, type, &old));
        how->at_ms = old.at_ms;
    }
    return OK;
}

static enum err take(struct req *rq, struct bulk_import *m, struct tx *tx, struct str line,
                     struct tx_put *ret_put)
{
    const struct fhir_scopes *scopes = rq->who->scope;
    struct str wanted = m->inputs[m->p.input].type;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    const struct fhir_access acc = {.all = true, .scopes = scopes};
    struct fhir_how how = {.expect = TX_ANY, .acc = &acc};
    bool may = true;
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, line, NULL, doc));
    struct jv root = json_root(doc);
    enum fhir_type type = fhir_type_in(rq, root);
    if (type == T_NONE || fhir_type_hangs(type) == NOT_KEPT) {
        return FAIL(rq, E_BAD_INPUT, "resourceType: not a type we keep");
    }
    if (wanted.n > 0 && !str_eq(wanted, fhir_type_name(type))) {
        return FAIL(rq, E_BAD_INPUT, "resourceType: not the one of this file");
    }
    how.id = json_str(rq->a, json_get(root, S("id")));
    bool is_new = how.id.n == 0;
    if (is_new) {
        how.id = put_new_id(rq);
        how.expect = TX_NEW;
    } else {
        TRY(look_at_old(rq, type, how.id, &how));
    }
    TRY(scan_resource(rq, root));
    TRY(fhir_prepare(rq, root, &how, ret_put));
    if (scopes != NULL) {
        TRY(scope_put_may(rq, scopes, is_new ? OP_CREATE : OP_UPDATE, ret_put, &may));
    }
    if (!may) {
        return FAIL(rq, E_FORBIDDEN, "the token's scope does not allow this");
    }
    struct audit_rec rec =
        put_audit(ret_put, is_new ? AUDIT_CREATE : AUDIT_UPDATE, WHY_SYSTEM);
    TRY(tx_put(tx, ret_put));
    return audit_add(rq, &rec);
}

/* A resource may come once in a transaction: the second ends the chunk before it. */
static bool is_seen(struct bulk_import *m, struct str line, struct req *rq)
{
    struct json_doc doc;
    if (json_parse(rq, line, NULL, &doc) != OK) {
        err_clear(rq);
        return false;
    }
    enum fhir_type type = fhir_type_in(rq, json_root(&doc));
    struct str id = json_str(rq->a, json_get(json_root(&doc), S("id")));
    for (size_t i = 0; i < m->n_seen; i++) {
        if (m->seen[i].type == type && str_eq(m->seen[i].id, id)) {
            return true;
        }
    }
    if (id.n > 0) {
        m->seen[m->n_seen].type = type;
        m->seen[m->n_seen++].id = id;
    }
    return false;
}

/* ---- a chunk ---- */

static struct str progress_text(struct req *rq, const struct bulk_import *m)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, 4096);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ki(&o, S("pos"), (int64_t)(m->p.before + m->p.at));
    json_ki(&o, S("input"), (int64_t)m->p.input);
    json_ki(&o, S("at"), (int64_t)m->p.at);
    json_ki(&o, S("line"), (int64_t)m->p.line);
    json_ki(&o, S("before"), (int64_t)m->p.before);
    json_ki(&o, S("n"), (int64_t)m->p.n);
    json_ki(&o, S("bad"), (int64_t)m->p.bad);
    json_k(&o, S("files"));
    json_arr(&o);
    bulk_out_write(&o, &m->outcome);
    json_arr_end(&o);
    json_obj_end(&o);
    return buf_get(&b);
}

/* Commits the chunk with its progress; OK with *ret_dropped when the row is gone. */
static enum err commit(struct req *rq, struct bulk_import *m, struct tx *tx, bool done,
                       bool *ret_dropped)
{
    struct str text = progress_text(rq, m);
    struct bulk_row now;
    TRY_MEM(rq, text.p);
    TRY(bulk_out_sync(rq, &m->outcome));
    if (done) {
        TRY(TX_SQL(tx, W_BULK_END, TX_MUST_CHANGE, sql_text(m->row->id), sql_i64(BULK_DONE),
                   sql_text(text), sql_i64(bulk_until(rq, rq->now)), sql_text(S(""))));
    } else {
        TRY(TX_SQL(tx, W_BULK_STEP, TX_MUST_CHANGE, sql_text(m->row->id), sql_text(m->progress),
                   sql_text(text)));
    }
    enum err e = store_commit(care_of(rq)->store, rq, tx);
    if (e == E_STALE) {
        struct err_rec why = rq->err;
        err_clear(rq);
        enum err there = bulk_row_of(rq, m->row->id, &now);
        if (there == E_NOT_FOUND || (there == OK && !str_eq(now.progress, m->progress))) {
            err_clear(rq);
            *ret_dropped = true;
            return OK;
        }
        TRY(there);
        return FAIL(rq, E_STALE, "%s", why.detail);
    }
    TRY(e);
    for (size_t i = 0; i < text.n; i++) {
        m->held[i] = text.p[i];
    }
    m->progress = (struct str){m->held, text.n};
    return OK;
}

static enum err chunk(struct req *rq, struct bulk_import *m, size_t n, bool *ret_done,
                      bool *ret_dropped)
{
    struct tx *tx = tx_new(rq);
    uint64_t bytes = 0;
    bool has = true;
    TRY_MEM(rq, tx);
    m->n_seen = 0;
    for (size_t i = 0; i < n && bytes < CHUNK_BYTES; i++) {
        struct place before = m->p;
        struct str line;
        struct tx_put put;
        TRY(next_line(rq, m, &line, &has));
        if (!has) {
            break;
        }
        line = arena_str(rq->a, line);
        TRY_MEM(rq, line.p);
        if (is_seen(m, line, rq)) {
            TRY(go_back(rq, m, &before));
            break;
        }
        bytes += line.n;
        enum err e = take(rq, m, tx, line, &put);
        if (is_of_the_machine(e)) {
            return e;
        }
        if (e != OK) {
            TRY(tell(rq, m, e));
        } else {
            m->p.n++;
            fhir_issues_clear(rq);
        }
    }
    *ret_done = !has;
    return commit(rq, m, tx, !has, ret_dropped);
}

/* A line the store refused: told, and counted as done. */
static enum err leave_out(struct req *rq, struct bulk_import *m, enum err why, bool *ret_dropped)
{
    struct tx *tx = tx_new(rq);
    struct str line;
    bool has;
    struct err_rec rec = rq->err;
    TRY_MEM(rq, tx);
    audit_take_back(rq, NULL);
    err_clear(rq);
    TRY(next_line(rq, m, &line, &has));
    (void)FAIL(rq, why, "%s", rec.detail);
    TRY(tell(rq, m, why));
    return commit(rq, m, tx, false, ret_dropped);
}

enum err bulk_import_step(struct req *rq, struct bulk_import *m, size_t n, bool *ret_done,
                          bool *ret_dropped)
{
    struct place from = m->p;
    bool done = false;
    size_t limit = m->singly > 0 ? 1 : MIN(n, (size_t)CHUNK_LINES_MAX);
    enum err e = chunk(rq, m, limit, &done, ret_dropped);
    m->singly -= m->singly > 0 ? 1 : 0;
    if (e == OK) {
        *ret_done = done;
        return OK;
    }
    if (is_of_the_machine(e)) {
        return e;
    }
    TRY(go_back(rq, m, &from));
    if (limit > 1) {
        err_clear(rq);
        m->singly = limit;
        return OK;
    }
    return leave_out(rq, m, e, ret_dropped);
}

enum err bulk_import_open(struct req *rq, const struct bulk_row *row, struct str where,
                          struct bulk_import **ret_m)
{
    struct bulk_import *m = ARENA_NEW(rq->a, struct bulk_import);
    struct bulk_file *files = NULL;
    struct bulk_file outcome = {0};
    size_t n = 0;
    TRY_MEM(rq, m);
    TRY(bulk_inputs_read(rq, row->ask, &m->inputs, &m->n_inputs));
    TRY(bulk_files(rq, row->progress, &files, &n));
    if (n > 0) {
        outcome = files[0];
    }
    m->row = row;
    m->progress = row->progress;
    m->p = (struct place){.input = (size_t)bulk_number(rq, row->progress, S("input")),
                          .at = (uint64_t)bulk_number(rq, row->progress, S("at")),
                          .line = (uint64_t)bulk_number(rq, row->progress, S("line")),
                          .before = (uint64_t)bulk_number(rq, row->progress, S("before")),
                          .n = (uint64_t)bulk_number(rq, row->progress, S("n")),
                          .bad = outcome.n,
                          .told = outcome.bytes};
    TRY(bulk_out_open(rq, where, S("outcome"), S("OperationOutcome"), outcome.n, outcome.bytes,
                      &m->outcome));
    *ret_m = m;
    return OK;
}

void bulk_import_close(struct bulk_import *m)
{
    input_close(m);
    bulk_out_close(&m->outcome);
}
