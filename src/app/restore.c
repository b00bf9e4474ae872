/* app/restore.c - consilium restore: a data folder out of a backup, held to everything before it gets its
 * name; or, with --check, proof that one could be made. The live data folder is not touched, and what comes
 * to no name is removed: it is records of patients. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/orders.h"
#include "app/repository.h"
#include "care/who.h"
#include "codec/json.h"
#include "os/file.h"
#include "store/audit.h"
#include "store/tx.h"

enum { MANIFEST_MAX = 65536 };

struct job {
    struct command_args *args;
    struct repository repo;
    const char *snapshot; /* "latest" */
    const char *to;       /* NULL with check: beside the data folder */
    const char *work;     /* becomes to when it is whole */
    const char *orders_file; /* NULL: the list of the newest backup */
    struct orders orders;
    struct str at;        /* when the backup was made */
    int64_t schema;       /* of what program: at most ours */
    bool check;
    bool with_faults; /* it gets its name whatever is wrong with it */
    bool if_set;
};

/* Two flags with a value, three without, one folder. */
static bool read_words(struct job *j)
{
    const struct command_args *a = j->args;
    j->snapshot = "latest";
    for (int i = 0; i < a->n_words; i++) {
        if (strcmp(a->words[i], "--check") == 0) {
            j->check = true;
        } else if (strcmp(a->words[i], "--with-faults") == 0) {
            j->with_faults = true;
        } else if (strcmp(a->words[i], "--if-set") == 0) {
            j->if_set = true;
        } else if (strcmp(a->words[i], "--snapshot") == 0 && i + 1 < a->n_words) {
            j->snapshot = a->words[++i];
        } else if (strcmp(a->words[i], "--orders") == 0 && i + 1 < a->n_words) {
            j->orders_file = a->words[++i];
        } else if (j->to == NULL && a->words[i][0] != '-') {
            j->to = a->words[i];
        } else {
            return false;
        }
    }
    return j->check ? !j->with_faults : j->to != NULL;
}

static enum err count_entry(struct req *rq, const char *name, void *ctx)
{
    (void)rq;
    (void)name;
    ++*(uint32_t *)ctx;
    return OK;
}

static enum err choose_folder(struct req *rq, struct job *j)
{
    struct buf b;
    const char *full = NULL;
    uint32_t n = 0;
    TRY(repository_full_path(rq, j->to != NULL ? str_z(j->to) : j->args->config->data, &full));
    if (j->to != NULL && !j->check && os_is_mounted(full)) {
        return FAIL(rq, E_CONFLICT, "%s is where a disk is mounted: name a folder in it", j->to);
    }
    if (j->to != NULL && !j->check && os_exists(full)) {
        TRY(os_each_entry(rq, full, count_entry, &n));
        if (n > 0) {
            return FAIL(rq, E_CONFLICT, "%s is not empty: restore makes a data folder where none is", j->to);
        }
    }
    buf_init(&b, rq->a, OS_PATH_MAX);
    buf_str(&b, str_z(full));
    buf_str(&b, j->check ? S(".check") : S(".part"));
    j->to = full;
    j->work = arena_cstr(rq->a, buf_get(&b));
    return buf_ok(&b) && j->work != NULL ? OK : FAIL(rq, E_TOO_LARGE, "path");
}

/* restic reads all it has, and checks it; its keys are files of their own. */
static enum err read_all(struct req *rq, const struct job *j)
{
    static const char *const words[] = {"check", "--read-data", NULL};
    uint64_t faults = 0;
    TRY(repository_names_hold(rq, &j->repo, &faults));
    if (faults > 0) {
        return FAIL(rq, E_CHECKSUM, "%" PRIu64 " files of the place of backups were changed", faults);
    }
    return repository_run(rq, &j->repo, "reading all backups", NULL, words, NULL);
}

static enum err fetch(struct req *rq, const struct job *j)
{
    const char *const words[] = {"restore", j->snapshot, "--tag", BACKUP_TAG, "--target", j->work, NULL};
    TRY(os_remove_tree(rq, j->work));
    enum err e = os_mkdir(rq, j->work);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "%s cannot be made: the folder it is to stand in is not there", j->to);
    }
    TRY(e);
    return repository_run(rq, &j->repo, "restore", NULL, words, NULL);
}

/* ---- out of the stage ---- */

struct move {
    const char *from;
    const char *to;
};

static enum err move_entry(struct req *rq, const char *name, void *ctx)
{
    const struct move *m = ctx;
    char from[OS_PATH_MAX];
    char to[OS_PATH_MAX];
    TRY(os_path(rq, str_z(m->from), str_z(name), from));
    TRY(os_path(rq, str_z(m->to), str_z(name), to));
    return os_rename(rq, from, to);
}

static enum err hold_to_manifest(struct req *rq, struct job *j)
{
    struct str text;
    struct str sha;
    struct json_doc doc;
    char path[OS_PATH_MAX];
    TRY(os_path(rq, str_z(j->work), S(BACKUP_MANIFEST), path));
    TRY(os_read_file(rq, path, MANIFEST_MAX, &text));
    TRY(os_remove(rq, path));
    TRY(json_parse(rq, text, NULL, &doc));
    struct jv root = json_root(&doc);
    j->at = json_str(rq->a, json_get(root, S("at")));
    if (!json_i64(json_get(root, S("schema")), &j->schema)) {
        return FAIL(rq, E_SYNTAX, "the backup does not say of which schema it is");
    }
    if (j->schema > (int64_t)store_schema()) {
        return FAIL(rq, E_UNSUPPORTED, "the backup is from a newer program, %.*s with schema %" PRId64
                                       "; this one knows %u: install that one",
                    STR_ARG(json_str(rq->a, json_get(root, S("program")))), j->schema, store_schema());
    }
    TRY(os_path(rq, str_z(j->work), S("consilium.db"), path));
    TRY(repository_sha(rq, path, &sha));
    bool same = json_is(json_get(root, S("database")), sha);
    return same ? OK : FAIL(rq, E_CHECKSUM, "the database was changed");
}

static enum err unfold(struct req *rq, struct job *j)
{
    char stage[OS_PATH_MAX];
    TRY(os_path(rq, str_z(j->work), S(BACKUP_STAGE), stage));
    struct move m = {stage, j->work};
    TRY(os_each_entry(rq, stage, move_entry, &m));
    TRY(os_rmdir(rq, stage));
    return hold_to_manifest(rq, j);
}

/* What is listed as erased since: by the file that was named, else by the newest backup. */
static enum err choose_orders(struct req *rq, struct job *j)
{
    TRY(orders_take(rq, j->work, &j->orders));
    if (j->orders_file != NULL) {
        j->orders.place = str_z(j->orders_file);
        return command_read_file(rq, j->orders_file, 32 << 20, &j->orders.text);
    }
    return strcmp(j->snapshot, "latest") == 0 ? OK : orders_newest(rq, &j->repo, &j->orders);
}

/* ---- is it whole? ---- */

static enum err note(struct req *rq, const struct job *j, uint64_t faults)
{
    struct buf b;
    buf_init(&b, rq->a, 256);
    BUF_LIT(&b, "restored from the backup of ");
    buf_str(&b, j->at);
    if (faults > 0) {
        BUF_LIT(&b, ", faults found: ");
        buf_u64(&b, faults);
    }
    struct audit_rec rec = {.action = AUDIT_ADMIN, .why = WHY_SYSTEM, .detail = buf_get(&b)};
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(audit_add(rq, &rec));
    return store_commit(care_of(rq)->store, rq, tx);
}

static enum err judge(struct req *rq, const struct job *j, uint64_t faults)
{
    if (faults == 0 || j->with_faults) {
        return OK;
    }
    return j->check ? FAIL(rq, E_CHECKSUM, "%" PRIu64 " faults, see above", faults)
                    : FAIL(rq, E_CHECKSUM,
                           "%" PRIu64 " faults, see above: nothing was made. --snapshot takes an older "
                           "backup, --with-faults takes this one as it is", faults);
}

/* Opens it as a server would (older schemas are brought up to date) and looks at all of it. */
static enum err look(struct req *rq, const struct job *j, uint64_t *ret_faults)
{
    struct config config = *j->args->config;
    struct app app;
    config.data = str_z(j->work);
    bool whole = false;
    rq->who = &who_system;
    enum err e = app_open(rq, &config, false, &app);
    if (e == OK && j->schema < (int64_t)store_schema()) {
        printf("the backup is of schema %" PRId64 ": %s brought up to %u, as this program does with a data "
               "folder when it starts\n", j->schema, j->check ? "the copy that is looked at was" : "it was",
               store_schema());
    }
    if (e == OK) {
        e = app_index(rq, &app, &whole);
    }
    if (e == OK) {
        e = doctor_all(rq, ret_faults);
    }
    if (e == OK) {
        e = judge(rq, j, *ret_faults);
    }
    if (e == OK) {
        rq->who = &who_system;
        e = orders_apply(rq, &j->orders, j->at, j->with_faults, ret_faults);
    }
    if (e == OK && !j->check) {
        e = note(rq, j, *ret_faults);
    }
    app_close(rq, &app);
    return e;
}

/* What has the name is whole, also when the power goes a moment later. */
static enum err name_it(struct req *rq, const struct job *j)
{
    TRY(os_sync_all(rq, j->work));
    TRY(os_rename(rq, j->work, j->to)); /* over an empty one, if there is one */
    return os_sync_parent(rq, j->to);
}

static enum err restore(struct req *rq, struct job *j, uint64_t *ret_faults)
{
    TRY(app_become_owner(rq, j->args->config));
    TRY(repository_open(rq, j->args->config, &j->repo));
    TRY(choose_folder(rq, j));
    if (j->check) {
        TRY(read_all(rq, j));
    }
    TRY(fetch(rq, j));
    TRY(unfold(rq, j));
    TRY(choose_orders(rq, j));
    TRY(look(rq, j, ret_faults));
    return j->check ? OK : name_it(rq, j);
}

static void say_restored(const struct job *j, uint64_t faults)
{
    printf("restored the backup of %.*s into %s", STR_ARG(j->at), j->to);
    if (faults > 0) {
        printf(", with %" PRIu64 " faults, see above\n", faults);
    } else {
        printf(": nothing is missing or changed\n");
    }
}

/* Nothing of it lies about; what failed may have used up its request. */
static bool tidy(const struct job *j)
{
    struct req end;
    req_init(&end, 1 << 20, j->args->rq->now);
    enum err e = j->work != NULL ? os_remove_tree(&end, j->work) : OK;
    req_done(&end);
    if (e != OK) {
        (void)fprintf(stderr, "consilium: %s holds records of patients and cannot be removed: "
                              "do it by hand\n", j->work);
    }
    return e == OK;
}

int command_restore(struct command_args *args)
{
    struct job j = {.args = args};
    uint64_t faults = 0;
    if (!read_words(&j)) {
        return COMMAND_USAGE;
    }
    if (j.if_set && repository_is_nowhere(args->config)) {
        return COMMAND_OK;
    }
    enum err e = restore(args->rq, &j, &faults);
    if (!tidy(&j) || e != OK) {
        return COMMAND_FAILED;
    }
    if (j.check) {
        printf("the backup of %.*s can be restored: all of it was read, nothing is missing or changed\n",
               STR_ARG(j.at));
    } else {
        say_restored(&j, faults);
    }
    return faults > 0 ? COMMAND_FAILED : COMMAND_OK;
}
