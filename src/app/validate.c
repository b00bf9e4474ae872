/* app/validate.c - validation at the command line: each file's OperationOutcome. Needs no data
 * folder. */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/command.h"
#include "fhir/library.h"
#include "fhir/syntax.h"
#include "fhir/validate.h"
#include "os/file.h"

enum { FILE_MAX = 256 * 1024 * 1024 };

static const struct json_limits limits = {FILE_MAX, 128, 16 * 1000 * 1000};

/* Options that take the next word. */
static bool takes_word(const char *word)
{
    return strcmp(word, "--profile") == 0 || strcmp(word, "--with") == 0;
}

static enum err read_json(struct req *rq, const char *file, struct str *ret_text,
                          struct json_doc *doc)
{
    struct str text;
    TRY(command_read_file(rq, file, FILE_MAX, &text));
    if (str_starts(text, S("\xef\xbb\xbf"))) {
        text = str_sub(text, 3, text.n);
    }
    *ret_text = text;
    return json_parse(rq, text, &limits, doc);
}

/* --with FILE: a conformance resource, or a Bundle of them; --profile FILE|URL. */
static enum err options_take(struct command_args *args, struct fhir_library *lib,
                             struct fhir_check *check)
{
    struct req *rq = args->rq;
    for (int i = 0; i < args->n_words; i++) {
        struct json_doc *doc;
        struct str text;
        const char *word = args->words[i];
        if (strcmp(word, "--strict") == 0) {
            check->flags |= FHIR_STRICT;
        }
        if (!takes_word(word) || i + 1 == args->n_words) {
            continue;
        }
        const char *value = args->words[++i];
        bool profile = strcmp(word, "--profile") == 0;
        if (profile && !os_exists(value)) {
            check->profile = str_z(value);
            continue;
        }
        doc = ARENA_NEW(rq->a, struct json_doc);
        TRY_MEM(rq, doc);
        TRY(read_json(rq, value, &text, doc));
        TRY(fhir_library_add(rq, lib, json_root(doc)));
        if (profile) {
            check->profile = json_str(rq->a, json_get(json_root(doc), S("url")));
        }
    }
    return OK;
}

/* One file; true when it has no errors. */
static bool validate_file(struct command_args *args, const char *file,
                          const struct fhir_check *check)
{
    struct req *rq = args->rq;
    struct json_doc doc;
    struct str text = {NULL, 0};
    struct buf b;
    struct json_out o;
    enum err e = read_json(rq, file, &text, &doc);
    if (e == OK) {
        struct jv root = json_root(&doc);
        e = fhir_validate_as(rq, root,
                             fhir_type_find(json_str(rq->a, json_get(root, S("resourceType")))),
                             check);
    } else if (e == E_SYNTAX) {
        fhir_issue_add(rq, ISSUE_ERROR, "structure", err_text(e), str_z(rq->err.detail),
                       fhir_syntax_path(rq, text, str_z(rq->err.detail)));
    }
    buf_init(&b, rq->a, FILE_MAX);
    json_out_init(&o, &b);
    fhir_outcome_write(rq, e, &o);
    buf_char(&b, '\n');
    command_print(buf_get(&b));
    fhir_issues_clear(rq);
    err_clear(rq);
    return e == OK;
}

int command_validate(struct command_args *args)
{
    struct req *rq = args->rq;
    struct fhir_library *lib = fhir_library_new(rq->a);
    struct fhir_check check = {.lib = lib, .flags = FHIR_WARNINGS};
    struct str content;
    bool all = true;
    int n = 0;
    if (lib == NULL) {
        return COMMAND_FAILED;
    }
    if (app_folder(rq, "content", &content) != OK) {
        err_clear(rq);
    } else if (fhir_library_load(rq, lib, content) != OK) {
        return COMMAND_FAILED;
    }
    if (options_take(args, lib, &check) != OK || fhir_rules_new(rq, lib, &check.rules) != OK) {
        return COMMAND_FAILED;
    }
    for (int i = 0; i < args->n_words; i++) {
        if (str_starts(str_z(args->words[i]), S("--"))) {
            i += takes_word(args->words[i]) ? 1 : 0;
            continue;
        }
        struct arena_mark mark = arena_mark(rq->a);
        all = validate_file(args, args->words[i], &check) && all;
        arena_back(rq->a, mark);
        n++;
    }
    return n == 0 ? COMMAND_USAGE : all ? COMMAND_OK : COMMAND_FAILED;
}
