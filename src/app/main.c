/* app/main.c - the program: settings, then the subcommand. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "app/command.h"
#include "care/outside.h"
#include "codec/outside_wire.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/secret.h"

extern char **environ;

enum { FLAGS_MAX = 64, WORDS_MAX = 4096, CONFIG_BYTES = 65536 };
#define MACHINE_FILE "/etc/consilium/consilium.conf"
#define RUN_CAP ((size_t)1 << 34)

struct line {
    const char *flags[FLAGS_MAX * 2];
    size_t n_flags;
    const char *words[WORDS_MAX];
    int n_words;
    const char *config_file;
    const char *lacking; /* a setting without its value; NULL: none */
};

/* Takes "--key value", "--key=value" and "--flag" out of the words when key is a setting that the
 * subcommand has no flag of its own for. */
static bool take_flag(struct req *rq, struct line *l, int argc, char **argv, int *at)
{
    struct str word = str_z(argv[*at]);
    if (!str_starts(word, S("--"))) {
        return false;
    }
    size_t eq = str_find_char(word, '=');
    struct str key = str_sub(word, 2, eq - 2);
    bool is_flag = false;
    bool is_file = str_eq(key, S("config"));
    int n = 0;
    const struct command *cmd = command_find(l->words, l->n_words, &n);
    if ((!is_file && !config_has(key, &is_flag))
        || (cmd != NULL && command_takes(cmd, word, &is_flag))) {
        return false;
    }
    const char *value = "true";
    if (eq < word.n) {
        value = word.p + eq + 1;
    } else if (!is_flag) {
        bool there = *at + 1 < argc && !str_starts(str_z(argv[*at + 1]), S("--"));
        value = there ? argv[++*at] : "";
        l->lacking = there ? l->lacking : argv[*at];
    }
    if (is_file) {
        l->config_file = value;
    } else if (l->n_flags < FLAGS_MAX) {
        l->flags[l->n_flags * 2] = arena_cstr(rq->a, key);
        l->flags[l->n_flags * 2 + 1] = value;
        l->n_flags++;
    }
    return true;
}

/* --config FILE must be there; consilium.conf here, in the data folder, or of the machine, may. That of the
 * machine is for those who may read it: others have no settings of the server. */
static enum err find_file(struct req *rq, const struct line *l, struct config_source *from)
{
    static const char *const places[] = {"consilium.conf", "consilium-data/consilium.conf"};
    const char *path = l->config_file;
    for (size_t i = 0; path == NULL && i < LEN(places); i++) {
        path = os_exists(places[i]) ? places[i] : NULL;
    }
    CLEANUP(os_close_p) int fd = -1;
    if (path == NULL && os_open_read(rq, MACHINE_FILE, &fd) == OK) {
        path = MACHINE_FILE;
    }
    err_clear(rq);
    if (path == NULL) {
        return OK;
    }
    from->path = str_z(path);
    return command_read_file(rq, path, CONFIG_BYTES, &from->file);
}

static int complain(const struct req *rq)
{
    fprintf(stderr, "consilium: %s: %s\n", err_name(rq->err.code), rq->err.detail);
    return rq->err.code == E_BAD_INPUT ? COMMAND_USAGE : COMMAND_FAILED;
}

/* No command: the list, and whether that was asked for. */
static int no_command(struct command_args *args)
{
    bool asked = args->n_words == 0;
    for (int i = 0; i < args->n_words; i++) {
        asked = asked || command_asks_help(args->words[i]);
    }
    (void)command_help(args);
    return asked ? COMMAND_OK : COMMAND_USAGE;
}

static int usage(const struct command *cmd)
{
    fprintf(stderr, "usage: consilium %s %s\n", cmd->name, cmd->usage);
    return COMMAND_USAGE;
}

static int run_command(const struct command *cmd, struct command_args *args)
{
    int status = cmd->run(args);
    if (status != COMMAND_OK && args->rq->err.code != OK) {
        (void)complain(args->rq);
    }
    return status == COMMAND_USAGE && args->rq->err.code == OK ? usage(cmd) : status;
}

/* What is asked for is settled before any setting is read or file opened. */
static int run(struct req *rq, int argc, char **argv)
{
    static struct line line;
    struct config config;
    struct config_source from = {.env = environ};
    const char *word = NULL;
    int n = 0;
    for (int i = 1; i < argc; i++) {
        if (!take_flag(rq, &line, argc, argv, &i) && line.n_words < WORDS_MAX) {
            line.words[line.n_words++] = argv[i];
        }
    }
    const struct command *cmd = command_find(line.words, line.n_words, &n);
    struct command_args args = {rq, &config, line.words + n, line.n_words - n, &from};
    if (cmd == NULL) {
        return no_command(&args);
    }
    switch (command_read(cmd, args.words, args.n_words, &word)) {
    case COMMAND_TELL:
        command_tell(cmd);
        return COMMAND_OK;
    case COMMAND_REFUSE:
        fprintf(stderr, "consilium: %s is not known to %s\n", word, cmd->name);
        return usage(cmd);
    case COMMAND_RUN: break;
    }
    if (line.lacking != NULL) {
        fprintf(stderr, "consilium: %s: its value is missing\n", line.lacking);
        return COMMAND_USAGE;
    }
    from.flags = line.flags;
    from.n_flags = line.n_flags;
    if (find_file(rq, &line, &from) != OK) {
        return complain(rq);
    }
    if (cmd->run == command_config_check) { /* reads them itself, faults and all */
        return run_command(cmd, &args);
    }
    return config_read(rq, &from, &config) == OK ? run_command(cmd, &args) : complain(rq);
}

/* The helper for signatures by GOST: care/outside.h. */
static int check_gost(struct req *rq)
{
    struct str question;
    struct str answer;
    uint64_t size = 0;
    if (os_size(rq, STDIN_FILENO, &size) != OK || size > OUTSIDE_WIRE_MAX
        || os_map(rq, STDIN_FILENO, (size_t)size, &question) != OK
        || outside_judge_gost(rq, question, &answer) != OK) {
        return COMMAND_FAILED;
    }
    command_print(answer);
    return COMMAND_OK;
}

int main(int argc, char **argv)
{
    struct req rq;
    os_no_dumps();
    /* before OpenSSL is used first */
    (void)CRYPTO_set_mem_functions(os_wiping_malloc, os_wiping_realloc, os_wiping_free);
    req_init(&rq, RUN_CAP, os_now());
    bool helps = argc == 2 && strcmp(argv[1], "check-gost") == 0; /* of its own: no settings are read */
    int status = helps ? check_gost(&rq) : run(&rq, argc, argv);
    req_done(&rq);
    return status;
}
