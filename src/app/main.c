/* app/main.c - the program: settings, then the subcommand. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "os/clock.h"
#include "os/file.h"

extern char **environ;

enum { FLAGS_MAX = 64, WORDS_MAX = 4096, CONFIG_BYTES = 65536 };
#define RUN_CAP ((size_t)1 << 34)

struct line {
    const char *flags[FLAGS_MAX * 2];
    size_t n_flags;
    const char *words[WORDS_MAX];
    int n_words;
    const char *config_file;
};

/* Takes "--key value", "--key=value" and "--flag" out of the words when key is a setting. */
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
    if (!is_file && !config_has(key, &is_flag)) {
        return false;
    }
    const char *value = "true";
    if (eq < word.n) {
        value = word.p + eq + 1;
    } else if (!is_flag) {
        value = *at + 1 < argc ? argv[++*at] : "";
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

/* --config FILE must be there; consilium.conf here, or in the data folder, may. */
static enum err find_file(struct req *rq, const struct line *l, struct str *ret_text)
{
    static const char *const places[] = {"consilium.conf", "consilium-data/consilium.conf"};
    if (l->config_file != NULL) {
        return os_read_file(rq, l->config_file, CONFIG_BYTES, ret_text);
    }
    for (size_t i = 0; i < LEN(places); i++) {
        if (os_exists(places[i])) {
            return os_read_file(rq, places[i], CONFIG_BYTES, ret_text);
        }
    }
    *ret_text = S("");
    return OK;
}

/* The row whose one or two words the line begins with; the longer match wins. */
static const struct command *find_command(const struct line *l, int *ret_n)
{
    const struct command *found = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < n_commands; i++) {
        struct str rest = str_z(commands[i].name);
        struct str word;
        int n = 0;
        bool match = true;
        while (match && rest.n > 0 && str_cut(&rest, ' ', &word)) {
            match = n < l->n_words && str_eq(word, str_z(l->words[n]));
            n++;
        }
        if (match && n > *ret_n) {
            found = &commands[i];
            *ret_n = n;
        }
    }
    return found;
}

static int complain(const struct req *rq)
{
    fprintf(stderr, "consilium: %s: %s\n", err_name(rq->err.code), rq->err.detail);
    return rq->err.code == E_BAD_INPUT ? COMMAND_USAGE : COMMAND_FAILED;
}

static int run(struct req *rq, int argc, char **argv)
{
    static struct line line;
    struct config config;
    struct config_source from = {.env = environ};
    for (int i = 1; i < argc; i++) {
        if (!take_flag(rq, &line, argc, argv, &i) && line.n_words < WORDS_MAX) {
            line.words[line.n_words++] = argv[i];
        }
    }
    from.flags = line.flags;
    from.n_flags = line.n_flags;
    if (find_file(rq, &line, &from.file) != OK || config_read(rq, &from, &config) != OK) {
        return complain(rq);
    }
    int n = 0;
    const struct command *cmd = find_command(&line, &n);
    struct command_args args = {rq, &config, line.words + n, line.n_words - n};
    if (cmd == NULL) {
        (void)command_help(&args);
        return line.n_words == 0 ? COMMAND_OK : COMMAND_USAGE;
    }
    int status = cmd->run(&args);
    if (status != COMMAND_OK && rq->err.code != OK) {
        (void)complain(rq);
    }
    if (status == COMMAND_USAGE && rq->err.code == OK) {
        fprintf(stderr, "usage: consilium %s %s\n", cmd->name, cmd->usage);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct req rq;
    req_init(&rq, RUN_CAP, os_now());
    int status = run(&rq, argc, argv);
    req_done(&rq);
    return status;
}
