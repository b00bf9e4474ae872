/* app/orders.c - the list of erasures of a backup. See orders.h. */
#include "app/orders.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/app.h"
#include "care/erasure_list.h"
#include "os/file.h"

enum { SIGNED_MAX = ERASURE_LIST_MAX + 4096 };

enum err orders_write(struct req *rq, const char *path)
{
    struct str text;
    TRY(erasure_list_write(rq, &text));
    TRY(store_sign(rq, care_of(rq)->store, text, &text));
    return os_write_file(rq, path, text, 0600);
}

static enum err write_named(struct command_args *args)
{
    const char *path = args->words[0];
    TRY(orders_write(args->rq, path));
    printf("the erasures that ran are listed in %s: keep it elsewhere; restore --orders takes it\n", path);
    return OK;
}

int command_backup_orders(struct command_args *args)
{
    return args->n_words == 1 ? command_with_store(args, true, write_named) : COMMAND_USAGE;
}

enum err orders_newest(struct req *rq, const struct repository *repo, struct orders *ret)
{
    static const char *const look[] = {"ls", "--tag", BACKUP_TAG, "latest", "/" BACKUP_STAGE, NULL};
    static const char *const dump[] = {"dump", "--tag", BACKUP_TAG, "latest",
                                       "/" BACKUP_STAGE "/" BACKUP_ORDERS, NULL};
    struct str names;
    *ret = (struct orders){.place = S("the list of the newest backup")};
    TRY(repository_run(rq, repo, "files of the newest backup", NULL, look, &names));
    if (str_find(names, S("/" BACKUP_STAGE "/" BACKUP_ORDERS "\n")) == names.n) {
        return OK;
    }
    return repository_run(rq, repo, "the list of erasures", NULL, dump, &ret->text);
}

enum err orders_take(struct req *rq, const char *dir, struct orders *ret)
{
    char path[OS_PATH_MAX];
    *ret = (struct orders){.place = S("the list of the backup")};
    TRY(os_path(rq, str_z(dir), S(BACKUP_ORDERS), path));
    if (!os_exists(path)) {
        return OK;
    }
    TRY(os_read_file(rq, path, SIGNED_MAX, &ret->text));
    return os_remove(rq, path);
}

/* Says where the list is wrong, with where it comes from. */
static enum err refused(struct req *rq, const struct orders *o, enum err e)
{
    struct buf b;
    if (e != E_CHECKSUM && e != E_FORBIDDEN && e != E_SYNTAX && e != E_CONFLICT && e != E_TOO_LARGE) {
        return e;
    }
    buf_init(&b, rq->a, 400);
    buf_str(&b, str_z(rq->err.detail));
    err_clear(rq);
    return FAIL(rq, e, "%.*s of erasures is refused: %.*s. --orders takes another one, --with-faults goes on "
                       "without what is wrong", STR_ARG(o->place), STR_ARG(buf_get(&b)));
}

static enum err take(struct req *rq, const struct orders *o, bool go_on, struct str *ret_at,
                     struct erasure_again *ret)
{
    const struct erasure_list *l = NULL;
    struct str text;
    TRY(store_signed(rq, care_of(rq)->store, o->text, &text));
    TRY(erasure_list_read(rq, text, &l));
    *ret_at = erasure_list_at(l);
    return erasure_list_apply(rq, l, go_on, ret);
}

static void say_back(struct str at)
{
    printf("records erased by order after %.*s are back. Where a newer list was kept, restore again "
           "with --orders FILE; else compare the list of orders (page /erasures) with the documents "
           "since then, and order those again before people are let in\n", STR_ARG(at));
}

static void say(const struct orders *o, struct str list_at, struct str at, const struct erasure_again *n)
{
    printf("%.*s of erasures, of %.*s: %" PRIu32 " applied again, hidden from the first request "
           "on and erased when the server runs; %" PRIu32 " stood; %" PRIu32 " about people who came "
           "later\n", STR_ARG(o->place), STR_ARG(list_at), n->applied, n->stood, n->later);
    if (n->refused > 0) {
        printf("%" PRIu32 " of its orders name nobody who is here, or another: not applied\n", n->refused);
    }
    if (str_cmp(list_at, at) <= 0) {
        printf("it is not newer than the backup: ");
        say_back(at);
    }
}

enum err orders_apply(struct req *rq, const struct orders *o, struct str at, bool go_on,
                      uint64_t *ret_faults)
{
    struct erasure_again n = {0};
    struct str list_at = S("");
    if (o->text.p == NULL) {
        printf("there is no list of erasures, for a former program made the backup: ");
        say_back(at);
        return OK;
    }
    enum err e = take(rq, o, go_on, &list_at, &n);
    *ret_faults += n.refused;
    if (e == OK) {
        say(o, list_at, at, &n);
        return OK;
    }
    e = refused(rq, o, e);
    if (!go_on || e == E_IO || e == E_FULL) {
        return e;
    }
    ++*ret_faults;
    printf("%s\n", rq->err.detail);
    err_clear(rq);
    return OK;
}
