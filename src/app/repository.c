/* app/repository.c - asking restic. See repository.h. */
#include "app/repository.h"

#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "os/child.h"
#include "os/file.h"
#include "os/tool.h"
#include "store/blob.h"

enum { OUTPUT_MAX = 16 << 20, PIECE = 1 << 20, SHA_HEX = 64 };

enum err repository_full_path(struct req *rq, struct str path, const char **ret_path)
{
    char *out = arena_alloc_raw(rq->a, OS_PATH_MAX);
    TRY_MEM(rq, out);
    if (str_starts(path, S("/"))) {
        TRY(os_path(rq, S(""), str_sub(path, 1, path.n), out));
    } else {
        char here[OS_PATH_MAX];
        TRY(os_here(rq, here));
        TRY(os_path(rq, str_z(here), path, out));
    }
    *ret_path = out;
    return OK;
}

bool repository_is_nowhere(const struct config *config)
{
    if (config->backup_to.n == 0) {
        command_print(S("nothing was done: backup_to names no place for backups, "
                        "and without one none are made\n"));
    }
    return config->backup_to.n == 0;
}

enum err repository_open(struct req *rq, const struct config *config, struct repository *ret_repo)
{
    struct repository repo = {.is_folder = str_find_char(config->backup_to, ':') == config->backup_to.n};
    const char *data = NULL;
    if (config->backup_to.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "setting backup_to says where backups go: a folder on another disk, or "
                                     "s3:https://host/bucket");
    }
    if (config->backup_password_file.n == 0) {
        return FAIL(rq, E_BAD_INPUT,
                    "setting backup_password_file names a file with the password backups are encrypted with; "
                    "keep a copy of it elsewhere, without it they cannot be read");
    }
    if (os_program_find(rq, config->backup_program, &repo.program) != OK) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "no program %.*s: apt-get install restic, or set backup_program",
                    STR_ARG(config->backup_program));
    }
    TRY(repository_full_path(rq, config->backup_password_file, &repo.password));
    TRY(command_file_there(rq, repo.password));
    repo.place = arena_cstr(rq->a, config->backup_to);
    TRY_MEM(rq, repo.place);
    if (repo.is_folder) {
        TRY(repository_full_path(rq, config->backup_to, &repo.place));
        TRY(repository_full_path(rq, config->data, &data));
        struct str rest = str_z(repo.place);
        if (str_starts(rest, str_z(data)) && (rest.n == str_z(data).n || rest.p[str_z(data).n] == '/')) {
            return FAIL(rq, E_BAD_INPUT, "setting backup_to: within the data folder it is lost with it");
        }
    }
    *ret_repo = repo;
    return OK;
}

static enum err ask(struct req *rq, const struct repository *repo, const char *dir, bool quiet,
                    const char *const *words, int *ret_code, struct str *ret_output)
{
    enum { OWN = 7 };
    const char *argv[OWN + REPOSITORY_WORDS + 1] = {repo->program, "-r", repo->place, "--password-file",
                                                    repo->password, "--no-cache", "-q"};
    for (size_t i = 0; words[i] != NULL; i++) {
        ASSERT(i < REPOSITORY_WORDS);
        argv[OWN + i] = words[i];
    }
    const struct os_tool t = {.argv = argv, .dir = dir, .output_max = OUTPUT_MAX, .quiet = quiet};
    return os_tool_run(rq, &t, ret_code, ret_output);
}

enum err repository_run(struct req *rq, const struct repository *repo, const char *what, const char *dir,
                        const char *const *words, struct str *ret_output)
{
    struct str output;
    int code = 0;
    TRY(ask(rq, repo, dir, false, words, &code, &output));
    if (code != 0) {
        return FAIL(rq, E_IO, "%s: restic ended with %d; what it said stands above", what, code);
    }
    if (ret_output != NULL) {
        *ret_output = output;
    }
    return OK;
}

enum err repository_is_there(struct req *rq, const struct repository *repo, bool *ret_is)
{
    static const char *const words[] = {"cat", "config", NULL};
    struct str output;
    int code = 0;
    if (repo->is_folder) {
        char path[OS_PATH_MAX];
        TRY(os_path(rq, str_z(repo->place), S("config"), path));
        *ret_is = os_exists(path);
        return OK;
    }
    TRY(ask(rq, repo, NULL, true, words, &code, &output));
    *ret_is = code == 0;
    return OK;
}

enum err repository_make(struct req *rq, const struct repository *repo)
{
    static const char *const words[] = {"init", NULL};
    return repository_run(rq, repo, "making the place for backups", NULL, words, NULL);
}

enum err repository_sha(struct req *rq, const char *path, struct str *ret_hex)
{
    CLEANUP(os_close_p) int fd = -1;
    struct arena_mark mark;
    struct sha sha;
    struct buf hex;
    uint8_t sum[32];
    uint64_t at = 0;
    size_t got = 0;
    buf_init(&hex, rq->a, SHA_HEX + 1);
    TRY(os_open_read(rq, path, &fd));
    mark = arena_mark(rq->a);
    char *piece = arena_alloc_raw(rq->a, PIECE);
    TRY_MEM(rq, piece);
    sha_init(&sha);
    do {
        TRY(os_read_at(rq, fd, at, piece, PIECE, &got));
        sha_add(&sha, piece, got);
        at += got;
    } while (got > 0);
    sha_done(&sha, sum);
    arena_back(rq->a, mark);
    buf_hex(&hex, sum, sizeof(sum));
    *ret_hex = buf_get(&hex);
    return ret_hex->n == SHA_HEX ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
}

/* ---- names ---- */

struct names {
    const char *dir;
    int depth; /* folders that may still lie below */
    uint64_t faults;
};

static enum err look(struct req *rq, const char *name, void *ctx)
{
    struct names *n = ctx;
    char path[OS_PATH_MAX];
    struct arena_mark mark = arena_mark(rq->a);
    struct str hex;
    TRY(os_path(rq, str_z(n->dir), str_z(name), path));
    if (str_z(name).n != SHA_HEX) {
        if (n->depth > 0) {
            struct names below = {.dir = path, .depth = n->depth - 1};
            TRY(os_each_entry(rq, path, look, &below));
            n->faults += below.faults;
        }
        return OK;
    }
    TRY(repository_sha(rq, path, &hex));
    if (!str_eq(hex, str_z(name))) {
        printf("changed: %s\n", path);
        n->faults++;
    }
    arena_back(rq->a, mark);
    return OK;
}

enum err repository_names_hold(struct req *rq, const struct repository *repo, uint64_t *ret_faults)
{
    static const struct {
        struct str name;
        int depth;
    } folders[] = {{SI("data"), 1}, {SI("index"), 0}, {SI("keys"), 0}, {SI("snapshots"), 0}};
    *ret_faults = 0;
    for (size_t i = 0; repo->is_folder && i < LEN(folders); i++) {
        char path[OS_PATH_MAX];
        TRY(os_path(rq, str_z(repo->place), folders[i].name, path));
        struct names n = {.dir = path, .depth = folders[i].depth};
        TRY(os_each_entry(rq, path, look, &n));
        *ret_faults += n.faults;
    }
    return OK;
}
