/* app/cage.c - what the server may reach once it has read its settings: os/cage.h. */
#include "app/app.h"
#include "os/cage.h"
#include "os/child.h"
#include "os/file.h"
#include "os/log.h"

enum { PATHS_MAX = 96 };

struct reach {
    struct os_cage_path v[PATHS_MAX];
    size_t n;
};

/* More than fit are none: the server says then that it cannot open them. */
static void add(struct reach *r, struct str path, enum os_cage_use use)
{
    if (path.n > 0 && r->n < PATHS_MAX) {
        r->v[r->n++] = (struct os_cage_path){path, use};
    }
}

/* The folder a file lies in, for a file is renewed by another in its place. Of one right below the root,
 * and of a name alone: itself. */
static struct str folder_of(struct str path)
{
    size_t n = path.n;
    while (n > 0 && path.p[n - 1] != '/') {
        n--;
    }
    return n > 1 ? str_sub(path, 0, n) : path;
}

static void add_files(struct reach *r, struct str list, enum os_cage_use use)
{
    struct str one;
    while (list.n > 0 && str_cut(&list, ',', &one)) {
        one = str_trim(one);
        bool named = str_find_char(one, '/') < one.n;
        if (named || use == OS_CAGE_READ) { /* programs by their names lie where programs lie */
            add(r, named ? folder_of(one) : one, use);
        }
    }
}

static enum err reach_of(struct req *rq, const struct config *c, struct reach *r)
{
    const struct str read[] = {c->tls_certificate, c->tls_key, c->oidc_ca, c->oidc_roles, c->hook_ca,
                               c->notify_ca, c->smtp_password_file, c->sms_secret_file,
                               c->telegram_token_file, c->media_servers};
    const struct str run[] = {c->jpeg_decoder, c->recorder};
    struct str content = c->content;
    char *own = arena_alloc_raw(rq->a, OS_PATH_MAX);
    TRY_MEM(rq, own);
    if (content.n == 0) {
        TRY(app_folder(rq, "content", &content));
    }
    TRY(os_program_folder(rq, own));
    add(r, c->data, OS_CAGE_WRITE);
    add(r, c->recordings, OS_CAGE_WRITE);
    add(r, c->signature_lists, OS_CAGE_WRITE);
    add(r, c->signature_roots, OS_CAGE_READ);
    add(r, c->stamp_roots, OS_CAGE_READ);
    add(r, content, OS_CAGE_READ);
    add(r, str_z(own), OS_CAGE_RUN);
    for (size_t i = 0; i < LEN(read); i++) {
        add_files(r, read[i], OS_CAGE_READ);
    }
    for (size_t i = 0; i < LEN(run); i++) {
        add_files(r, run[i], OS_CAGE_RUN);
    }
    if (config_listens_on_path(c)) { /* the socket is made, and removed at the end */
        add(r, folder_of(str_sub(c->listen, 5, c->listen.n)), OS_CAGE_WRITE);
    }
    return OK;
}

enum err app_cage(struct req *rq, const struct config *c)
{
    struct os_cage_can can = os_cage_can();
    struct reach *r = ARENA_NEW(rq->a, struct reach);
    TRY_MEM(rq, r);
    if (!c->cage) {
        LOG(LOG_CAGE, log_u64(0), log_u64(0));
        return OK;
    }
    TRY(app_become_owner(rq, c));
    const char *data = arena_cstr(rq->a, c->data);
    TRY_MEM(rq, data);
    TRY(os_mkdir(rq, data)); /* or it could not be named */
    TRY(reach_of(rq, c, r));
    TRY(os_cage_enter(rq, r->v, r->n));
    LOG(LOG_CAGE, log_u64(can.files), log_u64(can.calls));
    return OK;
}
