/* app/icd10.c - the operator's own classification file becomes DATA/icd10.csv; a running server reads it
 * at its next start. */
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "base/text.h"
#include "care/icd_import.h"
#include "os/file.h"

static enum err import(struct command_args *args)
{
    struct req *rq = args->rq;
    const char *code = command_option(args, "lang");
    enum lang lang = LANG_RU;
    char path[OS_PATH_MAX];
    struct str text = {0};
    struct str csv = {0};
    uint32_t n = 0;

    if (code != NULL && !lang_parse(str_z(code), &lang)) {
        return FAIL(rq, E_BAD_INPUT, "--lang: ru, kk, uz or en");
    }
    TRY(command_read_file(rq, args->words[0], ICD_IMPORT_MAX, &text));
    TRY(icd_import(rq, text, lang, &csv, &n));
    TRY(os_path(rq, args->config->data, S("icd10.csv"), path));
    TRY(os_write_file(rq, path, csv, 0644));
    printf("%u codes\n", n);
    return OK;
}

int command_icd10_import(struct command_args *args)
{
    if (args->n_words < 1) {
        return COMMAND_USAGE;
    }
    return import(args) == OK ? COMMAND_OK : COMMAND_FAILED;
}
