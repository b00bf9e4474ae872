/* app/token.c - access tokens from the command line: for people, and for interface accounts. */
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "care/account.h"
#include "os/clock.h"
#include "store/tx.h"

enum { TOKENS_SHOWN = 200 };

int command_with_store(struct command_args *args, bool read_only,
                       enum err (*fn)(struct command_args *args))
{
    struct app app;
    enum err e = app_open(args->rq, args->config, read_only, &app);
    if (e == OK) {
        args->rq->who = &who_system;
        e = fn(args);
    }
    app_close(args->rq, &app);
    return e == OK ? COMMAND_OK : COMMAND_FAILED;
}

static struct store *store_of(const struct req *rq)
{
    return care_of(rq)->store;
}

/* The account of an interface: no password opens it. */
static enum err interface_account(struct req *rq, struct str name, struct account *ret_acc)
{
    enum err e = account_by_login(rq, name, ret_acc);
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(account_add(rq, tx, name, name, S("!"), false));
    TRY(store_commit(store_of(rq), rq, tx));
    return account_by_login(rq, name, ret_acc);
}

static uint32_t scopes_of(const struct command_args *args)
{
    struct str s = str_z(command_option(args, "scope"));
    return str_eq(s, S("read")) ? SCOPE_READ : str_eq(s, S("write")) ? SCOPE_WRITE : SCOPE_ALL;
}

static enum err token_new(struct command_args *args)
{
    struct req *rq = args->rq;
    const char *system = command_option(args, "system");
    struct str name = str_z(command_option(args, "name"));
    struct str days = str_z(command_option(args, "days"));
    uint32_t scopes = scopes_of(args);
    struct instant expires = {0};
    struct account acc;
    char token[TOKEN_MAX];
    uint64_t n_days = 0;
    if (days.n > 0) {
        if (!str_u64(days, &n_days) || n_days == 0 || n_days > 3650) {
            return FAIL(rq, E_BAD_INPUT, "--days: 1 to 3650");
        }
        expires.ms = rq->now.ms + (int64_t)n_days * MS_DAY;
    }
    if (system != NULL) {
        TRY(interface_account(rq, str_z(system), &acc));
        scopes = SCOPE_ALL | SCOPE_SYSTEM;
    } else {
        TRY(account_by_login(rq, str_z(args->words[0]), &acc));
    }
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(token_add(rq, tx, &acc, S(""), name.n > 0 ? name : acc.login, scopes, expires, token));
    TRY(store_commit(store_of(rq), rq, tx));
    printf("%s\n", token);
    return OK;
}

int command_token_new(struct command_args *args)
{
    if (args->n_words < 1) {
        return COMMAND_USAGE;
    }
    return command_with_store(args, false, token_new);
}

static void day_print(struct instant t)
{
    struct civil c = instant_civil(t, 0);
    if (t.ms == 0) {
        printf("  %-10s", "-");
    } else {
        printf("  %04d-%02d-%02d", c.year, c.month, c.day);
    }
}

static enum err token_list_print(struct command_args *args)
{
    struct account acc;
    struct token *t = ARENA_ARRAY(args->rq->a, TOKENS_SHOWN, struct token);
    uint32_t n = 0;
    TRY_MEM(args->rq, t);
    TRY(account_by_login(args->rq, str_z(args->words[0]), &acc));
    TRY(token_list(args->rq, &acc, t, TOKENS_SHOWN, &n));
    printf("number  made        ends        revoked     name\n");
    for (uint32_t i = 0; i < n; i++) {
        printf("%6lld", (long long)t[i].id);
        day_print(t[i].created);
        day_print(t[i].expires);
        day_print(t[i].revoked);
        printf("  %.*s%s\n", STR_ARG(t[i].name),
               (t[i].scopes & SCOPE_SYSTEM) != 0 ? " (system)" : "");
    }
    return OK;
}

int command_token_list(struct command_args *args)
{
    return args->n_words == 1 ? command_with_store(args, true, token_list_print) : COMMAND_USAGE;
}

static enum err token_end(struct command_args *args)
{
    struct req *rq = args->rq;
    struct account acc;
    int64_t id;
    if (!str_i64(str_z(args->words[1]), &id)) {
        return FAIL(rq, E_BAD_INPUT, "number of the token");
    }
    TRY(account_by_login(rq, str_z(args->words[0]), &acc));
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(token_revoke(rq, tx, &acc, id));
    return store_commit(store_of(rq), rq, tx);
}

int command_token_revoke(struct command_args *args)
{
    return args->n_words == 2 ? command_with_store(args, false, token_end) : COMMAND_USAGE;
}
