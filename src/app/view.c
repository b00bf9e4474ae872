/* app/view.c - the rows of a ViewDefinition, over a file of resources (needs no data folder) or over what
 * the data folder holds; the latter is on record. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/command.h"
#include "care/care.h"
#include "fhir/type.h"
#include "fhir/view.h"
#include "os/file.h"
#include "os/lines.h"
#include "store/audit.h"
#include "store/db.h"

enum { VIEW_FILE_MAX = 4 << 20, LINE_MAX = 64 << 20, RESOURCE_MEMORY = 512 << 20, OUT_MAX = 64 << 20,
       OUT_FULL = 1 << 20 };

/* A view on its way over many resources. */
struct job {
    struct req *rq;
    struct req one; /* a resource's own memory */
    struct view *view;
    struct view_run *run;
    struct buf b;
    struct view_out out;
};

static void flush(struct job *j)
{
    command_print(buf_get(&j->b));
    buf_truncate(&j->b, 0);
}

static enum err begin(struct command_args *args, struct job *j)
{
    struct req *rq = args->rq;
    struct str text;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    const char *format = command_option(args, "format");
    enum view_format f = VIEW_CSV;
    if (format != NULL && !view_format_parse(str_z(format), &f)) {
        return FAIL(rq, E_BAD_INPUT, "--format: csv, ndjson or json");
    }
    TRY_MEM(rq, doc);
    TRY(command_read_file(rq, args->words[0], VIEW_FILE_MAX, &text));
    TRY(json_parse(rq, text, NULL, doc));
    TRY(view_compile(rq, fhir_defs(), json_root(doc), &j->view));
    TRY(view_run_new(rq, j->view, &j->run));
    j->rq = rq;
    buf_init(&j->b, rq->a, OUT_MAX);
    j->out = (struct view_out){.view = j->view, .format = f, .b = &j->b};
    req_init(&j->one, RESOURCE_MEMORY, rq->now);
    view_out_begin(&j->out);
    return OK;
}

static void end(struct job *j, enum err e)
{
    if (j->run == NULL) {
        return;
    }
    if (e == OK) {
        view_out_end(&j->out);
        flush(j);
    }
    view_run_end(j->run);
    req_done(&j->one);
}

static enum err one(struct job *j, struct str text)
{
    struct json_limits lim = json_default_limits;
    struct json_doc doc;
    lim.bytes = LINE_MAX;
    enum err e = json_parse(&j->one, text, &lim, &doc);
    if (e != OK) {
        return FAIL(j->rq, e, "%s", j->one.err.detail);
    }
    TRY(view_run_one(j->run, json_root(&doc), view_out_row, &j->out));
    arena_reset(j->one.a);
    if (j->b.n > OUT_FULL) {
        flush(j);
    }
    return OK;
}

/* A failure of a resource says which. */
static enum err at_line(struct job *j, enum err e, uint64_t line)
{
    struct err_rec why = j->rq->err;
    if (e == OK) {
        return OK;
    }
    err_clear(j->rq);
    return FAIL(j->rq, e, "resource %llu: %s", (unsigned long long)line, why.detail);
}

static enum err over_file(struct job *j, const char *file)
{
    CLEANUP(os_lines_close) struct os_lines l = {0};
    struct str line;
    bool has = false;
    uint64_t n = 0;
    TRY(os_lines_open(j->rq, file, 0, LINE_MAX, &l));
    TRY(os_lines_next(j->rq, &l, &line, &has));
    while (has) {
        n++;
        if (str_trim(line).n > 0) {
            TRY(at_line(j, one(j, line), n));
        }
        TRY(os_lines_next(j->rq, &l, &line, &has));
    }
    return OK;
}

static enum err over_store(struct job *j)
{
    CLEANUP(list_close) struct list *l = NULL;
    enum fhir_type type = fhir_type_find(view_type(j->view));
    struct audit_rec rec = {.action = AUDIT_EXPORT, .why = WHY_SYSTEM, .type = (uint16_t)type,
                            .detail = S("view")};
    struct hit hit;
    uint64_t n = 0;
    j->one.app = j->rq->app;
    j->one.db = j->rq->db;
    TRY(audit_add(j->rq, &rec));
    TRY(store_commit_audit(care_of(j->rq)->store, j->rq));
    TRY(list_type(j->rq, (uint16_t)type, LIST_OLDEST, &l));
    while (list_next(l, &hit)) {
        struct res_row row;
        n++;
        enum err e = db_read_rid(&j->one, hit.rid, &row);
        if (e == OK && !row.deleted) {
            e = one(j, row.body);
        }
        TRY(at_line(j, e, n));
    }
    return list_err(j->rq, l);
}

static enum err view_store(struct command_args *args)
{
    struct job j = {0};
    enum err e = begin(args, &j);
    if (e == OK) {
        e = over_store(&j);
    }
    end(&j, e);
    return e;
}

int command_view(struct command_args *args)
{
    const char *input = command_option(args, "input");
    struct job j = {0};
    if (args->n_words < 1 || strncmp(args->words[0], "--", 2) == 0) {
        return COMMAND_USAGE;
    }
    if (input == NULL) {
        return command_with_store(args, false, view_store);
    }
    enum err e = begin(args, &j);
    if (e == OK) {
        e = over_file(&j, input);
    }
    end(&j, e);
    return e == OK ? COMMAND_OK : COMMAND_FAILED;
}
