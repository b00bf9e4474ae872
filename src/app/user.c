/* app/user.c - people and accounts from the command line. */
#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/command.h"
#include "base/text.h"
#include "care/account.h"
#include "care/directory_change.h"
#include "care/dismiss.h"
#include "care/factor.h"
#include "care/provider.h"
#include "care/password.h"
#include "care/patient.h"
#include "care/sessions.h"
#include "store/tx.h"

enum { LISTED_AT_ONCE = 100, SERVICES_MAX = 32 };

static struct str option(const struct command_args *args, const char *name)
{
    return str_z(command_option(args, name));
}

/* The first line of standard input, or a new one; *ret_made tells which. */
static enum err get_password(struct command_args *args, struct str login, struct str *ret_password,
                             bool *ret_made)
{
    struct req *rq = args->rq;
    char *p = arena_alloc(rq->a, PASSWORD_MAX + 2);
    size_t n = 0;

    TRY_MEM(rq, p);
    *ret_made = command_option(args, "password-stdin") == NULL;
    if (*ret_made) {
        return password_make(rq, ret_password);
    }
    while (n <= PASSWORD_MAX && read(STDIN_FILENO, p + n, 1) == 1 && p[n] != '\n') {
        n++;
    }
    TRY(password_judge(rq, login, (struct str){p, n}));
    *ret_password = (struct str){p, n};
    return OK;
}

/* "a,b" as slices. */
static uint32_t split(struct str list, struct str *ret_parts, uint32_t cap)
{
    struct str part;
    uint32_t n = 0;

    while (list.n > 0 && n < cap && str_cut(&list, ',', &part)) {
        if (str_trim(part).n > 0) {
            ret_parts[n++] = str_trim(part);
        }
    }
    return n;
}

/* "--must-change false": the person typed it themselves, as at a desk of the personnel office. */
static bool must_change(const struct command_args *args)
{
    return !str_eq(option(args, "must-change"), S("false"));
}

static enum err add_role(struct command_args *args, struct tx *tx, struct str person)
{
    struct req *rq = args->rq;
    struct str services[SERVICES_MAX];
    struct role_new role = {.person = person, .org = option(args, "org"),
                            .code = option(args, "role"), .services = services};
    const struct directory *dir = NULL;
    struct str id = {0};

    role.n_services = split(option(args, "service"), services, SERVICES_MAX);
    TRY(directory_get(rq, &dir));
    if (dir_org(dir, role.org) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "--org: no such organisation");
    }
    for (uint32_t i = 0; i < role.n_services; i++) {
        if (dir_service(dir, services[i]) == NULL) {
            return FAIL(rq, E_BAD_INPUT, "--service: no such service");
        }
    }
    return role_add(rq, tx, &role, &id);
}

static enum err user_add(struct command_args *args)
{
    struct req *rq = args->rq;
    struct person_new p = {.family = option(args, "family"), .given = option(args, "given"),
                           .middle = option(args, "middle")};
    struct str password = {0};
    struct str hash = {0};
    struct str id = {0};
    bool made = false;
    struct tx *tx = tx_new(rq);
    enum lang lang;

    TRY_MEM(rq, tx);
    if (lang_parse(args->config->lang, &lang)) {
        rq->lang = lang; /* what they read until they choose another */
    }
    TRY(get_password(args, str_z(args->words[0]), &password, &made));
    TRY(password_hash(rq, password, &hash));
    TRY(person_add(rq, tx, &p, &id));
    TRY(add_role(args, tx, id));
    TRY(account_add(rq, tx, str_z(args->words[0]), id, hash, must_change(args)));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    printf("person %.*s\n", STR_ARG(id));
    if (made) {
        printf("password for the first sign-in: %.*s\n", STR_ARG(password));
    }
    return OK;
}

int command_user_add(struct command_args *args)
{
    return args->n_words < 1 ? COMMAND_USAGE : command_with_store(args, false, user_add);
}

static void print_person(const struct account *acc, const struct dir_person *p, struct instant now)
{
    const char *state = acc->state == ACCOUNT_CLOSED        ? "closed"
                        : acc->locked_until.ms > now.ms     ? "waiting"
                        : acc->state == ACCOUNT_MUST_CHANGE ? "new password"
                                                            : "open";
    printf("%-20.*s %-12s %.*s\n", STR_ARG(acc->login), state, STR_ARG(p->name));
    for (uint32_t i = 0; i < p->n_roles; i++) {
        printf("    %.*s, %.*s\n", STR_ARG(p->roles[i].code), STR_ARG(p->roles[i].org_name));
    }
}

static enum err user_list(struct command_args *args)
{
    struct req *rq = args->rq;
    const struct directory *dir = NULL;
    struct account *acc = ARENA_ARRAY(rq->a, LISTED_AT_ONCE, struct account);
    static const struct dir_person nobody = {.name = SI("-")};
    struct str after = S("");
    uint32_t n = LISTED_AT_ONCE;

    TRY_MEM(rq, acc);
    TRY(directory_get(rq, &dir));
    while (n == LISTED_AT_ONCE) {
        TRY(account_list(rq, after, LISTED_AT_ONCE, acc, &n));
        for (uint32_t i = 0; i < n; i++) {
            const struct dir_person *p = dir_person(dir, acc[i].person);
            print_person(&acc[i], p != NULL ? p : &nobody, rq->now);
        }
        after = n > 0 ? acc[n - 1].login : after;
    }
    return OK;
}

int command_user_list(struct command_args *args)
{
    return command_with_store(args, true, user_list);
}

/* One change of the account named by the first word. */
typedef enum err (*change_fn)(struct command_args *args, struct tx *tx, const struct account *acc);

static enum err change(struct command_args *args, change_fn fn)
{
    struct req *rq = args->rq;
    struct account acc;
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    TRY(account_by_login(rq, str_z(args->words[0]), &acc));
    TRY(fn(args, tx, &acc));
    return store_commit(care_of(rq)->store, rq, tx);
}

static enum err lock(struct command_args *args, struct tx *tx, const struct account *acc)
{
    return account_close(args->rq, tx, acc);
}

static enum err unlock(struct command_args *args, struct tx *tx, const struct account *acc)
{
    return account_open(args->rq, tx, acc);
}

static enum err role(struct command_args *args, struct tx *tx, const struct account *acc)
{
    return add_role(args, tx, acc->person);
}

static enum err dismiss(struct command_args *args, struct tx *tx, const struct account *acc)
{
    return person_end(args->rq, tx, acc->person);
}

static enum err password(struct command_args *args, struct tx *tx, const struct account *acc)
{
    struct req *rq = args->rq;
    struct str typed = {0};
    struct str hash = {0};
    bool made = false;

    TRY(get_password(args, acc->login, &typed, &made));
    TRY(password_hash(rq, typed, &hash));
    TRY(account_password_set(rq, tx, acc, hash, must_change(args)));
    if (made) {
        printf("password for the next sign-in: %.*s\n", STR_ARG(typed));
    }
    return OK;
}

static enum err sign_out_all(struct command_args *args, struct tx *tx, const struct account *acc)
{
    return sessions_end_all(args->rq, tx, acc);
}

static enum err no_factor(struct command_args *args, struct tx *tx, const struct account *acc)
{
    return factor_remove(args->rq, tx, acc);
}

static enum err no_provider(struct command_args *args, struct tx *tx, const struct account *acc)
{
    return provider_untie(args->rq, tx, acc);
}

static enum err run_lock(struct command_args *args)
{
    return change(args, lock);
}

static enum err run_unlock(struct command_args *args)
{
    return change(args, unlock);
}

static enum err run_role(struct command_args *args)
{
    return change(args, role);
}

static enum err run_dismiss(struct command_args *args)
{
    return change(args, dismiss);
}

static enum err run_password(struct command_args *args)
{
    return change(args, password);
}

static enum err run_sign_out(struct command_args *args)
{
    return change(args, sign_out_all);
}

static enum err run_factor(struct command_args *args)
{
    return change(args, no_factor);
}

static enum err run_provider(struct command_args *args)
{
    return change(args, no_provider);
}

static int with_login(struct command_args *args, enum err (*fn)(struct command_args *args))
{
    return args->n_words < 1 ? COMMAND_USAGE : command_with_store(args, false, fn);
}

int command_user_lock(struct command_args *args)
{
    return with_login(args, run_lock);
}

int command_user_unlock(struct command_args *args)
{
    return with_login(args, run_unlock);
}

int command_user_role(struct command_args *args)
{
    return with_login(args, run_role);
}

int command_user_dismiss(struct command_args *args)
{
    return with_login(args, run_dismiss);
}

int command_user_password(struct command_args *args)
{
    return with_login(args, run_password);
}

int command_user_sign_out(struct command_args *args)
{
    return with_login(args, run_sign_out);
}

static enum err run_number(struct command_args *args)
{
    struct req *rq = args->rq;
    const struct id_kind *kind = id_kind_find(option(args, "kind"));
    struct account acc;
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    if (kind == NULL || kind->check == IDENT_KIND_COUNT) {
        return FAIL(rq, E_BAD_INPUT, "--kind must be iin, pinfl or snils");
    }
    TRY(account_by_login(rq, str_z(args->words[0]), &acc));
    TRY(person_number_set(rq, tx, acc.person, kind, option(args, "number")));
    return store_commit(care_of(rq)->store, rq, tx);
}

int command_user_number(struct command_args *args)
{
    return with_login(args, run_number);
}

int command_user_factor(struct command_args *args)
{
    return with_login(args, run_factor);
}

int command_user_provider(struct command_args *args)
{
    return with_login(args, run_provider);
}
