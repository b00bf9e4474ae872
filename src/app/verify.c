/* app/verify.c - "consilium verify" checks downloaded files anywhere, without server or data folder;
 * "consilium ca show" prints the deployment's authority, to publish its fingerprint. */
#include "care/consilium_verify.h"
#include "care/outside.h"
#include "care/verify.h"
#include "care/verify_stamp.h"

#include <stdio.h>

#include "app/command.h"
#include "os/file.h"

struct verify_files {
    struct str bundle;
    struct str signature;
    struct str ca;
    struct outside_ask trust; /* of other makers' signatures: certs, crls */
    const struct str *tsa;    /* certificates trusted for time stamps; NULL: those of --roots */
    uint32_t n_tsa;
    bool tsa_named;
    struct consilium_proof consilium;
    bool is_consilium;
    bool is_opinion; /* of a member of one, out of a package */
    bool is_whole;   /* that package is to the byte what was given out */
};

static enum err take_file(struct req *rq, const char *path, struct verify_files *f)
{
    struct str bytes;
    TRY(command_read_file(rq, path, VERIFY_FILE_MAX, &bytes));
    struct consilium_proof *p = &f->consilium;
    f->is_consilium = f->is_consilium || consilium_is_proof(rq, bytes);
    switch (verify_kind(rq, bytes)) {
    case VERIFY_BUNDLE: f->bundle = bytes; return OK;
    case VERIFY_SIGNATURE:
        f->signature = bytes;
        if (p->n_signatures < CONSILIUM_SIGNERS_MAX) {
            p->signatures[p->n_signatures++] = bytes;
        }
        return OK;
    case VERIFY_UNKNOWN: break;
    }
    return FAIL(rq, E_BAD_INPUT, "a file is neither a document Bundle nor a signature");
}

static enum err take_lists(struct req *rq, struct str dir, struct verify_files *f)
{
    struct str *crls = ARENA_ARRAY(rq->a, OUTSIDE_CRLS_MAX, struct str);
    TRY_MEM(rq, crls);
    TRY(outside_lists_load(rq, dir, crls, NULL, &f->trust.n_crls));
    f->trust.crls = crls;
    return f->trust.n_crls > 0 ? OK : FAIL(rq, E_BAD_INPUT, "--crls: no list in this folder");
}

static enum err take_files(struct command_args *args, struct verify_files *f)
{
    for (int i = 0; i < args->n_words; i++) {
        struct str word = str_z(args->words[i]);
        if (str_eq(word, S("--ca")) && i + 1 < args->n_words) {
            TRY(command_read_file(args->rq, args->words[++i], VERIFY_FILE_MAX, &f->ca));
        } else if (str_eq(word, S("--roots")) && i + 1 < args->n_words) {
            TRY(outside_certs_load(args->rq, str_z(args->words[++i]), &f->trust.certs, &f->trust.vouches,
                                   &f->trust.n_certs));
        } else if (str_eq(word, S("--tsa-roots")) && i + 1 < args->n_words) {
            TRY(outside_certs_load(args->rq, str_z(args->words[++i]), &f->tsa, NULL, &f->n_tsa));
        } else if (str_eq(word, S("--crls")) && i + 1 < args->n_words) {
            TRY(take_lists(args->rq, str_z(args->words[++i]), f));
        } else if (str_starts(word, S("--"))) {
            return FAIL(args->rq, E_BAD_INPUT, "unknown option");
        } else {
            TRY(take_file(args->rq, args->words[i], f));
        }
    }
    if (f->bundle.n == 0 || (f->signature.n == 0 && !f->is_consilium)) {
        return FAIL(args->rq, E_BAD_INPUT, "two files are needed: the document and its signature");
    }
    f->tsa_named = f->tsa != NULL;
    if (!f->tsa_named) {
        f->tsa = f->trust.certs;
        f->n_tsa = f->trust.n_certs;
    }
    return OK;
}

/* A package may carry the opinion of one member: then both of its files are taken from it. */
static enum err take_opinion(struct req *rq, struct verify_files *f)
{
    struct consilium_proof *p = ARENA_NEW(rq->a, struct consilium_proof);
    bool whole = false;
    TRY_MEM(rq, p);
    if (!f->is_consilium || f->signature.n > 0) {
        return OK;
    }
    TRY(consilium_unpack(rq, f->bundle, p, &whole));
    if (consilium_is_opinion(rq, p->bundle) && p->n_signatures == 1) {
        f->bundle = p->bundle;
        f->signature = p->signatures[0];
        f->is_consilium = false;
        f->is_opinion = true;
        f->is_whole = whole;
    }
    return OK;
}

/* The protocol of a consilium: alone when it is the package with all signatures. */
static int verify_consilium(struct command_args *args, struct verify_files *f)
{
    struct consilium_report *r = ARENA_NEW(args->rq->a, struct consilium_report);
    struct buf b;
    if (f->signature.n > 0) {
        f->consilium.bundle = f->bundle;
    } else {
        f->consilium.package = f->bundle;
    }
    f->consilium.trusted_ca = f->ca;
    f->consilium.trust = f->trust;
    f->consilium.trust.now = args->rq->now;
    f->consilium.tsa = f->tsa;
    f->consilium.n_tsa = f->n_tsa;
    f->consilium.tsa_named = f->tsa_named;
    if (r == NULL || consilium_verify(args->rq, &f->consilium, r) != OK) {
        return COMMAND_USAGE;
    }
    buf_init(&b, args->rq->a, 65536);
    consilium_verify_write(&b, r);
    command_print(buf_get(&b));
    return r->good ? COMMAND_OK : COMMAND_FAILED;
}

int command_verify(struct command_args *args)
{
    struct verify_files f = {0};
    struct verify_report r;
    struct buf b;
    if (args->n_words == 0) {
        return COMMAND_USAGE;
    }
    if (take_files(args, &f) != OK || take_opinion(args->rq, &f) != OK) {
        return COMMAND_USAGE;
    }
    if (f.is_consilium) {
        return verify_consilium(args, &f);
    }
    struct verify_stamp stamp;
    f.trust.now = args->rq->now;
    if (verify_stamp_find(args->rq, f.signature, f.tsa, f.n_tsa, f.tsa_named, &stamp) != OK) {
        return COMMAND_USAGE;
    }
    f.trust.at = stamp.facts.why == STAMP_GOOD ? stamp.facts.at : (struct instant){0};
    enum err e = f.trust.n_certs > 0 && verify_is_outside(args->rq, f.signature)
                     ? verify_outside(args->rq, f.bundle, f.signature, &f.trust, &r)
                     : verify_document(args->rq, f.bundle, f.signature, f.ca, &r);
    if (e != OK) {
        return COMMAND_USAGE;
    }
    verify_stamp_lines(&stamp, &r);
    if (f.is_opinion) {
        verify_add(&r, consilium_whole_text, f.is_whole, "its form was changed");
    }
    buf_init(&b, args->rq->a, 65536);
    verify_write(&b, &r);
    command_print(buf_get(&b));
    return r.good ? COMMAND_OK : COMMAND_FAILED;
}

static void colons(struct buf *b, const char *hex)
{
    for (size_t i = 0; hex[i] != 0; i++) {
        if (i > 0 && i % 2 == 0) {
            buf_char(b, ':');
        }
        buf_char(b, (char)(hex[i] >= 'a' ? hex[i] - 'a' + 'A' : hex[i]));
    }
}

static enum err ca_text(struct req *rq, const char *path, struct buf *b)
{
    struct str file;
    struct str der;
    struct str pem;
    struct cert_facts f;
    TRY(command_read_file(rq, path, VERIFY_FILE_MAX, &file));
    TRY(cert_unpem(rq, file, &der));
    TRY(cert_read(rq, der, &f));
    TRY(cert_pem(rq, der, &pem));
    BUF_LIT(b, "authority    ");
    buf_str(b, f.subject.common_name);
    BUF_LIT(b, "\norganisation ");
    buf_str(b, f.subject.organization);
    BUF_LIT(b, "\nvalid from   ");
    instant_write(b, f.from);
    BUF_LIT(b, "\nvalid until  ");
    instant_write(b, f.until);
    BUF_LIT(b, "\nSHA-256      ");
    colons(b, f.fingerprint);
    buf_char(b, '\n');
    buf_str(b, pem);
    return OK;
}

int command_ca_show(struct command_args *args)
{
    char path[OS_PATH_MAX];
    struct buf b;
    buf_init(&b, args->rq->a, 65536);
    if (os_path(args->rq, args->config->data, S("ca/ca.pem"), path) != OK ||
        ca_text(args->rq, path, &b) != OK) {
        return COMMAND_FAILED;
    }
    command_print(buf_get(&b));
    return COMMAND_OK;
}
