/* app/client.c - applications that may ask for access, from the command line. */
#include "care/client.h"

#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "os/file.h"
#include "store/tx.h"

enum { CLIENTS_SHOWN = 500 };

static const struct {
    const char *word;
    uint32_t bit;
} launches[] = {
    {"standalone", CLIENT_STANDALONE}, {"ehr", CLIENT_EHR},           {"service", CLIENT_SERVICE},
    {"system", CLIENT_SYSTEM},         {"introspect", CLIENT_INTROSPECT},
};

static struct str option(const struct command_args *args, const char *name)
{
    return str_z(command_option(args, name));
}

static enum err launch_of(struct req *rq, struct str list, uint32_t *ret_bits)
{
    struct str word;
    uint32_t bits = 0;
    while (str_cut(&list, ',', &word)) {
        uint32_t before = bits;
        for (size_t i = 0; i < LEN(launches); i++) {
            bits |= str_eq(word, str_z(launches[i].word)) ? launches[i].bit : 0;
        }
        if (bits == before) {
            return FAIL(rq, E_BAD_INPUT, "--launch: standalone, ehr, service, system, introspect");
        }
    }
    *ret_bits = bits;
    return OK;
}

/* Addresses separated by commas become lines. */
static struct str lines_of(struct req *rq, struct str list)
{
    struct buf b;
    struct str one;
    buf_init(&b, rq->a, 8192);
    while (str_cut(&list, ',', &one)) {
        if (b.n > 0) {
            buf_char(&b, '\n');
        }
        buf_str(&b, one);
    }
    return buf_get(&b);
}

static enum err client_new(struct command_args *args)
{
    struct req *rq = args->rq;
    struct tx *tx = tx_new(rq);
    struct client c = {.id = str_z(args->words[0]),
                       .name = option(args, "name"),
                       .scopes = option(args, "scope"),
                       .redirects = lines_of(rq, option(args, "redirect")),
                       .launch_url = option(args, "launch-url"),
                       .org = option(args, "org")};
    const char *jwks = command_option(args, "jwks");
    bool by_address = str_starts(option(args, "jwks"), S("http://"))
                      || str_starts(option(args, "jwks"), S("https://"));
    char secret[CLIENT_SECRET_LEN + 1] = {0};
    TRY_MEM(rq, tx);
    TRY(launch_of(rq, option(args, "launch"), &c.launch));
    if (by_address) {
        c.jwks_uri = option(args, "jwks");
        c.kind = CLIENT_KEYS;
    } else if (jwks != NULL) {
        TRY(command_read_file(rq, jwks, JWK_TEXT_MAX, &c.jwks));
        c.kind = CLIENT_KEYS;
    } else if (str_eq(option(args, "secret"), S("true"))) {
        c.kind = CLIENT_SECRET;
    }
    TRY(client_add(rq, tx, &c, secret));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    printf("client %.*s\n", STR_ARG(c.id));
    if (secret[0] != 0) {
        printf("secret %s\n", secret);
    }
    return OK;
}

int command_client_add(struct command_args *args)
{
    return args->n_words < 1 ? COMMAND_USAGE : command_with_store(args, false, client_new);
}

static enum err list_print(struct command_args *args)
{
    static const char *const kinds[] = {"public", "secret", "keys"};
    struct client *c = ARENA_ARRAY(args->rq->a, CLIENTS_SHOWN, struct client);
    uint32_t n = 0;
    TRY_MEM(args->rq, c);
    TRY(client_list(args->rq, c, CLIENTS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        printf("%.*s  %s%s  %.*s\n", STR_ARG(c[i].id), kinds[c[i].kind],
               c[i].revoked.ms != 0 ? ", revoked" : "", STR_ARG(c[i].name));
        for (size_t k = 0; k < LEN(launches); k++) {
            if ((c[i].launch & launches[k].bit) != 0) {
                printf("    %s\n", launches[k].word);
            }
        }
        printf("    scopes %.*s\n", STR_ARG(c[i].scopes));
        if (c[i].jwks_uri.n > 0) {
            printf("    keys %.*s\n", STR_ARG(c[i].jwks_uri));
        }
        if (c[i].launch_url.n > 0) {
            printf("    opens %.*s\n", STR_ARG(c[i].launch_url));
        }
    }
    return OK;
}

int command_client_list(struct command_args *args)
{
    return command_with_store(args, true, list_print);
}

static enum err client_end(struct command_args *args)
{
    struct req *rq = args->rq;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(client_revoke(rq, tx, str_z(args->words[0])));
    return store_commit(care_of(rq)->store, rq, tx);
}

int command_client_revoke(struct command_args *args)
{
    return args->n_words != 1 ? COMMAND_USAGE : command_with_store(args, false, client_end);
}
