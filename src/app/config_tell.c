/* app/config_tell.c - `config` and `config check`, and what the page of the settings shows. */
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "app/config_check.h"
#include "os/thread.h"

int command_config(struct command_args *args)
{
    struct buf b;
    buf_init(&b, args->rq->a, 65536);
    config_write(args->rq, args->config, &b);
    command_print(buf_get(&b));
    return COMMAND_OK;
}

enum err app_settings(struct req *rq, struct app *app)
{
    static const enum web_setting_from froms[] = {[CONFIG_DEFAULT] = SETTING_DEFAULT,
                                                  [CONFIG_FILE] = SETTING_FILE,
                                                  [CONFIG_ENVIRONMENT] = SETTING_ENVIRONMENT,
                                                  [CONFIG_FLAG] = SETTING_FLAG};
    struct web_setting *list = arena_alloc(rq->a, CONFIG_COUNT * sizeof(*list));
    TRY_MEM(rq, list);
    for (size_t i = 0; i < CONFIG_COUNT; i++) {
        struct config_row r;
        TRY(config_row(rq, app->config, i, &r));
        list[i] = (struct web_setting){.key = r.key,
                                       .help = str_z(r.help),
                                       .value = r.value,
                                       .def = r.def,
                                       .unit = str_z(r.unit),
                                       .from = froms[r.at.origin],
                                       .line = r.at.line,
                                       .is_set = r.is_set,
                                       .is_secret = r.is_secret || r.is_hidden};
    }
    app->web.settings = list;
    app->web.n_settings = CONFIG_COUNT;
    app->web.settings_file = app->config->file;
    return OK;
}

static void tell(const struct config *c, const struct config_issue *issue)
{
    switch (issue->at.origin) {
    case CONFIG_DEFAULT: break;
    case CONFIG_FILE: printf("%.*s:%u: ", STR_ARG(c->file), (unsigned)issue->at.line); break;
    case CONFIG_ENVIRONMENT: printf("environment: "); break;
    case CONFIG_FLAG: printf("command line: "); break;
    }
    printf("%s: ", issue->weight == CONFIG_WRONG ? "wrong" : "advice");
    if (issue->key.n > 0) {
        printf("%.*s: ", STR_ARG(issue->key));
    }
    printf("%.*s\n", STR_ARG(issue->words));
}

/* One time wrong, once advice: what must be done comes first. */
static void tell_all(const struct config *c, const struct config_issues *is)
{
    for (enum config_weight w = CONFIG_WRONG;; w = CONFIG_ADVICE) {
        for (size_t i = 0; i < is->n; i++) {
            if (is->v[i].weight == w) {
                tell(c, &is->v[i]);
            }
        }
        if (w == CONFIG_ADVICE) {
            break;
        }
    }
    printf("%s%.*s: %zu wrong, %zu to consider\n", c->file.n > 0 ? "" : "no configuration file",
           STR_ARG(c->file), is->wrong, is->advice);
}

int command_config_check(struct command_args *args)
{
    struct config c;
    struct config_issues *issues = os_alloc(1, sizeof(*issues));
    enum err e = config_read_all(args->rq, args->from, issues, &c);
    if (e == OK) {
        config_check(&c, issues);
        e = config_look(args->rq, &c, issues);
    }
    if (e == OK) {
        tell_all(&c, issues);
        e = issues->wrong == 0 ? OK : E_BAD_INPUT;
    }
    os_free(issues);
    return e == OK ? COMMAND_OK : COMMAND_FAILED;
}
