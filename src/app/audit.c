/* app/audit.c - the subcommands that look at the record: who saw and changed what, and whether the
 * chains hold. They may run beside a server. */
#include <inttypes.h>
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "fhir/type.h"
#include "store/audit.h"

enum { PAGE_ROWS = 500 };

static void print_row(struct req *rq, const struct audit_row *r)
{
    struct buf b;
    buf_init(&b, rq->a, 4096);
    buf_u64(&b, r->seq);
    buf_char(&b, ' ');
    instant_write(&b, r->at);
    const struct str words[] = {
        str_z(audit_action_name(r->action)), str_z(audit_why_name(r->why)),
        str_z(err_name(r->outcome)),         r->login.n > 0 ? r->login : r->actor,
        r->role.n > 0 ? r->role : S("-"),
    };
    for (size_t i = 0; i < LEN(words); i++) {
        buf_char(&b, ' ');
        buf_str(&b, words[i]);
    }
    buf_char(&b, ' ');
    if (r->type != 0) {
        buf_str(&b, fhir_type_name((enum fhir_type)r->type));
        buf_char(&b, '/');
        buf_str(&b, r->id);
    } else {
        buf_char(&b, '-');
    }
    buf_char(&b, '\n');
    command_print(buf_get(&b));
}

/* Oldest first: pages are read from the end, so their beginnings are noted on the way. */
static enum err print_after(struct req *rq, uint64_t after)
{
    struct audit_row *rows = ARENA_ARRAY(rq->a, PAGE_ROWS, struct audit_row);
    uint64_t newest = 0;
    size_t n = 0;
    TRY_MEM(rq, rows);
    TRY(audit_list(rq, 0, 0, 1, rows, &n));
    newest = n > 0 ? rows[0].seq : 0;
    while (after < newest) {
        uint64_t before = MIN(newest, after + PAGE_ROWS) + 1;
        struct arena_mark mark = arena_mark(rq->a);
        TRY(audit_list(rq, 0, before, PAGE_ROWS, rows, &n));
        for (size_t i = n; i > 0; i--) {
            if (rows[i - 1].seq > after) {
                print_row(rq, &rows[i - 1]);
            }
        }
        arena_back(rq->a, mark);
        after = before - 1;
    }
    return OK;
}

int command_audit_list(struct command_args *args)
{
    struct app app;
    uint64_t after = 0;
    const char *option = command_option(args, "after");
    if (option != NULL && !str_u64(str_z(option), &after)) {
        return COMMAND_USAGE;
    }
    enum err e = app_open(args->rq, args->config, true, &app);
    if (e == OK) {
        e = print_after(args->rq, after);
    }
    app_close(args->rq, &app);
    return e == OK ? COMMAND_OK : COMMAND_FAILED;
}

int command_audit_verify(struct command_args *args)
{
    struct app app;
    struct audit_report r = {0};
    enum err e = app_open(args->rq, args->config, true, &app);
    if (e == OK) {
        e = audit_verify(args->rq, &r);
    }
    app_close(args->rq, &app);
    if (e != OK) {
        return COMMAND_FAILED;
    }
    if (r.fault == AUDIT_HOLDS) {
        printf("the record holds: %" PRIu64 " audit records, %" PRIu64 " commits\n", r.n_audit,
               r.n_tx);
        if (r.n_erased > 0) {
            printf("%" PRIu64 " versions erased by order: each is on record\n", r.n_erased);
        }
        return COMMAND_OK;
    }
    printf("the record does NOT hold: %s, at %" PRIu64 "\n", audit_fault_text(r.fault), r.seq);
    return COMMAND_FAILED;
}
