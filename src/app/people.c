/* app/people.c - organisations and people from a CSV file, from the command line. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/command.h"
#include "base/text.h"
#include "care/people.h"
#include "os/file.h"

enum { SHOWN = 20, LIST_BYTES = 12 << 20 };

static bool has_flag(const struct command_args *args, const char *flag)
{
    for (int i = 0; i < args->n_words; i++) {
        if (strcmp(args->words[i], flag) == 0) {
            return true;
        }
    }
    return false;
}

static void print_plan(struct req *rq, const struct people_plan *p)
{
    printf("new %u, changed %u, unchanged %u, wrong %u\n", p->n[PEOPLE_NEW], p->n[PEOPLE_CHANGED],
           p->n[PEOPLE_SAME], p->n[PEOPLE_WRONG]);
    for (uint32_t i = 0; i < p->n_faults && i < SHOWN; i++) {
        const struct people_fault *f = &p->faults[i];
        const struct text_arg what = {S("what"), f->what};
        struct buf text;
        buf_init(&text, rq->a, 1000);
        text_fill(&text, tr(rq->lang, f->text), &what, 1);
        printf("line %u%s%.*s: %.*s\n", f->line, f->column.n > 0 ? ", " : "", STR_ARG(f->column),
               STR_ARG(buf_get(&text)));
    }
    if (p->n_faults > SHOWN) {
        printf("and %u more: --faults FILE has them all\n", p->n_faults - SHOWN);
    }
    uint32_t shown = 0;
    for (uint32_t i = 0; i < p->n_rows && shown < SHOWN; i++) {
        struct people_line l = people_line_at(p, i);
        for (uint32_t k = 0; l.act == PEOPLE_CHANGED && k < l.n_changes; k++) {
            printf("line %u, %.*s: %.*s \"%.*s\" -> \"%.*s\"\n", l.line, STR_ARG(l.key),
                   STR_ARG(l.changes[k].column), STR_ARG(l.changes[k].from), STR_ARG(l.changes[k].to));
        }
        shown += l.act == PEOPLE_CHANGED;
    }
}

static enum err write_faults(struct req *rq, const struct people_plan *p, const char *path)
{
    CLEANUP(os_close_p) int fd = -1;
    struct buf b;

    buf_init(&b, rq->a, LIST_BYTES);
    people_faults_write(rq, &b, p);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "list of faults");
    }
    TRY(os_open_new(rq, path, &fd));
    return os_write_at(rq, fd, 0, b.p, b.n);
}

static enum err read_plan(struct command_args *args, struct people_plan *ret_plan)
{
    struct str file = {0};

    TRY(command_read_file(args->rq, args->words[0], PEOPLE_FILE_MAX, &file));
    return people_plan(args->rq, file, ret_plan);
}

static enum err import(struct command_args *args)
{
    struct req *rq = args->rq;
    const char *faults = command_option(args, "faults");
    struct people_plan p;
    uint32_t done = 0;

    TRY(read_plan(args, &p));
    print_plan(rq, &p);
    if (faults != NULL) {
        TRY(write_faults(rq, &p, faults));
    }
    if (has_flag(args, "--dry-run")) {
        return OK;
    }
    TRY(people_apply(rq, &p, &done));
    printf("%u lines imported\n", done);
    return p.n_faults == 0 ? OK : FAIL(rq, E_BAD_INPUT, "%u lines are wrong and were left "
                                                        "out", p.n[PEOPLE_WRONG]);
}

static enum err invite(struct command_args *args)
{
    struct req *rq = args->rq;
    struct str base = care_of(rq)->notify.base_url;
    struct people_plan p;
    struct buf b;
    uint32_t n = 0;

    if (base.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "setting base_url: a link needs the address people use");
    }
    TRY(read_plan(args, &p));
    buf_init(&b, rq->a, LIST_BYTES);
    TRY(people_invite(rq, &p, base, &b, &n));
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "list of links");
    }
    command_print(buf_get(&b));
    return OK;
}

int command_people_import(struct command_args *args)
{
    return args->n_words < 1 ? COMMAND_USAGE
                             : command_with_store(args, has_flag(args, "--dry-run"), import);
}

int command_people_invite(struct command_args *args)
{
    return args->n_words < 1 ? COMMAND_USAGE : command_with_store(args, false, invite);
}
