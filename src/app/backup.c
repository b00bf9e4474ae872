/* app/backup.c - consilium backup: the data folder as it stands at one moment, also beside a server, into an
 * encrypted repository; what is there already is not sent again.
 *
 * The order matters: the head of the record and unfinished uploads first, then the database, then the files
 * it names. So nothing the database knows is missing, and the head is never newer than the record. */
#include <inttypes.h>
#include <stdio.h>

#include "app/app.h"
#include "app/orders.h"
#include "app/repository.h"
#include "care/who.h"
#include "codec/json.h"
#include "fhir/reindex.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/audit.h"

struct stage {
    const char *from;
    const char *to;
    bool below; /* we are in a folder of the data folder */
};

/* What is not linked: copied otherwise, made anew, or of this moment alone. What audit.head.conflict keeps is
 * proof and comes along. */
static const struct str left_out[] = {
    SI("consilium.db"), SI("blobs"),   SI("exports"), SI("server.lock"),
    SI("files.hold"),   SI("backup."), SI("blob-"),   SI("recording.part"),
};
static const struct str half_written = SI(".new-"); /* os_write_file() */

static bool is_left_out(const struct stage *s, struct str name)
{
    bool out = str_find(name, half_written) < name.n;
    for (size_t i = 0; !s->below && !out && i < LEN(left_out); i++) {
        out = str_starts(name, left_out[i]);
    }
    return out;
}

static enum err link_entry(struct req *rq, const char *name, void *ctx);

/* A folder's files get a second name, so that they stay while they are read. */
static enum err link_all(struct req *rq, const char *from, const char *to, bool below)
{
    struct stage s = {from, to, below};
    TRY(os_mkdir(rq, to));
    return os_each_entry(rq, from, link_entry, &s);
}

static enum err link_entry(struct req *rq, const char *name, void *ctx)
{
    const struct stage *s = ctx;
    char from[OS_PATH_MAX];
    char to[OS_PATH_MAX];
    if (is_left_out(s, str_z(name))) {
        return OK;
    }
    TRY(os_path(rq, str_z(s->from), str_z(name), from));
    TRY(os_path(rq, str_z(s->to), str_z(name), to));
    if (os_is_folder(from)) {
        return s->below ? OK : link_all(rq, from, to, true);
    }
    enum err e = os_link(rq, from, to);
    if (e == E_CONFLICT || e == E_NOT_FOUND) { /* linked already, or gone meanwhile */
        err_clear(rq);
        return OK;
    }
    return e;
}

static enum err link_uploads(struct req *rq, const char *dir, const char *stage)
{
    char from[OS_PATH_MAX];
    char to[OS_PATH_MAX];
    TRY(os_path(rq, str_z(dir), S("uploads"), from));
    TRY(os_path(rq, str_z(stage), S("uploads"), to));
    return os_exists(from) ? link_all(rq, from, to, true) : OK;
}

static enum err write_manifest(struct req *rq, const char *stage, const char *db)
{
    struct buf b;
    struct buf at;
    struct json_out o;
    struct str sha;
    char path[OS_PATH_MAX];
    buf_init(&b, rq->a, 4096);
    buf_init(&at, rq->a, 64);
    instant_write(&at, rq->now);
    TRY(repository_sha(rq, db, &sha));
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("program"), S(CONSILIUM_VERSION));
    json_ki(&o, S("schema"), store_schema());
    json_ki(&o, S("index"), fhir_index_code());
    json_ks(&o, S("at"), buf_get(&at));
    json_ks(&o, S("database"), sha);
    json_obj_end(&o);
    TRY(os_path(rq, str_z(stage), S(BACKUP_MANIFEST), path));
    return os_write_file(rq, path, buf_get(&b), 0600);
}

static enum err room_for_copy(struct req *rq, const struct config *config, const char *dir)
{
    char path[OS_PATH_MAX];
    uint64_t size = 0;
    uint64_t left = 0;
    TRY(os_path(rq, str_z(dir), S("consilium.db"), path));
    TRY(os_size_of(rq, path, &size));
    TRY(os_free_bytes(rq, dir, &left));
    if (left < size + (config->free_floor << 20)) {
        return FAIL(rq, E_FULL,
                    "a copy of the database needs %" PRIu64 " MiB on its disk; %" PRIu64 " MiB are free",
                    size >> 20, left >> 20);
    }
    return OK;
}

static enum err make_stage(struct req *rq, const struct config *config, const struct store *st,
                           const char *stage)
{
    char db[OS_PATH_MAX];
    char orders[OS_PATH_MAX];
    TRY(os_remove_tree(rq, stage)); /* of one that was killed */
    TRY(room_for_copy(rq, config, store_dir(st)));
    TRY(link_all(rq, store_dir(st), stage, false));
    TRY(os_path(rq, str_z(stage), S("consilium.db"), db));
    TRY(store_snapshot(rq, st, db));
    TRY(os_path(rq, str_z(stage), S(BACKUP_ORDERS), orders));
    TRY(orders_write(rq, orders)); /* after the database: what it has, and what was ordered since */
    TRY(link_uploads(rq, store_dir(st), stage));
    return write_manifest(rq, stage, db);
}

/* What restic says of a backup, its last line. */
static enum err read_summary(struct req *rq, struct str output, struct str *ret_id, int64_t *ret_all,
                             int64_t *ret_new)
{
    struct json_doc doc;
    struct str line = S("");
    struct str one;
    while (str_cut(&output, '\n', &one)) {
        line = one.n > 0 ? one : line;
    }
    TRY(json_parse(rq, line, NULL, &doc));
    struct jv root = json_root(&doc);
    *ret_id = json_str(rq->a, json_get(root, S("snapshot_id")));
    if (ret_id->n == 0 || !json_i64(json_get(root, S("total_bytes_processed")), ret_all) ||
        !json_i64(json_get(root, S("data_added")), ret_new) || *ret_all < 0) {
        return FAIL(rq, E_IO, "restic said nothing of the backup it made");
    }
    return OK;
}

static enum err forget_old(struct req *rq, const struct config *config, const struct repository *repo)
{
    struct buf keep;
    buf_init(&keep, rq->a, 32);
    buf_u64(&keep, config->backup_keep);
    buf_char(&keep, 'd');
    const char *within = arena_cstr(rq->a, buf_get(&keep));
    TRY_MEM(rq, within);
    const char *const words[] = {"forget", "--tag", BACKUP_TAG, "--group-by", "tags", "--keep-within", within,
                                 "--keep-last", "1", "--prune", NULL};
    return repository_run(rq, repo, "removing old backups", NULL, words, NULL);
}

static enum err send(struct req *rq, const struct config *config, const struct repository *repo,
                     const struct store *st)
{
    static const char *const unlock[] = {"unlock", NULL};
    static const char *const words[] = {"backup",    "--json", "--tag", BACKUP_TAG, "--host", BACKUP_TAG,
                                        BACKUP_STAGE, "blobs",  NULL};
    struct str output;
    struct str id;
    bool is_there = false;
    int64_t all = 0;
    int64_t added = 0;
    TRY(repository_is_there(rq, repo, &is_there));
    if (!is_there) {
        TRY(repository_make(rq, repo));
    }
    /* locks of one that was killed; those in use stay */
    TRY(repository_run(rq, repo, "locks", NULL, unlock, NULL));
    TRY(repository_run(rq, repo, "backup", store_dir(st), words, &output));
    TRY(read_summary(rq, output, &id, &all, &added));
    TRY(forget_old(rq, config, repo));
    TRY(store_backup_note(rq, st, &(struct store_backup){.at = rq->now, .bytes = (uint64_t)all}));
    printf("backup %.*s: %" PRId64 " bytes, %" PRId64 " of them new\n", STR_ARG(id), all, added);
    return OK;
}

static enum err backup(struct command_args *args)
{
    struct req *rq = args->rq;
    const struct store *st = care_of(rq)->store;
    struct audit_rec rec = {.action = AUDIT_EXPORT, .why = WHY_SYSTEM, .detail = S("backup")};
    CLEANUP(os_close_p) int held = -1;
    struct repository repo;
    char stage[OS_PATH_MAX];
    TRY(repository_open(rq, args->config, &repo));
    TRY(os_path(rq, str_z(store_dir(st)), S(BACKUP_STAGE), stage));
    TRY(audit_add(rq, &rec));
    TRY(store_commit_audit(care_of(rq)->store, rq));
    TRY(store_hold_files(rq, st, true, &held));
    enum err e = make_stage(rq, args->config, st, stage);
    if (e == OK) {
        e = send(rq, args->config, &repo, st);
    }
    struct req end;
    req_init(&end, 1 << 20, rq->now);
    enum err gone = os_remove_tree(&end, stage);
    req_done(&end);
    return e != OK ? e : gone;
}

int command_backup(struct command_args *args)
{
    bool if_set = args->n_words == 1 && str_eq(str_z(args->words[0]), S("--if-set"));
    if (if_set && repository_is_nowhere(args->config)) {
        return COMMAND_OK;
    }
    return args->n_words > (if_set ? 1 : 0) ? COMMAND_USAGE : command_with_store(args, false, backup);
}

static enum err list(struct command_args *args)
{
    static const char *const words[] = {"snapshots", "--tag", BACKUP_TAG, NULL};
    struct repository repo;
    struct str output;
    TRY(repository_open(args->rq, args->config, &repo));
    TRY(repository_run(args->rq, &repo, "list of backups", NULL, words, &output));
    command_print(output);
    return OK;
}

int command_backup_list(struct command_args *args)
{
    return args->n_words == 0 && list(args) == OK ? COMMAND_OK : COMMAND_FAILED;
}
