/* app/org.c - organisations, services and duty from the command line; the documentation of the
 * workflows. */
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "care/account.h"
#include "care/directory_write.h"
#include "care/flow.h"
#include "care/form.h"
#include "store/tx.h"

enum { PROFILES_MAX = 32, ON_DUTY_SHOWN = 16, DOC_MAX = 1 << 20 };

static struct str option(const struct command_args *args, const char *name)
{
    return str_z(command_option(args, name));
}

static enum err org_new_add(struct command_args *args)
{
    struct req *rq = args->rq;
    const struct directory *dir = NULL;
    struct str kind = option(args, "kind");
    struct org_new o = {.name = str_z(args->words[0]), .kind = ORG_KIND_COUNT,
                        .parent = option(args, "parent"), .phone = option(args, "phone"),
                        .policy = option(args, "policy")};
    struct str id = {0};
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    TRY(directory_get(rq, &dir));
    for (int i = 0; i < ORG_KIND_COUNT; i++) {
        if (str_eq(kind, org_kind_code((enum org_kind)i))) {
            o.kind = (enum org_kind)i;
        }
    }
    if (o.kind == ORG_KIND_COUNT) {
        return FAIL(rq, E_BAD_INPUT, "--kind: station, hospital, centre, national or other");
    }
    if (o.parent.n > 0 && dir_org(dir, o.parent) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "--parent: no such organisation");
    }
    TRY(org_add(rq, tx, &o, &id));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    printf("organisation %.*s\n", STR_ARG(id));
    return OK;
}

int command_org_add(struct command_args *args)
{
    return args->n_words < 1 ? COMMAND_USAGE : command_with_store(args, false, org_new_add);
}

static void print_services(const struct directory *d, uint32_t org, struct instant now)
{
    for (uint32_t i = 0; i < d->n_services; i++) {
        uint32_t people[ON_DUTY_SHOWN];
        if (d->services[i].org != org) {
            continue;
        }
        printf("%*s* %.*s  %.*s\n", (int)d->orgs[org].depth * 2 + 2, "",
               STR_ARG(d->services[i].id), STR_ARG(d->services[i].name));
        uint32_t n = dir_on_duty(d, i, now, people, ON_DUTY_SHOWN);
        for (uint32_t k = 0; k < n; k++) {
            printf("%*son duty: %.*s\n", (int)d->orgs[org].depth * 2 + 6, "",
                   STR_ARG(d->people[people[k]].name));
        }
    }
}

/* Depth first, with a stack instead of recursion: what comes after an organisation is its first child,
 * else the next sibling of it or of one above. */
static uint32_t next_org(const struct directory *d, uint32_t at)
{
    uint32_t parent = at;
    uint32_t from = 0;

    for (;;) {
        for (uint32_t i = from; i < d->n_orgs; i++) {
            if (d->orgs[i].parent == parent) {
                return i;
            }
        }
        if (parent == DIR_NONE) {
            return DIR_NONE;
        }
        from = parent + 1;
        parent = d->orgs[parent].parent;
    }
}

static enum err org_list(struct command_args *args)
{
    struct req *rq = args->rq;
    const struct directory *d = NULL;
    uint32_t at = DIR_NONE;

    TRY(directory_get(rq, &d));
    while ((at = next_org(d, at)) != DIR_NONE) {
        const struct dir_org *o = &d->orgs[at];
        struct str kind = org_kind_code(o->kind);
        printf("%*s%.*s  %.*s (%.*s)%s\n", (int)o->depth * 2, "", STR_ARG(o->id), STR_ARG(o->name),
               STR_ARG(kind), o->active ? "" : " closed");
        print_services(d, at, rq->now);
    }
    return OK;
}

int command_org_list(struct command_args *args)
{
    return command_with_store(args, true, org_list);
}

static enum err org_service(struct command_args *args)
{
    struct req *rq = args->rq;
    const struct directory *dir = NULL;
    struct str profiles[PROFILES_MAX];
    struct str rest = option(args, "profile");
    struct str part;
    struct service_new s = {.org = str_z(args->words[0]), .name = str_z(args->words[1]),
                            .profiles = profiles};
    struct str id = {0};
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    TRY(directory_get(rq, &dir));
    if (dir_org(dir, s.org) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "no such organisation");
    }
    while (rest.n > 0 && s.n_profiles < PROFILES_MAX && str_cut(&rest, ',', &part)) {
        profiles[s.n_profiles++] = str_trim(part);
    }
    TRY(service_add(rq, tx, &s, &id));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    printf("service %.*s\n", STR_ARG(id));
    return OK;
}

int command_org_service(struct command_args *args)
{
    return args->n_words < 2 ? COMMAND_USAGE : command_with_store(args, false, org_service);
}

static enum err org_duty(struct command_args *args)
{
    struct req *rq = args->rq;
    const struct directory *dir = NULL;
    struct account acc;
    struct instant from;
    struct instant to;
    struct instant unused;
    struct str service = str_z(args->words[0]);
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    TRY(directory_get(rq, &dir));
    TRY(account_by_login(rq, str_z(args->words[1]), &acc));
    const struct dir_person *p = dir_person(dir, acc.person);
    if (dir_service(dir, service) == NULL || !dir_person_serves(p, service)) {
        return FAIL(rq, E_BAD_INPUT, "the person does not answer for this service");
    }
    if (!instant_span(form_date_time(rq, option(args, "from")), 0, &from, &unused)
        || !instant_span(form_date_time(rq, option(args, "to")), 0, &to, &unused)) {
        return FAIL(rq, E_BAD_INPUT, "--from, --to: as 2026-11-22T08:00");
    }
    TRY(duty_add(rq, tx, service, acc.person, from, to));
    return store_commit(care_of(rq)->store, rq, tx);
}

int command_org_duty(struct command_args *args)
{
    return args->n_words < 2 ? COMMAND_USAGE : command_with_store(args, false, org_duty);
}

int command_flow_doc(struct command_args *args)
{
    struct buf b;

    buf_init(&b, args->rq->a, DOC_MAX);
    flow_write_doc(&b);
    command_print(buf_get(&b));
    return COMMAND_OK;
}
