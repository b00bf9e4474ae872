/* app/config_look.c - what this machine says of the settings. See config_check.h. */
#include "app/config_check.h"

#include "app/app.h"
#include "care/content.h"
#include "care/provider_map.h"
#include "codec/url.h"
#include "http/tls.h"
#include "os/child.h"
#include "os/file.h"
#include "os/socket.h"
#include "os/zone.h"

enum { OTHERS = 07, OTHERS_READ = 04, TEXT_MAX = 1200, APP_CAP = 64 << 20 };

struct look {
    struct req *rq;
    const struct config *c;
    struct config_issues *issues;
};

/* "FILE ...": what is wrong with a file a setting names. */
static enum err say(struct look *l, enum config_weight weight, struct str key, struct str file,
                    struct str words)
{
    struct buf b;
    buf_init(&b, l->rq->a, TEXT_MAX);
    buf_str(&b, file);
    buf_char(&b, ' ');
    buf_str(&b, words);
    TRY_MEM(l->rq, buf_ok(&b) ? b.p : NULL);
    config_issue_add(l->issues, l->c, weight, key, buf_get(&b));
    return OK;
}

enum kind {
    FILE_SECRET, /* nobody but the server's user and its group may read it */
    FILE_PLAIN,
    FOLDER,
    EITHER, /* a file or a folder */
};

static enum err look_at(struct look *l, struct str key, struct str file, enum kind kind)
{
    CLEANUP(os_close_p) int fd = -1;
    struct os_rights rights;
    const char *path = arena_cstr(l->rq->a, file);
    TRY_MEM(l->rq, path);
    enum err e = os_rights_of(l->rq, path, &rights);
    err_clear(l->rq);
    if (e != OK) {
        return say(l, CONFIG_WRONG, key, file,
                   e == E_NOT_FOUND ? S("is not there: make it, or correct the path")
                                    : S("cannot be reached: the user of the server must be let "
                                        "into its folder"));
    }
    if (kind != EITHER && rights.is_folder != (kind == FOLDER)) {
        return say(l, CONFIG_WRONG, key, file,
                   kind == FOLDER ? S("is no folder") : S("is a folder, not a file"));
    }
    if (os_open_read(l->rq, path, &fd) != OK) {
        err_clear(l->rq);
        return say(l, CONFIG_WRONG, key, file,
                   S("cannot be read by this user: chown it to the user of the "
                     "server, or to its group with chmod 640"));
    }
    if (kind == FILE_SECRET && (rights.mode & OTHERS) != 0) {
        return say(l, CONFIG_WRONG, key, file,
                   S("holds a secret and is readable by others: chmod 600, or 640 with "
                     "the group of the server"));
    }
    return OK;
}

static enum err look_at_each(struct look *l, struct str key, struct str list, enum kind kind)
{
    struct str one;
    while (list.n > 0 && str_cut(&list, ',', &one)) {
        one = str_trim(one);
        if (one.n > 0) {
            TRY(look_at(l, key, one, kind));
        }
    }
    return OK;
}

static enum err files(struct look *l)
{
    const struct config *c = l->c;
    const struct {
        struct str key;
        struct str file;
        enum kind kind;
    } rows[] = {
        {S("tls_certificate"), c->tls_certificate, FILE_PLAIN},
        {S("tls_key"), c->tls_key, FILE_SECRET},
        {S("content"), c->content, FOLDER},
        {S("media_servers"), c->media_servers, FILE_SECRET},
        {S("recordings"), c->recordings, FOLDER},
        {S("hook_ca"), c->hook_ca, FILE_PLAIN},
        {S("smtp_password_file"), c->smtp_password_file, FILE_SECRET},
        {S("sms_secret_file"), c->sms_secret_file, FILE_SECRET},
        {S("telegram_token_file"), c->telegram_token_file, FILE_SECRET},
        {S("notify_ca"), c->notify_ca, FILE_PLAIN},
        {S("signature_roots"), c->signature_roots, EITHER},
        {S("signature_lists"), c->signature_lists, FOLDER},
        {S("stamp_roots"), c->stamp_roots, EITHER},
        {S("backup_password_file"), c->backup_password_file, FILE_SECRET},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        TRY(look_at_each(l, rows[i].key, rows[i].file, rows[i].kind));
    }
    return OK;
}

static bool is_readable(struct look *l, const char *path)
{
    CLEANUP(os_close_p) int fd = -1;
    bool fine = os_open_read(l->rq, path, &fd) == OK;
    err_clear(l->rq);
    return fine;
}

/* Certificate and key, once both files can be read: files() says of each why it cannot. */
static enum err certificate(struct look *l)
{
    enum { SOON_DAYS = 14 };
    const struct config *c = l->c;
    struct tls_facts f;
    struct url base = {0};
    const char *cert = arena_cstr(l->rq->a, c->tls_certificate);
    const char *key = arena_cstr(l->rq->a, c->tls_key);
    TRY_MEM(l->rq, cert);
    TRY_MEM(l->rq, key);
    if (!config_has_tls(c) || !is_readable(l, cert) || !is_readable(l, key)) {
        return OK;
    }
    struct str host = c->base_url.n > 0 && url_split(c->base_url, &base) ? base.host : S("");
    TRY(tls_look(l->rq, cert, key, host, &f));
    bool of_key = tls_fault_is_of_key(f.fault);
    if (f.fault != TLS_FINE) {
        TRY(say(l, CONFIG_WRONG, of_key ? S("tls_key") : S("tls_certificate"),
                of_key ? c->tls_key : c->tls_certificate, tls_fault_words(f.fault)));
    } else if (f.until.ms - l->rq->now.ms < SOON_DAYS * MS_DAY) {
        TRY(say(l, CONFIG_ADVICE, S("tls_certificate"), c->tls_certificate,
                S("ends within two weeks: renew it (certbot renew), then systemctl reload consilium")));
    }
    if (tls_can_serve(f.fault) && f.other_host) {
        TRY(say(l, CONFIG_WRONG, S("tls_certificate"), c->tls_certificate,
                S("is not for the host of base_url: browsers refuse it")));
    }
    if (tls_can_serve(f.fault) && f.is_alone) {
        TRY(say(l, CONFIG_ADVICE, S("tls_certificate"), c->tls_certificate,
                S("holds none of the certificates between it and its authority: many telephones refuse it; "
                  "name fullchain.pem")));
    }
    return OK;
}

/* The configuration file itself: nobody else reads it when a secret stands in
 * it, nobody else ever writes it. */
static enum err own_file(struct look *l)
{
    enum { OTHERS_WRITE = 02, NAME = 1000 };
    struct os_rights rights;
    const char *path = arena_cstr(l->rq->a, l->c->file);
    bool secret = false;
    if (l->c->file.n == 0) {
        return OK;
    }
    TRY_MEM(l->rq, path);
    TRY(os_rights_of(l->rq, path, &rights));
    for (size_t i = 0; i < CONFIG_COUNT; i++) {
        struct config_row row;
        TRY(config_row(l->rq, l->c, i, &row));
        secret = secret || (row.is_hidden && row.at.origin == CONFIG_FILE);
    }
    if ((rights.mode & OTHERS_WRITE) != 0) {
        TRY(say(l, CONFIG_WRONG, S(""), l->c->file, S("can be changed by anybody: chmod 640")));
    } else if (secret && (rights.mode & OTHERS_READ) != 0) {
        TRY(say(l, CONFIG_WRONG, S(""), l->c->file,
                S("holds a secret and is readable by others: chmod 640, with the "
                  "group of the server")));
    }
    return OK;
}

/* The folder that holds everything: made by `init`, shut to others.
 * *ret_serves: a server holds it now. */
static enum err data_folder(struct look *l, bool *ret_serves)
{
    CLEANUP(os_close_p) int hold = -1;
    struct os_rights rights;
    char path[OS_PATH_MAX];
    struct str data = l->c->data;
    const char *dir = arena_cstr(l->rq->a, data);
    TRY_MEM(l->rq, dir);
    enum err e = os_rights_of(l->rq, dir, &rights);
    err_clear(l->rq);
    if (e != OK) {
        return say(l, CONFIG_ADVICE, S("data"), data,
                   S("is not there yet: consilium init makes it"));
    }
    if (!rights.is_folder) {
        return say(l, CONFIG_WRONG, S("data"), data, S("is no folder"));
    }
    if ((rights.mode & OTHERS) != 0) {
        TRY(say(l, CONFIG_WRONG, S("data"), data, S("can be looked into by others: chmod 700")));
    }
    TRY(os_path(l->rq, data, S("server.lock"), path));
    if (os_exists(path)) {
        *ret_serves = os_hold(l->rq, path, &hold) == E_CONFLICT;
        err_clear(l->rq);
    }
    return OK;
}

static enum err port(struct look *l, struct str address, uint64_t number, struct str address_key,
                     struct str port_key)
{
    CLEANUP(os_close_p) int fd = -1;
    uint16_t got = 0;
    const char *z = arena_cstr(l->rq->a, address);
    TRY_MEM(l->rq, z);
    enum err e = os_listen(l->rq, z, (uint16_t)number, &fd, &got);
    err_clear(l->rq);
    switch (e == E_BAD_INPUT ? 1 : e == E_CONFLICT ? 2 : e != OK ? 3 : 0) {
    case 1:
        return say(l, CONFIG_WRONG, address_key, address,
                   S("is no numeric address: write it as 127.0.0.1 or ::1, or unix:/path for listen"));
    case 2:
        config_issue_add(l->issues, l->c, CONFIG_WRONG, port_key,
                         S("another program listens on this port: end it, or "
                           "choose another (ss -ltnp tells which it is)"));
        return OK;
    case 3:
        config_issue_add(l->issues, l->c, CONFIG_WRONG, port_key,
                         S("cannot be listened on: the address is not of this "
                           "machine, or ports below 1024 are not "
                           "for this user"));
        return OK;
    default: return OK;
    }
}

/* Where the socket of the proxy is made. */
static enum err socket_folder(struct look *l)
{
    struct str path = str_sub(l->c->listen, 5, l->c->listen.n);
    size_t n = path.n;
    while (n > 1 && path.p[n - 1] != '/') {
        n--;
    }
    return path.n > 0 && path.p[0] == '/'
               ? look_at(l, S("listen"), str_sub(path, 0, n), FOLDER)
               : say(l, CONFIG_WRONG, S("listen"), l->c->listen,
                     S("names no full path: write unix:/run/consilium/http"));
}

static enum err programs(struct look *l)
{
    const struct config *c = l->c;
    const struct {
        struct str key;
        struct str program;
        enum config_weight weight;
        bool wanted;
        struct str words;
    } rows[] = {
        {S("backup_program"), c->backup_program, CONFIG_WRONG, c->backup_to.n > 0,
         S("is not installed: apt-get install restic")},
        {S("jpeg_decoder"), c->jpeg_decoder, CONFIG_ADVICE, c->jpeg_decoder.n > 0,
         S("is not installed (apt-get install dcmtk): JPEG lossless and 12-bit "
           "JPEG images are kept, not drawn")},
        {S("recorder"), c->recorder, CONFIG_WRONG, c->recordings.n > 0,
         S("is not installed: apt-get install janus-tools")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *path = NULL;
        if (rows[i].wanted && os_program_find(l->rq, rows[i].program, &path) != OK) {
            err_clear(l->rq);
            TRY(say(l, rows[i].weight, rows[i].key, rows[i].program, rows[i].words));
        }
    }
    return OK;
}

/* A failure of this is what is wrong with a setting. */
static enum err say_failure(struct look *l, struct str key, enum err e)
{
    if (e == OK) {
        return OK;
    }
    struct str why = arena_str(l->rq->a, str_z(l->rq->err.detail));
    err_clear(l->rq);
    TRY_MEM(l->rq, why.p);
    config_issue_add(l->issues, l->c, CONFIG_WRONG, key, why);
    return OK;
}

/* Roles that an identity provider gives: the lines, the codes of roles, and where the data folder is
 * there the organisations and services. */
static enum err provider_roles(struct look *l, const struct content *content)
{
    const struct config *c = l->c;
    struct provider_map map = {.n = 0};
    char path[OS_PATH_MAX];
    struct req own;
    struct app app;
    if (c->oidc_roles.n == 0) {
        return OK;
    }
    enum err e = provider_roles_file(l->rq, c->oidc_roles, content, &map);
    if (e != OK) {
        return say_failure(l, S("oidc_roles"), e);
    }
    TRY(os_path(l->rq, c->data, S("consilium.db"), path));
    if (c->oidc_issuer.n == 0 || !os_exists(path)) {
        return OK;
    }
    req_init(&own, APP_CAP, l->rq->now);
    e = app_open(&own, c, true, &app);
    if (e == OK) { /* else the commands for that say why */
        e = app_provider_roles(&own, &app);
        if (e != OK) {
            l->rq->err = own.err;
            e = say_failure(l, S("oidc_roles"), e);
        }
    } else {
        e = OK;
    }
    app_close(&own, &app);
    req_done(&own);
    return e;
}

/* The clinical content, and the policy profile of it that is named. */
static enum err content(struct look *l)
{
    const struct config *c = l->c;
    struct content *content = NULL;
    struct str dir = c->content;
    enum err e = dir.n > 0 ? OK : app_folder(l->rq, "content", &dir);
    if (e == OK) {
        e = content_load(l->rq, dir, &content);
    }
    if (e != OK) {
        struct str why = arena_str(l->rq->a, str_z(l->rq->err.detail));
        err_clear(l->rq);
        TRY_MEM(l->rq, why.p);
        return say(l, CONFIG_WRONG, S("content"), S("cannot be used:"), why);
    }
    bool known = c->policy.n == 0 || content_policy(content, c->policy) != NULL;
    e = provider_roles(l, content);
    content_free(content);
    TRY(e);
    return known ? OK
                 : say(l, CONFIG_WRONG, S("policy"), c->policy,
                       S("is no profile of the folder content/policy"));
}

enum err config_look(struct req *rq, const struct config *c, struct config_issues *issues)
{
    struct look l = {rq, c, issues};
    bool serves = false;
    TRY(app_become_owner(rq, c)); /* what root may says nothing of the server */
    TRY(own_file(&l));
    TRY(files(&l));
    TRY(certificate(&l));
    TRY(content(&l));
    if (!os_zone_known(c->time_zone)) {
        TRY(say(&l, CONFIG_WRONG, S("time_zone"), c->time_zone,
                S("is no zone this machine knows: Asia/Almaty, or 300 for minutes east of UTC; "
                  "zones come with Debian's tzdata")));
    }
    TRY(data_folder(&l, &serves));
    TRY(programs(&l));
    if (serves) {
        return OK; /* the ports are its own */
    }
    if (config_listens_on_path(c)) {
        TRY(socket_folder(&l));
    } else if (c->port != 0) {
        TRY(port(&l, c->listen, c->port, S("listen"), S("port")));
    }
    return c->dicom_port != 0
               ? port(&l, c->dicom_listen, c->dicom_port, S("dicom_listen"), S("dicom_port"))
               : OK;
}
